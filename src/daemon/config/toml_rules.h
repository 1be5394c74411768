// Reads [[card.limit]] and [[card.fault]]: lists of tables that are rules.
#pragma once

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/config/problem.h"
#include "daemon/config/rule_words.h"
#include "daemon/config/toml_text.h"

namespace plugboard::daemon {

/// A value as a word has it; nothing for a table and the like. A list's parts have commas between.
inline std::optional<std::string> word_of(ValueKind kind, const toml::node& node) {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto number = node.value_exact<int64_t>()) return std::to_string(*number);
    if (const auto truth = node.value_exact<bool>()) return *truth ? "true" : "false";
    if (const auto number = node.value_exact<double>(); number && kind == ValueKind::Fraction)
        return fmt::format("{}", *number);
    const toml::array* list = node.as_array();
    if (list == nullptr || list->empty() || kind != ValueKind::List) return std::nullopt;
    std::string words;
    for (const toml::node& entry : *list) {
        const auto text = entry.value_exact<std::string>();
        if (!text) return std::nullopt;
        words += (words.empty() ? "" : ",") + *text;
    }
    return words;
}

inline const char* value_words(ValueKind kind) {
    switch (kind) {
        case ValueKind::Plain: return "a text or a whole number";
        case ValueKind::Fraction: return "a number or a text";
        case ValueKind::List: return "a text or a list of texts";
    }
    return "";
}

/// The rules of a list of tables at `key` ("card[0].fault"). Notes the line of each and of its keys
/// in `lines`.
/// Throws a Problem with key and line.
template <class Rule>
std::vector<Rule> read_rules(const toml::node& node, const std::string& key,
                             Outcome<Rule> (*parse)(const Words&),
                             ValueKind (*kind_of)(std::string_view key),
                             std::map<std::string, int>& lines) {
    const auto fail = [](Problem problem, std::string at, int line) {
        problem.key = std::move(at);
        problem.line = line;
        throw problem;
    };
    const std::string name = key.substr(key.rfind('.') + 1);
    const toml::array* list = node.as_array();
    if (list == nullptr || !list->is_homogeneous<toml::table>())
        fail({.message = "must be a list of tables",
              .remedy = fmt::format("write for example: [[card.{}]] on a line", name)},
             key, line_of(node));
    std::vector<Rule> rules;
    for (const toml::node& entry : *list) {
        const std::string entry_key = fmt::format("{}[{}]", key, rules.size());
        lines[entry_key] = line_of(entry);
        Words words;
        for (const auto& [word, value] : *entry.as_table()) {
            lines[fmt::format("{}.{}", entry_key, word.str())] = line_of(value);
            const ValueKind kind = kind_of(word.str());
            auto text = word_of(kind, value);
            if (!text)
                fail({.message = fmt::format("must be {}", value_words(kind)),
                      .remedy = "docs/faults.md has the keys"},
                     fmt::format("{}.{}", entry_key, word.str()), line_of(value));
            words.push_back({std::string(word.str()), *std::move(text)});
        }
        auto rule = parse(words);
        if (!rule.ok()) {
            const std::string& bad = rule.problem().key;
            const toml::node* at = entry.as_table()->get(bad);
            fail(rule.problem(), bad.empty() ? entry_key : fmt::format("{}.{}", entry_key, bad),
                 line_of(at ? *at : entry));
        }
        rules.push_back(std::move(rule.value()));
    }
    return rules;
}

}  // namespace plugboard::daemon
