// What a person is told when something they asked for cannot be: what, where, and the remedy.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace plugboard::daemon {

/// Plain data; what is empty is not known.
struct Problem {
    std::string message{};
    std::string remedy{};
    std::string key{};   // "card[1].profile"
    std::string file{};  // of the configuration
    int line = 0;

    /// "board.toml:3: card[0].profile: unknown profile \"linux-7\"", without the remedy.
    std::string headline() const;
};

/// The value of an Outcome that has none.
using Done = std::monostate;

/// A value or the problem that kept it from being made.
template <class T>
class [[nodiscard]] Outcome {
  public:
    // Implicit on purpose, as Result's.
    Outcome(T value) : state_(std::move(value)) {}            // NOLINT(google-explicit-constructor)
    Outcome(Problem problem) : state_(std::move(problem)) {}  // NOLINT(google-explicit-constructor)

    bool ok() const { return state_.index() == 0; }
    T& value() { return std::get<0>(state_); }
    const T& value() const { return std::get<0>(state_); }
    const Problem& problem() const { return std::get<1>(state_); }

  private:
    std::variant<T, Problem> state_;
};

}  // namespace plugboard::daemon
