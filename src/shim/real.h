// The function that a wrapper stands in front of: the next one in the process, usually libc's.
#pragma once

#include <dlfcn.h>

#include <atomic>
#include <cstddef>

namespace plugboard::shim {

/// A string as a template argument.
template <size_t Size>
struct SymbolName {
    char text[Size];
    // Implicit on purpose: it is written as a string literal.
    constexpr SymbolName(const char (&name)[Size]) {  // NOLINT(google-explicit-constructor)
        for (size_t i = 0; i < Size; i++) text[i] = name[i];
    }
};

/// Looked up at the first call, so that wrappers work before any constructor has run. RTLD_NEXT, so
/// that other preloads and sanitizers stay in the chain. Null when nobody has it.
template <SymbolName name, class Function>
Function* real() {
    static constinit std::atomic<Function*> cached = nullptr;
    Function* function = cached.load(std::memory_order_relaxed);
    if (!function) {
        function = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name.text));
        cached.store(function, std::memory_order_relaxed);
    }
    return function;
}

}  // namespace plugboard::shim
