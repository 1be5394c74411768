#include "examples/serial_line/port.h"

#include <fcntl.h>
#include <termios.h>

namespace plugboard::serial {

Result<Port> Port::create(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!fd.is_open()) return last_error();
    termios settings{};
    if (tcgetattr(fd.borrow(), &settings) != 0) return last_error();
    cfmakeraw(&settings);
    if (tcsetattr(fd.borrow(), TCSANOW, &settings) != 0) return last_error();
    return Port(std::move(fd));
}

}  // namespace plugboard::serial
