// A list from whose middle entries are taken by the numbers they got, at no cost for the others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace plugboard {

/// In the order of adding. The whole of adding n entries and taking them in any order is O(n log
/// n). Under its owner's lock.
template <class T>
class NumberedList {
  public:
    /// Its number, from 1; never used again.
    uint64_t add(T value) {
        entries_.push_back({++last_, std::move(value)});
        return last_;
    }
    /// Nothing: unknown, or taken before.
    std::optional<T> take(uint64_t number) {
        const auto found = std::ranges::lower_bound(entries_, number, {}, &Entry::number);
        if (found == entries_.end() || found->number != number) return std::nullopt;
        std::optional<T> taken = std::exchange(found->value, std::nullopt);
        // A hole, until most are holes.
        if (taken && ++holes_ * 2 > entries_.size()) {
            std::erase_if(entries_, [](const Entry& entry) { return !entry.value; });
            holes_ = 0;
        }
        return taken;
    }
    /// Calls `take(T&&)` for each, and is empty then.
    template <class Take>
    void take_all(Take take) {
        for (Entry& entry : entries_) {
            if (entry.value) take(*std::move(entry.value));
        }
        entries_ = {};
        holes_ = 0;
    }
    size_t size() const { return entries_.size() - holes_; }

  private:
    struct Entry {
        uint64_t number = 0;
        std::optional<T> value;
    };
    std::vector<Entry> entries_;
    size_t holes_ = 0;
    uint64_t last_ = 0;
};

}  // namespace plugboard
