#include "daemon/config/rule_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/errno_words.h"
#include "daemon/config/units.h"

namespace plugboard::daemon {
namespace {

constexpr Nanos longest = std::chrono::hours(24);

/// The number at the start, and what follows it without blanks.
struct Measure {
    double number = 0;
    std::string_view unit;
};
std::optional<Measure> split_measure(std::string_view text) {
    const size_t end = text.find_first_not_of("0123456789.");
    const std::string_view digits = text.substr(0, end);
    Measure measure;
    const auto [stop, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), measure.number);
    if (error != std::errc{} || stop != digits.data() + digits.size()) return std::nullopt;
    if (end == std::string_view::npos) return measure;
    const size_t unit = text.find_first_not_of(' ', end);
    if (unit != std::string_view::npos) measure.unit = text.substr(unit);
    return measure;
}

std::optional<uint64_t> parse_number(std::string_view text) {
    uint64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string join_words(const Words& words) {
    std::string text;
    for (const Word& word : words)
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", word.key, word.value);
    return text;
}

std::string duration_text(Nanos duration) {
    TimeUnit best = time_units.front();
    for (const TimeUnit& unit : time_units) {
        if (duration.count() != 0 && duration % unit.length == Nanos(0)) best = unit;
    }
    return fmt::format("{}{}", duration / best.length, best.name);
}

const std::string* RuleReader::find(std::string_view key) const {
    const auto found = std::ranges::find(words_, key, &Word::key);
    return found == words_.end() ? nullptr : &found->value;
}

void RuleReader::fail(std::string_view key, std::string message, std::string remedy) const {
    throw Problem{
        .message = std::move(message), .remedy = std::move(remedy), .key = std::string(key)};
}

std::string_view RuleReader::find_kind(const std::vector<std::string_view>& kinds,
                                       std::string_view example) const {
    std::vector<std::string_view> found;
    for (const std::string_view kind : kinds) {
        if (has(kind)) found.push_back(kind);
    }
    if (found.empty())
        fail("", "says nothing",
             fmt::format("add one of: {}; for example {}", fmt::join(kinds, ", "), example));
    if (found.size() > 1)
        fail(found[1], fmt::format("says several things: {}", fmt::join(found, ", ")),
             "write one of its own for each");
    return found.front();
}

void RuleReader::check_keys(const std::vector<std::string_view>& known) const {
    for (auto word = words_.begin(); word != words_.end(); ++word) {
        if (std::ranges::find(known, word->key) == known.end())
            fail(word->key, "unknown key", fmt::format("known here: {}", fmt::join(known, ", ")));
        if (std::find_if(words_.begin(), word,
                         [&](const Word& one) { return one.key == word->key; }) != word)
            fail(word->key, "is there twice", "leave one out");
    }
}

std::string RuleReader::text(std::string_view key) const {
    const std::string* value = find(key);
    if (value == nullptr) return {};
    if (value->empty()) fail(key, "is empty", "give it a value, or leave it out");
    return *value;
}

uint64_t RuleReader::number(std::string_view key, uint64_t least, uint64_t most) const {
    const auto value = parse_number(text(key));
    if (!value || *value < least || *value > most)
        fail(key, fmt::format("\"{}\" is no number from {} to {}", text(key), least, most),
             fmt::format("write for example: {} = {}", key, least));
    return *value;
}

double RuleReader::factor(std::string_view key) const {
    const std::string value = text(key);
    const auto measure = split_measure(value);
    if (!measure || !measure->unit.empty())
        fail(key, fmt::format("\"{}\" is no factor", value),
             fmt::format("write for example: {} = 2", key));
    return measure->number;
}

Nanos RuleReader::duration(std::string_view key) const {
    const std::string value = text(key);
    const auto measure = split_measure(value);
    const auto* unit = std::ranges::find(time_units, measure ? measure->unit : "", &TimeUnit::name);
    if (measure && unit != time_units.end()) {
        const double length =
            std::round(measure->number * static_cast<double>(unit->length.count()));
        if (length > 0 && length <= static_cast<double>(longest.count()))
            return Nanos(static_cast<int64_t>(length));
    }
    fail(key, fmt::format("\"{}\" is no duration", value), "write for example 5ms, 2s or 1m");
}

std::optional<uint64_t> RuleReader::amount(std::string_view text) const {
    const auto measure = split_measure(text);
    if (!measure) return std::nullopt;
    const auto* unit = std::ranges::find(byte_units, measure->unit, &ByteUnit::name);
    if (unit == byte_units.end()) return std::nullopt;
    const double bytes = std::round(measure->number * static_cast<double>(unit->bytes));
    if (bytes < 1 || bytes > 1e18) return std::nullopt;
    return static_cast<uint64_t>(bytes);
}

uint64_t RuleReader::bytes(std::string_view key) const {
    if (const auto value = amount(text(key))) return *value;
    fail(key, fmt::format("\"{}\" is no size", text(key)),
         "write for example \"64 MB\" or \"1 GiB\"");
}

uint64_t RuleReader::bytes_per_second(std::string_view key) const {
    const std::string value = text(key);
    constexpr std::string_view per_second = "/s";
    if (value.ends_with(per_second)) {
        const auto rate =
            amount(std::string_view(value).substr(0, value.size() - per_second.size()));
        if (rate) return *rate;
    }
    fail(key, fmt::format("\"{}\" is no bandwidth", value), "write for example \"2 GB/s\"");
}

drm::Size RuleReader::size(std::string_view key) const {
    const std::string value = text(key);
    const size_t cross = value.find('x');
    if (cross != std::string::npos) {
        const auto width = parse_number(std::string_view(value).substr(0, cross));
        const auto height = parse_number(std::string_view(value).substr(cross + 1));
        if (width && height && *width <= UINT32_MAX && *height <= UINT32_MAX)
            return {static_cast<uint32_t>(*width), static_cast<uint32_t>(*height)};
    }
    fail(key, fmt::format("\"{}\" is no size", value), "write for example \"4096x2304\"");
}

Errno RuleReader::error(std::string_view key) const {
    const auto found = find_errno(text(key));
    if (found) return *found;
    fail(key, fmt::format("\"{}\" is no errno", text(key)),
         "use a name that a client can see, such as EINVAL, EBUSY, ENOMEM or ENOSPC");
}

std::vector<std::string> RuleReader::list(std::string_view key) const {
    std::vector<std::string> parts;
    const std::string value = text(key);
    for (size_t begin = 0; begin <= value.size();) {
        size_t end = std::min(value.find(',', begin), value.size());
        std::string part = value.substr(begin, end - begin);
        part.erase(0, part.find_first_not_of(' '));
        part.erase(part.find_last_not_of(' ') + 1);
        parts.push_back(std::move(part));
        begin = end + 1;
    }
    return parts;
}

}  // namespace plugboard::daemon
