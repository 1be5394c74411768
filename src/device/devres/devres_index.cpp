#include "device/devres/devres_index.h"

namespace plugboard::device {

template <class Map, class Key>
void DevresIndex::leave(Map& map, const Key& key, DevresPlaces::Place& place) {
    place.unlink();
    if (const auto chain = map.find(key); chain->second.empty()) map.erase(chain);
}

template <class Map, class Key>
DevresEntry* DevresIndex::newest(Map& map, const Key& key) {
    const auto chain = map.find(key);
    return chain == map.end() ? nullptr : &chain->second.back()->entry;
}

void DevresIndex::add(DevresEntry& entry) {
    if (!entry.key_.kind) return;
    entry.places_ = std::make_unique<DevresPlaces>(entry);
    by_key_[entry.key_].push_back(entry.places_->in_key);
    by_kind_[entry.key_.kind].push_back(entry.places_->in_kind);
}

void DevresIndex::remove(DevresEntry& entry) {
    if (!entry.places_) return;
    leave(by_key_, entry.key_, entry.places_->in_key);
    leave(by_kind_, entry.key_.kind, entry.places_->in_kind);
    entry.places_.reset();
}

void DevresIndex::set_data(DevresEntry& entry, const void* data) {
    leave(by_key_, entry.key_, entry.places_->in_key);
    entry.key_.data = data;
    by_key_[entry.key_].push_back(entry.places_->in_key);
}

DevresEntry* DevresIndex::find(const DevresKey& key) {
    return newest(by_key_, key);
}

DevresEntry* DevresIndex::newest_of(const void* kind) {
    return newest(by_kind_, kind);
}

DevresEntry* DevresIndex::older_of_kind(DevresEntry& entry) {
    DevresPlaces::Place* older = by_kind_.at(entry.key_.kind).prev(entry.places_->in_kind);
    return older ? &older->entry : nullptr;
}

}  // namespace plugboard::device
