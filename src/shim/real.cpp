#include "shim/real.h"

#include <dlfcn.h>

namespace plugboard::shim {

constinit std::array<std::atomic<void*>, std::size(real_names)> real_functions{};

namespace {
constinit std::atomic<bool> all_found = false;
}  // namespace

void find_real_functions() {
    for (size_t i = 0; i < real_functions.size(); i++) find_real_function(i);
    all_found.store(true);
}

void* find_real_function(size_t index) {
    if (all_found.load()) return nullptr;
    void* function = dlsym(RTLD_NEXT, real_names[index].data());
    real_functions[index].store(function, std::memory_order_relaxed);
    return function;
}

}  // namespace plugboard::shim
