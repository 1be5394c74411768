// A client's eventfd that is told of a point of a syncobj.
// Linux: drivers/gpu/drm/drm_syncobj.c, struct syncobj_eventfd_entry
#pragma once

#include <cstdint>
#include <string>

#include "base/ref.h"
#include "base/unique_fd.h"
#include "drm/quota.h"
#include "drm/sync/fence.h"

namespace plugboard::drm {

/// Counted: by the syncobj until the point is submitted, then by its fence until that signals.
class EventfdEntry final : public Object {
  public:
    /// `fd`: an eventfd. `at_submit`: the point's submission is enough.
    static Ref<EventfdEntry> create(UniqueFd fd, uint64_t point, bool at_submit, Charge charge);

    uint64_t point() const { return point_; }
    bool is_at_submit() const { return at_submit_; }
    /// Adds 1. Never blocks, whatever the client has made of its descriptor.
    void tell() const;

    std::string label() const override {
        return "eventfd for point " + std::to_string(point_) + " of a syncobj";
    }
    void visit_refs(RefVisitor&) const override {}

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    EventfdEntry(UniqueFd fd, uint64_t point, bool at_submit, Charge charge)
        : fd_(std::move(fd)), point_(point), at_submit_(at_submit), charge_(std::move(charge)) {}
    ~EventfdEntry() override = default;

    const UniqueFd fd_;
    const uint64_t point_;
    const bool at_submit_;
    const Charge charge_;
};

/// The point is submitted: this is its fence.
void start(const Ref<EventfdEntry>& entry, const Ref<Fence>& fence);

}  // namespace plugboard::drm
