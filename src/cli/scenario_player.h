// Carries out a scenario's steps on the board of a run.
#pragma once

#include "cli/followed_run.h"
#include "cli/scenario_file.h"
#include "cli/step_report.h"

namespace plugboard::cli {

class ScenarioPlayer {
  public:
    /// Both outlive it; the run has started. `command` is its name.
    ScenarioPlayer(const Scenario& scenario, FollowedRun& run, std::string command)
        : scenario_(scenario), run_(run), command_(std::move(command)) {}

    /// In their order, each once.
    StepResult play(size_t index);

  private:
    using Time = FollowedRun::Time;

    void carry_out(const Step& step);
    void perform(const BoardAction& action);
    void perform(const CommandSignal& signal);
    void perform(const BoardExpectation& expectation);
    void perform(const PictureExpectation& expectation);
    void perform(const ExitExpectation& expectation);

    /// Whether this step goes on though the command has ended.
    bool bears_end() const;
    /// Throws Failure: the command has ended too early.
    void check_command() const;
    /// Sleeps; see FollowedRun::wait. Throws Failure when the scenario is at its end.
    FollowedRun::News wait(int socket, std::optional<Time> deadline);
    /// How the picture differs; empty: it does not.
    std::string difference(const PictureExpectation& expectation, Time deadline);
    Answer ask(const nlohmann::json& request, std::optional<Time> deadline);

    const Scenario& scenario_;
    FollowedRun& run_;
    const std::string command_;
    size_t index_ = 0;
    bool end_was_expected_ = false;  // by a step before
    Time begin_{};                   // of this step
};

}  // namespace plugboard::cli
