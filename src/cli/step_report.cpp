#include "cli/step_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace plugboard::cli {
namespace {

using StepVerdict = StepResult::Verdict;

double seconds(std::chrono::milliseconds time) {
    return std::chrono::duration<double>(time).count();
}

/// In double quotes; bytes that are no UTF-8 are replaced. YAML reads it as JSON does.
std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// On one line, and without what begins a directive.
std::string description(const std::string& name) {
    std::string text;
    for (const char c : name) {
        if (c == '#' || c == '\\') text += '\\';
        text += c == '\n' || c == '\r' ? ' ' : c;
    }
    return text;
}

std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : nlohmann::json::parse(quoted(text)).get<std::string>()) {
        const bool is_control = static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n';
        switch (c) {
            case '<': result += "&lt;"; break;
            case '>': result += "&gt;"; break;
            case '&': result += "&amp;"; break;
            case '"': result += "&quot;"; break;
            case '\n': result += "&#10;"; break;
            default: result += is_control ? '?' : c;  // XML has no way to write them
        }
    }
    return result;
}

std::string junit_case(const std::string& suite, const StepResult& result) {
    std::string text = fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"",
                                   escaped(suite), escaped(result.name), seconds(result.took));
    switch (result.verdict) {
        case StepVerdict::Ok: return text + "/>\n";
        case StepVerdict::Failed:
            return text + fmt::format(
                              ">\n    <failure message=\"{}\">{}&#10;remedy: {}</failure>\n"
                              "  </testcase>\n",
                              escaped(result.problem), escaped(result.place),
                              escaped(result.remedy));
        case StepVerdict::Skipped:
            return text + fmt::format(">\n    <skipped message=\"{}\"/>\n  </testcase>\n",
                                      escaped(result.problem));
    }
    return text;
}

}  // namespace

std::string tap_plan(size_t steps) {
    return fmt::format("TAP version 13\n1..{}\n", steps);
}

std::string tap_result(size_t number, const StepResult& result) {
    const std::string name = description(result.name);
    switch (result.verdict) {
        case StepVerdict::Ok:
            return fmt::format("ok {} - {} ({} ms)\n", number, name, result.took.count());
        case StepVerdict::Skipped:
            return fmt::format("ok {} - {} # SKIP {}\n", number, name, description(result.problem));
        case StepVerdict::Failed: break;
    }
    std::string text =
        fmt::format("not ok {} - {}\n  ---\n  message: {}\n", number, name, quoted(result.problem));
    if (!result.remedy.empty()) text += fmt::format("  remedy: {}\n", quoted(result.remedy));
    return text + fmt::format("  at: {}\n  duration_ms: {}\n  ...\n", quoted(result.place),
                              result.took.count());
}

std::string junit_document(const std::string& suite, const std::vector<StepResult>& results) {
    std::chrono::milliseconds took{};
    std::string cases;
    for (const StepResult& result : results) {
        took += result.took;
        cases += junit_case(suite, result);
    }
    const auto count = [&](StepVerdict verdict) {
        return std::ranges::count(results, verdict, &StepResult::verdict);
    };
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" "
        "time=\"{:.3f}\">\n{}</testsuite>\n",
        escaped(suite), results.size(), count(StepVerdict::Failed), count(StepVerdict::Skipped),
        seconds(took), cases);
}

}  // namespace plugboard::cli
