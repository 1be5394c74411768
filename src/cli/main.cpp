// plugboard: virtual DRM cards for unmodified clients.
#include <fmt/format.h>
#include <string.h>
#include <CLI/CLI.hpp>

#include <exception>
#include <string>
#include <vector>

#include "cli/failure.h"
#include "cli/output.h"
#include "cli/subcommands.h"

namespace plugboard::cli {
namespace {

constexpr int usage_status = 2;

/// What a command line was, as far as main() looks at it.
struct CommandLine {
    std::vector<std::string> options;  // before the first "--", without the program's name
    std::vector<std::string> command;  // after it
    /// Whether statuses below 125 are not plugboard's own.
    bool is_run() const {
        return !options.empty() && (options.front() == "run" || options.front() == "scenario");
    }
};

CommandLine split(int argc, char** argv) {
    CommandLine line;
    int i = 1;
    for (; i < argc && strcmp(argv[i], "--") != 0; ++i) line.options.emplace_back(argv[i]);
    for (++i; i < argc; ++i) line.command.emplace_back(argv[i]);
    return line;
}

/// The first word, where a subcommand should be.
bool has_unknown_command(const CLI::App& app, const CommandLine& line) {
    if (line.options.empty() || line.options.front().starts_with("-")) return false;
    const auto is_it = [&](const CLI::App* one) { return one->get_name() == line.options.front(); };
    return app.get_subcommands(is_it).empty();
}

int report_usage(const CLI::App& app, const CLI::ParseError& error, const CommandLine& line) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    if (has_unknown_command(app, line)) {
        const std::string& word = line.options.front();
        print_error(fmt::format("there is no command \"{}\"", word),
                    fmt::format("plugboard --help lists them; a program is started by: plugboard "
                                "run -- {}",
                                word));
        return usage_status;
    }
    std::string command = "plugboard";
    for (const CLI::App* parsed : app.get_subcommands()) command += " " + parsed->get_name();
    print_error(error.what(), command + " --help has the options and examples");
    return line.is_run() ? static_cast<int>(Exit::Plugboard) : usage_status;
}

/// The status, unless what was printed did not get out.
int checked_output(int status) {
    if (flush_output()) return status;
    print_error("standard output cannot be written", "see whether its disk is full");
    return status != 0 ? status : static_cast<int>(Exit::Failed);
}

int run_main(int argc, char** argv) {
    CLI::App app("Virtual DRM cards that can be plugged and pulled, for unmodified programs.");
    app.name("plugboard");
    app.set_version_flag("--version", std::string("plugboard ") + PLUGBOARD_VERSION);
    app.require_subcommand(1);
    app.footer(
        "Example:\n"
        "  plugboard run -- modetest -M vkms\n"
        "  plugboard run -- bash        # look around; then plugboard status, unplug gpu0, plug "
        "gpu0\n"
        "Inside a run the other commands find its board by themselves; from elsewhere name it by "
        "-b.\n"
        "plugboard COMMAND --help teaches each one; plugboard doctor says what works here.");
    const CommandLine line = split(argc, argv);
    Action action;
    add_run(app, line.command, action);
    add_scenario(app, line.command, action);
    add_up(app, action);
    add_down(app, action);
    add_ls(app, action);
    add_env(app, action);
    add_status(app, action);
    add_plug(app, action);
    add_unplug(app, action);
    add_set(app, action);
    add_fault(app, action);
    add_bind(app, action);
    add_unbind(app, action);
    add_seat(app, action);
    add_trace(app, action);
    add_screenshot(app, action);
    add_wait(app, action);
    add_step(app, action);
    add_config(app, action);
    add_explain(app, action);
    add_doctor(app, line.command, action);
    try {
        auto reversed = line.options;  // as CLI11 wants it
        std::reverse(reversed.begin(), reversed.end());
        app.parse(reversed);
        return action();
    } catch (const CLI::ParseError& error) {
        return report_usage(app, error, line);
    } catch (const Failure& failure) {
        print_error(failure.what(), failure.remedy());
        return static_cast<int>(failure.exit());
    } catch (const std::exception& error) {
        print_error(error.what(), "this is a bug of plugboard's: please report it");
        return static_cast<int>(line.is_run() ? Exit::Plugboard : Exit::Failed);
    }
}

}  // namespace
}  // namespace plugboard::cli

int main(int argc, char** argv) {
    return plugboard::cli::checked_output(plugboard::cli::run_main(argc, argv));
}
