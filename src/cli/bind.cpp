// plugboard bind: the driver onto a device that has none.
#include "cli/card_command.h"

namespace plugboard::cli {

void add_bind(CLI::App& app, Action& action) {
    add_card_command(app, action, "bind", "Bind the driver to a device that was unbound",
                     "Example:\n"
                     "  plugboard unbind gpu0; plugboard bind gpu0\n"
                     "As writing the device's name to /sys/bus/platform/drivers/vkms/bind.");
}

}  // namespace plugboard::cli
