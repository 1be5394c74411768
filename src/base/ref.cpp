#include "base/ref.h"

#include <mutex>

namespace plugboard {

/// All live objects. Its mutex is a leaf that may be taken with any lock held, so it has no class.
struct ObjectRegistry {
    std::mutex mutex;
    List<Object::Node> objects;
    size_t count = 0;

    static ObjectRegistry& instance() {
        static ObjectRegistry* registry = new ObjectRegistry;  // outlives every object
        return *registry;
    }
    void add(Object& object) {
        object.node_.object = &object;
        std::lock_guard lock(mutex);
        objects.push_back(object.node_);
        count++;
    }
    void remove(Object& object) {
        std::lock_guard lock(mutex);
        if (!object.node_.is_linked()) return;
        object.node_.unlink();
        count--;
    }
    std::vector<Ref<const Object>> snapshot() {
        std::vector<Ref<const Object>> refs;
        std::lock_guard lock(mutex);
        refs.reserve(count);
        for (auto* node = objects.front(); node; node = objects.next(*node)) {
            if (node->object->try_get()) refs.push_back(Ref<const Object>::adopt(*node->object));
        }
        return refs;
    }
};

void Object::announce() {
    ObjectRegistry::instance().add(*this);
}

Object::~Object() {
    ObjectRegistry::instance().remove(*this);
}

bool Object::try_get() const {
    uint32_t count = count_.load(std::memory_order_relaxed);
    while (count != 0) {
        if (count_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed)) return true;
    }
    return false;
}

std::vector<Ref<const Object>> live_objects() {
    return ObjectRegistry::instance().snapshot();
}

size_t live_object_count() {
    auto& registry = ObjectRegistry::instance();
    std::lock_guard lock(registry.mutex);
    return registry.count;
}

}  // namespace plugboard
