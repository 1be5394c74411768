// Numbers for objects, the lowest free one first.
// Linux: lib/idr.c
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

namespace plugboard {

/// Maps ids (from `first` on) to values. Its owner does the locking.
template <class T>
class IdTable {
  public:
    explicit IdTable(uint32_t first = 1) : next_(first) {}

    /// The lowest free id.
    uint32_t add(T value) {
        const uint32_t id = reserve();
        entries_.emplace(id, std::move(value));
        return id;
    }
    /// An id that find() does not know until put() fills it.
    uint32_t reserve() {
        if (free_.empty()) return next_++;
        const uint32_t id = *free_.begin();
        free_.erase(free_.begin());
        return id;
    }
    void put(uint32_t id, T value) { entries_.insert_or_assign(id, std::move(value)); }
    T* find(uint32_t id) {
        auto it = entries_.find(id);
        return it == entries_.end() ? nullptr : &it->second;
    }
    const T* find(uint32_t id) const {
        auto it = entries_.find(id);
        return it == entries_.end() ? nullptr : &it->second;
    }
    /// Empties the slot; the number stays taken until free(). Nothing when the id is unknown.
    std::optional<T> take(uint32_t id) {
        auto it = entries_.find(id);
        if (it == entries_.end()) return std::nullopt;
        std::optional<T> value(std::move(it->second));
        entries_.erase(it);
        return value;
    }
    void free(uint32_t id) { free_.insert(id); }
    /// take() and free() in one.
    std::optional<T> remove(uint32_t id) {
        auto value = take(id);
        if (value) free(id);
        return value;
    }

    bool empty() const { return entries_.empty(); }
    size_t size() const { return entries_.size(); }
    auto begin() { return entries_.begin(); }
    auto end() { return entries_.end(); }
    auto begin() const { return entries_.begin(); }
    auto end() const { return entries_.end(); }

  private:
    std::map<uint32_t, T> entries_;
    std::set<uint32_t> free_;
    uint32_t next_;
};

}  // namespace plugboard
