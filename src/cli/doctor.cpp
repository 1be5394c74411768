// plugboard doctor: what works here, and how a command will be reached.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "cli/checkup.h"
#include "cli/failure.h"
#include "cli/host.h"
#include "cli/installation.h"
#include "cli/output.h"
#include "cli/reach.h"
#include "cli/subcommands.h"
#include "cli/trial_board.h"

namespace plugboard::cli {
namespace {

using nlohmann::json;
using Verdict = Check::Verdict;
using Way = Reach::Way;

constexpr const char* doctor_footer =
    "Without CMD: starts a board and a program on it, and looks at what they need: the "
    "installation, system calls,\n"
    "folders, limits.\n"
    "With CMD: through which files it is started (a script's interpreter, what env starts), and "
    "whether the preload\n"
    "library reaches the last of them. It is not started.\n"
    "\n"
    "Examples:\n"
    "  plugboard doctor\n"
    "  plugboard doctor --json                    # for a bug report\n"
    "  plugboard doctor -- ./my-compositor --drm  # why did no process of it open a device?\n"
    "\n"
    "Exit status: 0 when everything works, 1 otherwise; a warning is no failure.";

struct DoctorOptions {
    std::vector<std::string> command;
    bool json = false, is_trial = false;
};

const char* name_of(Way way) {
    switch (way) {
        case Way::Preload: return "preload";
        case Way::Loader: return "loader";
        case Way::Partly: return "partly";
        case Way::NotAtAll: return "not at all";
        case Way::Refused: return "refused";
        case Way::NotFound: return "not found";
    }
    return "";
}

Check check_of(const Reach& reach) {
    switch (reach.way) {
        case Way::Preload:
            return {"reach", Verdict::Ok,
                    fmt::format("by LD_PRELOAD{}; but for raw system calls, if it makes any",
                                reach.sanitizer.empty()
                                    ? ""
                                    : fmt::format(", {} before the shim", reach.sanitizer))};
        case Way::Loader:
        case Way::Partly: return {"reach", Verdict::Warning, reach.obstacle, reach.remedy};
        case Way::NotAtAll:
        case Way::Refused:
        case Way::NotFound: break;
    }
    return {"reach", Verdict::Failure, reach.obstacle, reach.remedy};
}

/// The exit status.
int tell(const std::vector<Check>& checks, json answer, const DoctorOptions& options) {
    const bool works = all_works(checks);
    if (options.json) {
        answer["plugboard"] = PLUGBOARD_VERSION;
        answer["ok"] = works;
        answer["checks"] = checks_json(checks);
        print_output(answer.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
    } else {
        print_output(checks_text(checks, STDOUT_FILENO));
    }
    return static_cast<int>(works ? Exit::Ok : Exit::Failed);
}

int look_at_command(const DoctorOptions& options) {
    std::vector<Check> checks;
    Installation installation;
    try {
        installation = find_installation();
    } catch (const Failure& failure) {
        checks.push_back({"installation", Verdict::Failure, failure.what(), failure.remedy()});
        return tell(checks, json::object(), options);
    }
    const Reach reach = find_reach(options.command, installation.shim);
    checks.push_back(
        {"files", Verdict::Ok,
         reach.files.empty() ? "none" : fmt::format("{}", fmt::join(reach.files, " -> "))});
    checks.push_back(check_of(reach));
    if (reach.way == Way::Loader)
        checks.push_back({"starts", Verdict::Ok, fmt::format("{}", fmt::join(reach.command, " "))});
    const json answer = {{"files", reach.files},
                         {"way", name_of(reach.way)},
                         {"sanitizer", reach.sanitizer},
                         {"starts", reach.command}};
    return tell(checks, answer, options);
}

int look_around(const DoctorOptions& options) {
    std::vector<Check> checks = judge(look_at_host());
    for (Check& check : try_board()) checks.push_back(std::move(check));
    return tell(checks, json::object(), options);
}

int examine(const DoctorOptions& options) {
    if (options.is_trial) return open_first_card();
    return options.command.empty() ? look_around(options) : look_at_command(options);
}

}  // namespace

void add_doctor(CLI::App& app, const std::vector<std::string>& after_dashes, Action& action) {
    auto options = std::make_shared<DoctorOptions>();
    CLI::App* command =
        app.add_subcommand("doctor", "Say what works here, or how a command will be reached");
    command->footer(doctor_footer);
    command->add_flag("--json", options->json, "The same as JSON");
    command->add_flag(trial_option, options->is_trial)->group("");  // for itself
    command->prefix_command();
    command->callback([options, command, after_dashes, &action] {
        options->command = command->remaining();  // CMD without dashes before it
        if (!options->command.empty() && options->command.front().starts_with("-"))
            throw CLI::ExtrasError(options->command);
        options->command.insert(options->command.end(), after_dashes.begin(), after_dashes.end());
        action = [options] { return examine(*options); };
    });
}

}  // namespace plugboard::cli
