// Where in a long devres list the entries of a key are.
#pragma once

#include <unordered_map>

#include "base/list.h"
#include "device/devres/devres_entry.h"

namespace plugboard::device {

/// An entry's places in the index.
struct DevresPlaces {
    struct Place : ListNode {
        explicit Place(DevresEntry& of) : entry(of) {}
        DevresEntry& entry;
    };
    explicit DevresPlaces(DevresEntry& entry) : in_key(entry), in_kind(entry) {}
    Place in_key, in_kind;
};

/// Guarded by its list's mutex. Entries without a kind are not in it. Each chain is in the order
/// of the list.
class DevresIndex {
  public:
    /// As the newest.
    void add(DevresEntry& entry);
    /// Nothing if it is not there.
    void remove(DevresEntry& entry);
    /// The entry has another `data` from now on; it stays where it is among those of its kind.
    void set_data(DevresEntry& entry, const void* data);

    /// The newest; null: none.
    DevresEntry* find(const DevresKey& key);
    /// The newest of the kind; null: none.
    DevresEntry* newest_of(const void* kind);
    /// The next older one of its kind; null: none.
    DevresEntry* older_of_kind(DevresEntry& entry);

  private:
    struct Hash {
        size_t operator()(const DevresKey& key) const {
            return std::hash<const void*>()(key.kind) * 31 + std::hash<const void*>()(key.data);
        }
    };
    using Chain = List<DevresPlaces::Place>;
    template <class Map, class Key>
    static void leave(Map& map, const Key& key, DevresPlaces::Place& place);
    template <class Map, class Key>
    static DevresEntry* newest(Map& map, const Key& key);

    std::unordered_map<DevresKey, Chain, Hash> by_key_;
    std::unordered_map<const void*, Chain> by_kind_;
};

}  // namespace plugboard::device
