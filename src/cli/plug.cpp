// plugboard plug: a new card into an empty slot, or a screen into a connector.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/card_command.h"
#include "cli/failure.h"
#include "daemon/monitors.h"

namespace plugboard::cli {
namespace {

struct Options {
    std::string board, target, edid, monitor, mode;
};

constexpr size_t max_edid = 32640;  // 255 blocks

std::string hex_of_file(const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
        throw Failure(fmt::format("{} is a folder", path), "name a file with an EDID");
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file)
        throw Failure(fmt::format("{} cannot be read", path), "check the path and its permissions");
    if (bytes.size() > max_edid)
        throw Failure(fmt::format("{} has {} bytes", path, bytes.size()),
                      fmt::format("an EDID has at most {}", max_edid));
    std::string hex;
    for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return hex;
}

int plug(const Options& options) {
    nlohmann::json request = {{"op", "plug"}, {"target", options.target}};
    if (!options.edid.empty()) request["edid"] = hex_of_file(options.edid);
    if (!options.monitor.empty()) request["monitor"] = options.monitor;
    if (!options.mode.empty()) request["mode"] = options.mode;
    ask_board(find_board(options.board), request);
    return 0;
}

}  // namespace

void add_plug(CLI::App& app, Action& action) {
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
            "TARGET", options->target,
            "The connector: DP-1, gpu0/DP-1; or the card: gpu0, vkms, card0 while it lives")
        ->required();
    auto* edid =
        command->add_option("--edid", options->edid, "A screen with the EDID of this file");
    auto* monitor = command->add_option("--monitor", options->monitor, "One of the monitors below");
    auto* mode = command->add_option("--mode", options->mode,
                                     "A screen that prefers this mode, such as 1920x1080@60");
    edid->excludes(monitor)->excludes(mode);
    monitor->excludes(mode);
    add_board_option(*command, options->board);
    command->callback([options, &action] { action = [options] { return plug(*options); }; });
}

}  // namespace plugboard::cli
