#include "tests/system/board.h"

#include <cstdlib>

#include "tests/support/run.h"

namespace plugboard::tests {

std::string plugboard_command() {
    return PLUGBOARD_BINARY_DIR "/bin/plugboard";
}

std::string client_program(const std::string& name) {
    return PLUGBOARD_CLIENTS "/" + name;
}

std::string board_file(const std::string& name) {
    return PLUGBOARD_SOURCE_DIR "/tests/system/boards/" + name + ".toml";
}

}  // namespace plugboard::tests
