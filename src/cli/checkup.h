// What plugboard doctor has found out: each thing with a verdict, and a remedy where it needs one.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace plugboard::cli {

struct Check {
    enum class Verdict {
        Ok,
        Warning,  // it works, but not as well as it could, or not for everybody
        Failure,
    };
    std::string name;
    Verdict verdict = Verdict::Ok;
    std::string finding;
    std::string remedy{};
};

/// Without a failure.
bool all_works(const std::vector<Check>& checks);
/// A line each, the remedy on one of its own; coloured for a terminal.
std::string checks_text(const std::vector<Check>& checks, int fd);
/// [{"name", "verdict": "ok", "warning" or "failure", "finding", "remedy"}]
nlohmann::json checks_json(const std::vector<Check>& checks);

}  // namespace plugboard::cli
