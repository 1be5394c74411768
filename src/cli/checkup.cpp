#include "cli/checkup.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/output.h"

namespace plugboard::cli {
namespace {

using Verdict = Check::Verdict;

const char* word_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::Ok: return "ok";
        case Verdict::Warning: return "warning";
        case Verdict::Failure: return "failure";
    }
    return "";
}

Colour colour_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::Ok: return Colour::Green;
        case Verdict::Warning: return Colour::Yellow;
        case Verdict::Failure: return Colour::Red;
    }
    return Colour::Bold;
}

}  // namespace

bool all_works(const std::vector<Check>& checks) {
    return std::ranges::find(checks, Verdict::Failure, &Check::verdict) == checks.end();
}

std::string checks_text(const std::vector<Check>& checks, int fd) {
    size_t width = 0;
    for (const Check& check : checks) width = std::max(width, check.name.size());
    std::string text;
    for (const Check& check : checks) {
        text +=
            coloured(fmt::format("{:<7}", word_of(check.verdict)), colour_of(check.verdict), fd);
        text += fmt::format("  {:<{}}  {}\n", check.name, width, check.finding);
        if (!check.remedy.empty())
            text += fmt::format("{:{}}remedy: {}\n", "", width + 11, check.remedy);
    }
    return text;
}

nlohmann::json checks_json(const std::vector<Check>& checks) {
    auto list = nlohmann::json::array();
    for (const Check& check : checks)
        list.push_back({{"name", check.name},
                        {"verdict", word_of(check.verdict)},
                        {"finding", check.finding},
                        {"remedy", check.remedy}});
    return list;
}

}  // namespace plugboard::cli
