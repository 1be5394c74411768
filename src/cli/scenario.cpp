// plugboard scenario: plays the steps of a file on the board of a command, and reports them.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <fstream>
#include <memory>

#include "cli/failure.h"
#include "cli/output.h"
#include "cli/run_options.h"
#include "cli/scenario_player.h"
#include "cli/subcommands.h"

namespace plugboard::cli {
namespace {

using StepVerdict = StepResult::Verdict;

constexpr const char* scenario_footer =
    "FILE is TOML; each step does one thing, or expects one. docs/scenario.md has all keys.\n"
    "  [[step]]\n"
    "  expect = \"flips\"         # also mode, off, open, closed, uevent, screen, exit\n"
    "  on = \"DP-1\"\n"
    "  count = 10\n"
    "  within = \"30s\"           # 5s unless said\n"
    "  [[step]]\n"
    "  at = \"2s\"                # since CMD's start; without it: right after the step before\n"
    "  unplug = \"DP-1\"          # also plug, set, seat, signal\n"
    "  [[step]]\n"
    "  expect = \"screen\"\n"
    "  equals = \"reference.png\" # in FILE's folder, as plugboard screenshot writes it\n"
    "\n"
    "Examples:\n"
    "  plugboard scenario hotplug.toml -s DP-1=gaming -- ./my-compositor\n"
    "  plugboard scenario hotplug.toml --strict --junit report.xml -- ./my-compositor\n"
    "The first step that fails is the last; CMD is ended by SIGTERM after it. Standard output is "
    "TAP; what CMD prints\n"
    "goes to standard error.\n"
    "\n"
    "Exit status: 0 when all steps were ok; 1 when one was not; 128+n when signal n interrupted "
    "it; else, as for run,\n"
    "122 --require-open, 123 --check-leaks, 124 --timeout, 125 plugboard failed or FILE is wrong, "
    "126 and 127 CMD\n"
    "cannot be run. CMD's own status counts in a step: expect = \"exit\".";

struct ScenarioOptions {
    RunWords words;
    std::string file, junit;
};

/// Tells of each step as soon as it is over.
class Report {
  public:
    explicit Report(size_t steps) { say(tap_plan(steps)); }

    void add(StepResult result) {
        results_.push_back(std::move(result));
        say(tap_result(results_.size(), results_.back()));
    }
    const std::vector<StepResult>& results() const { return results_; }
    bool has_failed() const {
        return !results_.empty() && results_.back().verdict != StepVerdict::Ok;
    }

  private:
    static void say(const std::string& text) {
        print_output(text);
        flush_output();
    }
    std::vector<StepResult> results_;
};

void write_file(const std::string& file, const std::string& text) {
    std::ofstream stream(file);
    stream << text << std::flush;
    if (!stream)
        throw Failure(fmt::format("{} cannot be written", file), "check the folder and its space",
                      Exit::Plugboard);
}

/// Up to the first that fails; the rest is skipped.
void play_steps(const Scenario& scenario, FollowedRun& run, const std::string& command,
                Report& report) {
    ScenarioPlayer player(scenario, run, command);
    const bool has_started = run.wait_for_start();
    size_t failed = 0;
    for (size_t i = 0; i < scenario.steps.size(); ++i) {
        StepResult result{.name = scenario.steps[i].name,
                          .place = fmt::format("{}:{}", scenario.file, scenario.steps[i].line)};
        if (failed > 0) {
            result.verdict = StepVerdict::Skipped;
            result.problem = fmt::format("step {} has failed", failed);
        } else if (has_started) {
            result = player.play(i);
        } else {
            result.verdict = StepVerdict::Failed;
            result.problem = command + " was not started";
            result.remedy = "standard error says why";
        }
        if (result.verdict == StepVerdict::Failed) failed = i + 1;
        report.add(std::move(result));
    }
}

/// Those of run's own that say more than a step that failed: --timeout and what comes after it.
bool is_of_run(int status) {
    return status >= static_cast<int>(Exit::TimedOut) &&
           status < static_cast<int>(Exit::SignalBase);
}

int play_scenario(const ScenarioOptions& options, const RunOptions& run_options) {
    if (run_options.command.empty())
        throw Failure("CMD is missing", "write it after --: plugboard scenario FILE -- CMD",
                      Exit::Plugboard);
    const Scenario scenario = read_scenario(options.file);
    if (!options.junit.empty()) write_file(options.junit, "");  // or all would be in vain
    FollowedRun run(run_options);
    Report report(scenario.steps.size());
    play_steps(scenario, run, run_options.command.front(), report);
    const int run_status = run.finish();
    if (!options.junit.empty())
        write_file(options.junit, junit_document(options.file, report.results()));
    if (run.interruption()) return static_cast<int>(Exit::SignalBase) + *run.interruption();
    if (report.has_failed() && !is_of_run(run_status)) return static_cast<int>(Exit::Failed);
    return run_status;
}

}  // namespace

void add_scenario(CLI::App& app, const std::vector<std::string>& after_dashes, Action& action) {
    auto options = std::make_shared<ScenarioOptions>();
    CLI::App* command = app.add_subcommand(
        "scenario", "Play a file of steps on a command's board: plug, unplug, expect");
    command->footer(scenario_footer);
    command->add_option("FILE", options->file, "The steps, a TOML file")->required();
    command->add_option("--junit", options->junit,
                        "Write the results to this file too, as JUnit's XML");
    add_run_options(*command, options->words);
    command->callback([options, command, after_dashes, &action] {
        action = [options, run = run_options_of(options->words, *command, after_dashes)] {
            return play_scenario(*options, run);
        };
    });
}

}  // namespace plugboard::cli
