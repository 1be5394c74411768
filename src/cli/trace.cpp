// plugboard trace: says what the clients of a board ask of its cards, from now on.
#include <filesystem>

#include "cli/card_command.h"
#include "cli/output.h"

namespace plugboard::cli {

void add_trace(CLI::App& app, Action& action) {
    struct Options {
        std::string board, action, file;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("trace", "Print each ioctl on a board, from now on");
    command->footer(
        "Example:\n"
        "  plugboard trace on -b ci --file /tmp/trace\n"
        "  plugboard run -b ci -- ./test-1\n"
        "  plugboard trace off -b ci                    # prints who made how many, of which kind\n"
        "A line: seconds since the board's start, client[pid], node, ioctl, what it asks -> what "
        "it "
        "is answered,\n"
        "= the result (its time): the reason of a refusal. plugboard run --trace does it for a "
        "whole run.");
    command->add_option("ACTION", options->action, "on or off")
        ->required()
        ->check(CLI::IsMember({"on", "off"}));
    command->add_option("--file", options->file, "Where to; without it: the board's own log");
    add_board_option(*command, options->board);
    command->callback([options, &action] {
        action = [options] {
            const std::string directory = find_board(options->board);
            if (options->action == "off") {
                const auto answer = ask_board(directory, {{"op", "trace"}, {"on", false}});
                print_output(answer.body.value("summary", ""));
                return 0;
            }
            const std::string file =
                options->file.empty() ? "" : std::filesystem::absolute(options->file).string();
            ask_board(directory, {{"op", "trace"}, {"on", true}, {"file", file}});
            return 0;
        };
    });
}

}  // namespace plugboard::cli
