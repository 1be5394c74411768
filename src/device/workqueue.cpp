#include "device/workqueue.h"

#include <utility>

#include "device/device.h"
#include "device/model_state.h"

namespace plugboard::device {

Result<std::unique_ptr<Workqueue>> Workqueue::create(const Bound& bound, const char* name) {
    // A step beside that of manage(): the thread may be what cannot be had.
    if (bound.device().model().state_->is_step_to_fail()) return Errno::Again;
    std::unique_ptr<Workqueue> queue(new Workqueue(bound.device(), name));
    TRY(queue->worker_.start());
    return queue;
}

Workqueue::Workqueue(Device& device, const char* name)
    : device_(device), name_(name), worker_(device.model().clock()) {}

std::function<void()> Workqueue::inside(Work work) {
    return [this, work = std::move(work)] {
        if (const Entered entered = device_.enter({.what = "work", .hook = name_}))
            work(entered.bound());
    };
}

void Workqueue::run(Work work) {
    worker_.run(inside(std::move(work)));
}

void Workqueue::run_after(Nanos delay, Work work) {
    worker_.run_at(device_.model().clock().now() + delay, inside(std::move(work)));
}

}  // namespace plugboard::device
