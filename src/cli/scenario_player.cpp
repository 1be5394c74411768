#include "cli/scenario_player.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>

#include "cli/board_requests.h"
#include "cli/failure.h"
#include "cli/process.h"
#include "cli/screen_picture.h"

namespace plugboard::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using News = FollowedRun::News;

/// How long what a command did at its end may be on its way.
constexpr milliseconds last_words{200};
/// Between two looks at a screen that does not flip.
constexpr milliseconds look_again{100};

milliseconds since(FollowedRun::Time begin) {
    return std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
}

}  // namespace

StepResult ScenarioPlayer::play(size_t index) {
    index_ = index;
    const Step& step = scenario_.steps[index];
    StepResult result{.name = step.name, .place = fmt::format("{}:{}", scenario_.file, step.line)};
    begin_ = Clock::now();
    try {
        carry_out(step);
    } catch (const Failure& failure) {
        result.verdict = StepResult::Verdict::Failed;
        result.problem = failure.what();
        result.remedy = failure.remedy();
    }
    result.took = since(begin_);
    return result;
}

void ScenarioPlayer::carry_out(const Step& step) {
    check_command();
    if (step.at) {
        while (wait(-1, run_.start() + *step.at) != News::Deadline) check_command();
    }
    begin_ = Clock::now();
    std::visit([this](const auto& what) { perform(what); }, step.what);
}

bool ScenarioPlayer::bears_end() const {
    if (end_was_expected_) return true;
    const auto& what = scenario_.steps[index_].what;
    if (std::holds_alternative<CommandSignal>(what)) return false;
    const auto* expectation = std::get_if<BoardExpectation>(&what);
    if (expectation != nullptr && expectation->needs_command) return false;
    return std::any_of(
        scenario_.steps.begin() + static_cast<ptrdiff_t>(index_), scenario_.steps.end(),
        [](const Step& step) { return std::holds_alternative<ExitExpectation>(step.what); });
}

void ScenarioPlayer::check_command() const {
    if (!run_.command_end() || bears_end()) return;
    throw Failure(
        fmt::format("{} is gone too early: {}", command_, describe_end(*run_.command_end())),
        "see what it said; where it is to end, write a step: expect = \"exit\"");
}

FollowedRun::News ScenarioPlayer::wait(int socket, std::optional<Time> deadline) {
    const News news = run_.wait(socket, deadline);
    if (news == News::Interrupted)
        throw Failure(fmt::format("interrupted: {}", strsignal(*run_.interruption())),
                      "run it again");
    if (news == News::Lost) throw Failure("the run has died", "please report what it said");
    return news;
}

Answer ScenarioPlayer::ask(const nlohmann::json& request, std::optional<Time> deadline) {
    const UniqueFd connection = send_request(run_.board(), request);
    for (;;) {
        switch (wait(connection.borrow(), deadline)) {
            case News::Answer: return receive_answer(connection.borrow());
            case News::Deadline:
                check_command();
                throw Failure("the board does not answer", "see its log, and plugboard status");
            default:
                if (std::holds_alternative<BoardAction>(scenario_.steps[index_].what)) break;
                if (!bears_end()) deadline = Clock::now() + last_words;
        }
    }
}

void ScenarioPlayer::perform(const BoardAction& action) {
    std::optional<Time> deadline;
    if (action.timeout) deadline = begin_ + *action.timeout;
    const Answer answer = ask(action.request, deadline);
    if (answer.body.contains("without_seat")) warn_of_others(answer.body);
}

void ScenarioPlayer::perform(const CommandSignal& signal) {
    run_.send_signal(signal.number);
}

void ScenarioPlayer::perform(const BoardExpectation& expectation) {
    const milliseconds within = scenario_.steps[index_].within;
    const Answer answer = ask(expectation.request, begin_ + within + answer_time);
    if (answer.body.value("timed_out", false))
        throw Failure("there is: " + answer.body.value("seen", "nothing"),
                      "see what the command said; give it more time by within = \"30s\"");
}

std::string ScenarioPlayer::difference(const PictureExpectation& expectation, Time deadline) {
    try {
        const Picture shot =
            picture_of(ask(screenshot_request(expectation.screen), deadline + answer_time));
        check_sizes(shot, expectation.reference, expectation.file);
        const PictureDiff diff = compare(shot, expectation.reference, expectation.tolerance);
        if (diff.pixels == 0) return {};
        return fmt::format("{}; the first at {},{}", describe(diff, expectation.tolerance),
                           diff.first_x, diff.first_y);
    } catch (const Failure& failure) {
        // A screen that is off has no picture yet.
        if (run_.interruption()) throw;
        return failure.what();
    }
}

void ScenarioPlayer::perform(const PictureExpectation& expectation) {
    const Time deadline = begin_ + scenario_.steps[index_].within;
    for (;;) {
        const std::string what = difference(expectation, deadline);
        if (what.empty()) return;
        check_command();
        const Time now = Clock::now();
        if (now >= deadline)
            throw Failure(
                what, "compare by hand: plugboard screenshot shot.png --diff " + expectation.file);
        // The next flip may bring it.
        const auto left = std::min(look_again, std::chrono::ceil<milliseconds>(deadline - now));
        ask(wait_request({.what = "flips=1", .on = expectation.screen, .timeout = left}),
            now + left + answer_time);
    }
}

void ScenarioPlayer::perform(const ExitExpectation& expectation) {
    const Time deadline = begin_ + scenario_.steps[index_].within;
    while (!run_.command_end()) {
        if (wait(-1, deadline) == News::Deadline)
            throw Failure(command_ + " still runs", "give it more time by within = \"30s\"");
    }
    end_was_expected_ = true;
    const int status = shell_status(*run_.command_end());
    if (status != expectation.status)
        throw Failure(describe_end(*run_.command_end()),
                      fmt::format("if that is right: status = {}", status));
}

}  // namespace plugboard::cli
