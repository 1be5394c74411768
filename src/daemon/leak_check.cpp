#include "daemon/leak_check.h"

#include "daemon/descriptor_count.h"

namespace plugboard::daemon {
namespace {

constexpr size_t max_labels = 20;

}  // namespace

void LeakCheck::start() {
    for (const auto& object : live_objects()) base_objects_.insert(&*object);
    base_descriptors_ = count_descriptors();
}

Leftovers LeakCheck::leftovers(Kept kept, const std::function<size_t()>& count) const {
    kept.objects += base_objects_.size();
    kept.descriptors += base_descriptors_;
    Leftovers left;
    const size_t objects = live_object_count();
    const size_t descriptors = count();
    left.objects = objects > kept.objects ? objects - kept.objects : 0;
    left.descriptors = descriptors > kept.descriptors ? descriptors - kept.descriptors : 0;
    if (left.objects == 0) return left;
    for (const auto& object : live_objects()) {
        if (left.labels.size() == max_labels) break;
        if (!base_objects_.contains(&*object)) left.labels.push_back(object->label());
    }
    return left;
}

}  // namespace plugboard::daemon
