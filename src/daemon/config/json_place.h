// A JSON text that people or programs wrote: each value is taken with the path of its key, so that
// what is wrong with it can be told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "daemon/config/problem.h"

namespace plugboard::daemon {

/// What a member that is null is: a value of its own, or none, as in what programs write of what
/// they do not know.
enum class Nulls { AreValues, AreMissing };

/// Borrows the value. What is not as it is asked for is thrown as a Problem with its key.
class JsonPlace {
  public:
    JsonPlace(const nlohmann::json& value, std::string key, Nulls nulls = Nulls::AreValues)
        : value_(&value), key_(std::move(key)), nulls_(nulls) {}

    const std::string& key() const { return key_; }
    const nlohmann::json& value() const { return *value_; }

    JsonPlace at(std::string_view member) const;
    /// Nothing: it is missing.
    std::optional<JsonPlace> find(std::string_view member) const;
    std::vector<JsonPlace> items(size_t most) const;
    /// Each with its name.
    std::vector<std::pair<std::string, JsonPlace>> members(size_t most) const;
    uint64_t number(uint64_t most) const;
    /// The same, of a member that may be missing.
    uint64_t number_or(std::string_view member, uint64_t most, uint64_t otherwise) const;
    std::string text(size_t most) const;
    std::string text_or(std::string_view member, size_t most, std::string_view otherwise) const;
    bool boolean() const;
    bool boolean_or(std::string_view member, bool otherwise) const;

    [[noreturn]] void fail(std::string message, std::string remedy) const;

  private:
    const nlohmann::json* value_;
    std::string key_;
    Nulls nulls_;  // also of what is in it
};

inline constexpr size_t deepest_json = 64;  // brackets in each other; a card's have 9

/// Throws a Problem with the line.
nlohmann::json parse_json(std::string_view text);

}  // namespace plugboard::daemon
