// A rule that people write as keys with values: a table of a board's TOML, or KEY=VALUE words.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/errno.h"
#include "daemon/config/problem.h"
#include "drm/pixel/geometry.h"

namespace plugboard::daemon {

struct Word {
    std::string key, value;

    bool operator==(const Word&) const = default;
};
using Words = std::vector<Word>;

/// What a value is beside a text, a whole number, true and false.
enum class ValueKind { Plain, Fraction, List };

/// "ioctl=MODE_ATOMIC call=3".
std::string join_words(const Words& words);

/// "5ms": the largest unit of us, ms, s and m that needs no fraction.
std::string duration_text(Nanos duration);

/// Reads the values of one rule. Whatever is wrong is thrown as a Problem with the key.
class RuleReader {
  public:
    explicit RuleReader(const Words& words) : words_(words) {}

    /// The one of these keys that is there; it says what the rule is about. `example` is for who
    /// has written none.
    std::string_view find_kind(const std::vector<std::string_view>& kinds,
                               std::string_view example) const;
    /// No other keys are there, and none twice.
    void check_keys(const std::vector<std::string_view>& known) const;

    bool has(std::string_view key) const { return find(key) != nullptr; }
    /// Empty: there is no such key.
    std::string text(std::string_view key) const;
    uint64_t number(std::string_view key, uint64_t least, uint64_t most) const;
    double factor(std::string_view key) const;
    /// "5ms", "2s"; up to a day.
    Nanos duration(std::string_view key) const;
    /// "64 MB", "2 GiB".
    uint64_t bytes(std::string_view key) const;
    /// "2 GB/s".
    uint64_t bytes_per_second(std::string_view key) const;
    drm::Size size(std::string_view key) const;
    Errno error(std::string_view key) const;
    /// What commas part.
    std::vector<std::string> list(std::string_view key) const;

    [[noreturn]] void fail(std::string_view key, std::string message, std::string remedy) const;

  private:
    const std::string* find(std::string_view key) const;
    std::optional<uint64_t> amount(std::string_view text) const;

    const Words& words_;
};

}  // namespace plugboard::daemon
