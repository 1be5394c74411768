// plugboard explain: who holds an object, and which loops nobody will break.

#include "cli/card_command.h"
#include "cli/failure.h"
#include "cli/output.h"

namespace plugboard::cli {
namespace {

int print_loops(const nlohmann::json& answer) {
    const auto loops = answer.value("loops", std::vector<std::string>());
    for (const std::string& loop : loops) print_output(loop + "\n");
    if (loops.empty()) print_output("no loop of references that nobody will break\n");
    return loops.empty() ? 0 : 1;
}

}  // namespace

void add_explain(CLI::App& app, Action& action) {
    struct Options {
        std::string board, object;
        bool loops = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("explain", "Say who holds an object and why");
    command->footer(
        "Example:\n"
        "  plugboard explain card0        # each holder of the card, with its reason\n"
        "  plugboard explain --loops      # reference loops that nobody will break; status 1 if "
        "there are any");
    command->add_option("OBJECT", options->object,
                        "Words of the object's label: card0, vkms, file 3");
    command->add_flag("--loops", options->loops, "Look for reference loops instead");
    add_board_option(*command, options->board);
    command->callback([options, &action] {
        if (options->object.empty() && !options->loops)
            throw CLI::RequiredError("an object, or --loops,");
        action = [options] {
            const std::string board = find_board(options->board);
            if (options->loops)
                return print_loops(ask_board(board, {{"op", "explain"}, {"loops", true}}).body);
            const auto answer = ask_board(board, {{"op", "explain"}, {"object", options->object}});
            print_output(answer.body.value("text", ""));
            return 0;
        };
    });
}

}  // namespace plugboard::cli
