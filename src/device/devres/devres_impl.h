// The devres list and its group markers, private to devres*.cpp.
// Linux: drivers/base/devres.c
#pragma once

#include <optional>

#include "base/list.h"
#include "device/devres/devres.h"
#include "device/devres/devres_index.h"

namespace plugboard::device {

/// One of a group's two places in the list; releasing it does nothing.
class GroupMarker final : public DevresEntry {
  public:
    explicit GroupMarker(const char* name) : DevresEntry(name) {}

  private:
    void release() override {}
};

/// A range of the list. Owned by the list while its open marker is on it.
struct Group {
    GroupMarker open{"grp<"};
    GroupMarker close{"grp>"};
    GroupId id = nullptr;
    int colour = 0;  // of the last release_group or release_all
};

struct Devres::Impl {
    explicit Impl(Device& owner) : device(owner) {}

    Device& device;
    mutable Mutex<LockClass<Devres>> mutex;
    List<DevresEntry> entries GUARDED_BY(mutex);           // oldest first
    size_t size GUARDED_BY(mutex) = 0;                     // without markers
    bool closed GUARDED_BY(mutex) = false;                 // nothing may be added any more
    std::unique_ptr<DevresIndex> index GUARDED_BY(mutex);  // from the first long look-up on

    void append_locked(std::unique_ptr<DevresEntry> entry) REQUIRES(mutex);
    /// Off the list; still alive, and its owner's.
    void take_off_locked(DevresEntry& entry) REQUIRES(mutex);
    /// Walks a short list; makes the index of a long one.
    DevresEntry* find_locked(const DevresKey& key) REQUIRES(mutex);
    /// The newest of the kind, or the next older one of its kind. Null: none.
    DevresEntry* next_of_kind_locked(const void* kind, DevresEntry* newer) REQUIRES(mutex);
    void set_data_locked(DevresEntry& entry, const void* data) REQUIRES(mutex);
    bool uses_index_locked() REQUIRES(mutex);

    /// Whether the group has been closed: its close marker is on the list.
    static bool is_closed(const Group& group);
    /// The newest group with the id; for null the newest that is not closed. Null: none.
    Group* find_group_locked(GroupId id) REQUIRES(mutex);
    /// Moves what [first, end) holds to `doomed`; end null: to the end of the list. Says how many
    /// entries without markers. Linux: remove_nodes
    size_t doom_locked(DevresEntry* first, DevresEntry* end, List<DevresEntry>& doomed)
        REQUIRES(mutex);
    /// Releases and destroys, newest first.
    void release_doomed(List<DevresEntry>& doomed);
    void log(const char* operation, const DevresEntry& entry) const;
    /// What an addition is answered without being made; nothing: it may be made.
    using Answer = std::optional<Result<DevresHandle>>;
    Answer answer_without(const DevresEntry& entry, Keys keys);
    Answer answer_without_locked(const DevresEntry& entry, Keys keys) REQUIRES(mutex);
    /// A misuse: said in the log.
    Errno complain(Errno error, std::string_view what) const;
};

}  // namespace plugboard::device
