// A hash table from names to things that own them.
#pragma once

#include <cassert>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace plugboard::device {

/// Open addressing: with a million devices, a look-up is one cache miss. Keys are not copied: each
/// belongs to its value. Its owner does the locking.
template <class T>
class NameTable {
  public:
    bool empty() const { return count_ == 0; }
    size_t size() const { return count_; }

    T* find(std::string_view key) const {
        if (slots_.empty()) return nullptr;
        return slots_[place_of(key, hash(key))].value;
    }
    /// False: the name is taken.
    bool insert(const std::string& key, T& value) {
        if ((count_ + 1) * 3 > slots_.size() * 2) grow();
        const size_t key_hash = hash(key);
        Slot& slot = slots_[place_of(key, key_hash)];
        if (slot.value) return false;
        slot = {key_hash, &key, &value};
        count_++;
        return true;
    }
    /// Nothing if it is not there.
    void erase(std::string_view key) {
        if (slots_.empty()) return;
        size_t hole = place_of(key, hash(key));
        if (!slots_[hole].value) return;
        count_--;
        // Those behind that would not be found across the hole move up.
        for (size_t at = next(hole); slots_[at].value; at = next(at)) {
            const size_t home = slots_[at].hash & mask();
            if (((at - home) & mask()) < ((at - hole) & mask())) continue;
            slots_[hole] = slots_[at];
            hole = at;
        }
        slots_[hole] = {};
    }

  private:
    struct Slot {
        size_t hash = 0;
        const std::string* key = nullptr;
        T* value = nullptr;  // null: free
    };

    static size_t hash(std::string_view key) { return std::hash<std::string_view>()(key); }
    size_t mask() const { return slots_.size() - 1; }
    size_t next(size_t at) const { return (at + 1) & mask(); }
    /// Where the key is, or the free slot where it would be.
    size_t place_of(std::string_view key, size_t key_hash) const {
        size_t at = key_hash & mask();
        while (slots_[at].value && !(slots_[at].hash == key_hash && *slots_[at].key == key))
            at = next(at);
        return at;
    }
    void grow() {
        std::vector<Slot> old(slots_.empty() ? 16 : slots_.size() * 2);
        old.swap(slots_);
        for (const Slot& slot : old) {
            if (!slot.value) continue;
            size_t at = slot.hash & mask();
            while (slots_[at].value) at = next(at);
            slots_[at] = slot;
        }
    }

    std::vector<Slot> slots_;  // a power of two, or none
    size_t count_ = 0;
};

}  // namespace plugboard::device
