// A master: those who opened a card under the same ruler, with their magic numbers.
// Linux: drivers/gpu/drm/drm_auth.c, struct drm_master
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/id_table.h"
#include "base/ref.h"

namespace plugboard::drm {

class Device;
class File;

/// Counted: held by its files, and by the device while it is the current one. Its fields are
/// guarded by the device's master_mutex.
class Master final : public Object {
  public:
    static Ref<Master> create() { return make_ref<Master>(); }

    std::string unique;        // what GET_UNIQUE says; empty before SET_VERSION
    IdTable<uint64_t> magics;  // file ids by magic; an emptied slot is a magic that was used

    std::string label() const override { return "master " + std::to_string(number_); }
    void visit_refs(RefVisitor&) const override {}

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    Master() : number_(next_number()) {}
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
