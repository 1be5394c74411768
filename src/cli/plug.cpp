// plugboard plug: a new card into an empty slot, or a screen into a connector.
#include "cli/board_requests.h"
#include "cli/card_command.h"
#include "daemon/config/monitors.h"

namespace plugboard::cli {

void add_plug(CLI::App& app, Action& action) {
    struct Options {
        std::string board;
        PlugWords words;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand(
        "plug", "Plug a screen into a connector, or a new card into an empty slot");
    command->footer(
        "Examples:\n"
        "  plugboard plug DP-1                        # what was there last, or a usual monitor\n"
        "  plugboard plug DP-1 --monitor ultrawide    # another one, also without unplugging\n"
        "  plugboard plug gpu0/HDMI-A-1 --mode 1280x720@60\n"
        "  plugboard plug DP-1 --edid broken.bin      # the bytes as they are\n"
        "  plugboard unplug gpu0; plugboard plug gpu0\n"
        "\n"
        "Monitors:\n" +
        daemon::monitor_lines() +
        "\n"
        "Clients hear of a screen by the card's uevent HOTPLUG=1; what is on stays on until they "
        "change it.\n"
        "A slot keeps its name and configuration; the card is a new one: new nodes, no open files, "
        "the configured screens.\n"
        "Programs that have the old card open go on seeing ENODEV.");
    command
        ->add_option(
            "TARGET", options->words.target,
            "The connector: DP-1, gpu0/DP-1; or the card: gpu0, vkms, card0 while it lives")
        ->required();
    auto* edid =
        command->add_option("--edid", options->words.edid, "A screen with the EDID of this file");
    auto* monitor =
        command->add_option("--monitor", options->words.monitor, "One of the monitors below");
    auto* mode = command->add_option("--mode", options->words.mode,
                                     "A screen that prefers this mode, such as 1920x1080@60");
    edid->excludes(monitor)->excludes(mode);
    monitor->excludes(mode);
    add_board_option(*command, options->board);
    command->callback([options, &action] {
        action = [options] {
            ask_board(find_board(options->board), plug_request(options->words));
            return 0;
        };
    });
}

}  // namespace plugboard::cli
