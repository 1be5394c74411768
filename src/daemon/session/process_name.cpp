#include "daemon/session/process_name.h"

#include <fmt/format.h>

#include <fstream>

namespace plugboard::daemon {

std::string process_name(int pid) {
    std::string name;
    std::ifstream file(fmt::format("/proc/{}/comm", pid));
    std::getline(file, name);
    return name;
}

}  // namespace plugboard::daemon
