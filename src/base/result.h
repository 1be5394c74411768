// Result<T>: a value or the Errno that Linux would return, and TRY to pass the error on.
// Linux: include/linux/err.h
#pragma once

#include <cassert>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/errno.h"

namespace plugboard {

/// Holds a T or an Errno. A failed Result has no value: value() on it is a bug of the caller.
template <class T>
class [[nodiscard]] Result {
    static_assert(!std::is_reference_v<T>, "return a pointer or a Ref");

  public:
    using Value = T;

    // Implicit on purpose: `return value;` and `return Errno::Inval;` are how results are made.
    // NOLINTBEGIN(google-explicit-constructor, bugprone-forwarding-reference-overload)
    Result(T value) : value_(std::move(value)) {}
    Result(Errno error) : error_(error) {}
    template <class U>
    requires(std::is_convertible_v<U&&, T> && !std::is_same_v<std::decay_t<U>, T> &&
             !std::is_same_v<std::decay_t<U>, Errno>) Result(U&& value)
        : value_(std::forward<U>(value)) {}
    // NOLINTEND(google-explicit-constructor, bugprone-forwarding-reference-overload)

    bool ok() const { return value_.has_value(); }
    explicit operator bool() const { return ok(); }

    Errno error() const {
        assert(!ok());
        return error_;
    }
    T& value() & {
        assert(ok());
        return *value_;
    }
    const T& value() const& {
        assert(ok());
        return *value_;
    }
    T&& value() && {
        assert(ok());
        return *std::move(value_);
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

  private:
    std::optional<T> value_;
    Errno error_ = {};
};

template <>
class [[nodiscard]] Result<void> {
  public:
    using Value = void;

    Result() = default;
    Result(Errno error) : error_(error), failed_(true) {}  // NOLINT(google-explicit-constructor)

    bool ok() const { return !failed_; }
    explicit operator bool() const { return ok(); }
    Errno error() const {
        assert(failed_);
        return error_;
    }
    void value() const { assert(ok()); }

  private:
    Errno error_ = {};
    bool failed_ = false;
};

namespace internal {
template <class T>
T take_value(Result<T>& result) {
    return std::move(result).value();
}
inline void take_value(Result<void>& result) {
    result.value();
}
}  // namespace internal

/// What a syscall left in errno.
inline Errno last_error() {
    return static_cast<Errno>(errno);
}

}  // namespace plugboard

/// The value of a Result, or return its error from the enclosing function. Never nest.
#define TRY(expression)                                    \
    __extension__({                                        \
        auto try_result_ = (expression);                   \
        if (!try_result_.ok()) return try_result_.error(); \
        ::plugboard::internal::take_value(try_result_);    \
    })
