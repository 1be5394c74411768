// Random tests whose input is a list of numbers: what each means is decided as it is taken.
#pragma once

#include <rapidcheck.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace plugboard::tests {

using Numbers = std::vector<uint32_t>;

/// So many, of any size from the first try on.
inline rc::Gen<Numbers> any_numbers(size_t count) {
    const auto number = rc::gen::resize(100, rc::gen::inRange<uint32_t>(0, UINT32_MAX));
    return rc::gen::container<Numbers>(count, number);
}

/// Takes random numbers from a list until it ends, zeroes then. The list outlives it.
class Dice {
  public:
    explicit Dice(std::span<const uint32_t> numbers) : numbers_(numbers) {}

    bool is_over() const { return numbers_.empty(); }
    uint32_t any() {
        if (numbers_.empty()) return 0;
        const uint32_t number = numbers_.front();
        numbers_ = numbers_.subspan(1);
        return number;
    }
    uint32_t below(size_t end) { return static_cast<uint32_t>(any() % end); }
    /// No, once the list has ended.
    bool one_in(uint32_t count) { return any() % count == count - 1; }
    /// A default one when there are none.
    template <class T>
    T one_of(const std::vector<T>& values) {
        return values.empty() ? T{} : values[any() % values.size()];
    }

  private:
    std::span<const uint32_t> numbers_;
};

}  // namespace plugboard::tests
