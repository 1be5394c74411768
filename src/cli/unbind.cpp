// plugboard unbind: the driver off a device that stays.
#include "cli/card_command.h"

namespace plugboard::cli {

void add_unbind(CLI::App& app, Action& action) {
    add_card_command(
        app, action, "unbind", "Take the driver off a device; the device stays",
        "Example:\n"
        "  plugboard unbind gpu0      # /dev/dri/card0 is gone, /sys/devices/platform/vkms is not\n"
        "As writing the device's name to /sys/bus/platform/drivers/vkms/unbind.",
        no_timeout);
}

}  // namespace plugboard::cli
