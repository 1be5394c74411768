// What became of a scenario's steps, for machines: TAP version 13 and JUnit's XML.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace plugboard::cli {

struct StepResult {
    enum class Verdict { Ok, Failed, Skipped };
    std::string name;
    std::string place;  // "scenario.toml:7"
    Verdict verdict = Verdict::Ok;
    std::chrono::milliseconds took{};
    std::string problem{}, remedy{};  // of one that failed; of one that was skipped, why
};

/// The first lines, for so many steps.
std::string tap_plan(size_t steps);
/// A line, or several; `number` counts from 1.
std::string tap_result(size_t number, const StepResult& result);

/// A document of one suite.
std::string junit_document(const std::string& suite, const std::vector<StepResult>& results);

}  // namespace plugboard::cli
