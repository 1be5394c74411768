// A master: those who opened a card under the same ruler, with their magic numbers, and the lease
// tree that the rulers form.
// Linux: drivers/gpu/drm/drm_auth.c, drm_lease.c, struct drm_master
#pragma once

#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "base/id_table.h"
#include "base/ref.h"

namespace plugboard::drm {

class Device;
class File;

/// Counted: held by its files, by the device while it is the current one, and by its lessees. Its
/// fields are guarded by the device's master_mutex.
class Master final : public Object {
  public:
    /// A lessee if it has a lessor.
    static Ref<Master> create(MaybeRef<Master> lessor = std::nullopt) {
        return make_ref<Master>(std::move(lessor));
    }

    std::string unique;        // what GET_UNIQUE says; empty before SET_VERSION
    IdTable<uint64_t> magics;  // file ids by magic; an emptied slot is a magic that was used

    /// Whom a lessee has its objects from: an owner, who has none.
    const MaybeRef<Master> lessor;
    uint32_t lessee_id = 0;     // of a lessee: its number in the owner's table
    std::set<uint32_t> leased;  // of a lessee: ids of its objects; none after a revoke
    IdTable<Master*> lessees;   // of an owner; each leaves it when its file is closed
    uint64_t number() const { return number_; }  // the older the lower

    std::string label() const override { return "master " + std::to_string(number_); }
    void visit_refs(RefVisitor& visitor) const override {
        if (lessor) visitor.edge(*lessor, "drm_master.lessor");
    }

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    explicit Master(MaybeRef<Master> from) : lessor(std::move(from)), number_(next_number()) {}
    ~Master() override = default;
    static uint64_t next_number() {
        static std::atomic<uint64_t> next{1};
        return next++;
    }
    const uint64_t number_;
};

/// Gives a file that opens a primary node its master object: a new one if the device has no master.
/// Linux: drm_master_open
void open_master(File& file);
/// Linux: drm_master_release
void release_master(File& file);

}  // namespace plugboard::drm
