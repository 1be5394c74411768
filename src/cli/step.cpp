// plugboard step: moves a board whose time stands still.
#include <fmt/format.h>

#include <charconv>

#include "cli/board_requests.h"
#include "cli/card_command.h"
#include "cli/control_client.h"
#include "cli/duration.h"
#include "cli/failure.h"
#include "cli/output.h"

namespace plugboard::cli {
namespace {

constexpr const char* step_footer =
    "A board that was started with --step has a clock that stands still: no vblank comes, no flip\n"
    "is done, no fence expires until this command moves it. What was due has been told when it\n"
    "returns.\n"
    "\n"
    "Examples:\n"
    "  plugboard up -b slow --step\n"
    "  plugboard run -b slow -- modetest -M vkms -s 36:1024x768 -v &\n"
    "  plugboard step -b slow          # to the next vblank of any screen\n"
    "  plugboard step 60 -b slow       # sixty of them\n"
    "  plugboard step 500ms -b slow    # by a time, with all vblanks in it";

struct StepOptions {
    std::string board, how_far = "1";
    bool json = false;
};

int step_board(const StepOptions& options) {
    const std::string& text = options.how_far;
    uint64_t vblanks = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), vblanks);
    nlohmann::json request = {{"op", "step"}};
    if (error == std::errc{} && end == text.data() + text.size()) {
        request["vblanks"] = vblanks;
    } else if (const auto duration = parse_duration(text)) {
        request["ms"] = duration->count();
    } else {
        throw Failure(fmt::format("\"{}\" is neither a number of vblanks nor a time", text),
                      "write 60, 500ms or 2s");
    }
    const nlohmann::json body = ask_board(find_board(options.board), request, no_timeout).body;
    if (options.json) {
        print_output(body.dump(2) + "\n");
        return static_cast<int>(Exit::Ok);
    }
    for (const nlohmann::json& crtc : body.at("crtcs"))
        print_output(fmt::format("{} crtc-{}: vblank {}\n", crtc.at("card").get<std::string>(),
                                 crtc.at("crtc").get<uint32_t>(),
                                 crtc.at("sequence").get<uint64_t>()));
    return static_cast<int>(Exit::Ok);
}

}  // namespace

void add_step(CLI::App& app, Action& action) {
    auto options = std::make_shared<StepOptions>();
    CLI::App* command =
        app.add_subcommand("step", "Move a board whose time stands still, vblank by vblank");
    command->footer(step_footer);
    command->add_option("N", options->how_far, "How many vblanks, or a time: 500ms; 1 without it");
    command->add_flag("--json", options->json, "Say where the board is now, as JSON");
    add_board_option(*command, options->board);
    command->callback([options, &action] { action = [options] { return step_board(*options); }; });
}

}  // namespace plugboard::cli
