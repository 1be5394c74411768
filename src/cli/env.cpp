// plugboard env: the exports that put a shell on a board.
#include <fmt/format.h>
#include <unistd.h>

#include <map>

#include "cli/card_command.h"
#include "cli/failure.h"
#include "cli/installation.h"
#include "cli/output.h"
#include "cli/run_environment.h"
#include "cli/shell_text.h"

namespace plugboard::cli {
namespace {

int print_exports(const std::string& board, Shell shell) {
    const std::string directory = find_board(board);
    for (const auto& [name, value] : run_environment(find_installation(), directory))
        print_output(export_line(shell, name, value));
    if (isatty(STDOUT_FILENO) == 1) {
        print_note(shell == Shell::Fish
                       ? "To put this shell on it: plugboard env --shell fish | source"
                       : "To put this shell on it: eval \"$(plugboard env)\"");
    }
    return 0;
}

}  // namespace

void add_env(CLI::App& app, Action& action) {
    struct Options {
        std::string board;
        Shell shell = Shell::Sh;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("env", "Print the exports that put a shell on a board");
    command->footer(
        "What the shell starts from then on is on the board, as under plugboard run; the shell "
        "itself is not.\n"
        "Other preloads and the rest of PATH are kept.\n"
        "\n"
        "Examples:\n"
        "  plugboard up -b ci; eval \"$(plugboard env -b ci)\"; modetest -M vkms\n"
        "  plugboard env -b ci --shell fish | source\n"
        "A CI step is a shell of its own: evaluate it in each step that needs the board, or use "
        "plugboard run -b ci.");
    add_board_option(*command, options->board);
    command->add_option("--shell", options->shell, "sh (bash, dash, zsh: the same) or fish")
        ->transform(CLI::CheckedTransformer(
            std::map<std::string, Shell>{{"sh", Shell::Sh}, {"fish", Shell::Fish}}));
    command->callback([options, &action] {
        action = [options] { return print_exports(options->board, options->shell); };
    });
}

}  // namespace plugboard::cli
