#include "daemon/config/problem.h"

#include <fmt/format.h>

namespace plugboard::daemon {

std::string Problem::headline() const {
    std::string text;
    if (!file.empty()) text += line > 0 ? fmt::format("{}:{}: ", file, line) : file + ": ";
    if (!key.empty()) text += key + ": ";
    return text + message;
}

}  // namespace plugboard::daemon
