// Cancellation points of libc, pthreads(7).
#pragma once

#include <pthread.h>

namespace plugboard::shim {

/// The result of `call`, in which the thread may be cancelled. It then runs `undo`: this library
/// has no exceptions, so no destructor does.
template <class Call, class Undo>
auto call_cancellably(Call call, Undo undo) {
    decltype(call()) result{};
    pthread_cleanup_push([](void* what) { (*static_cast<Undo*>(what))(); }, &undo);
    result = call();
    pthread_cleanup_pop(0);
    return result;
}

}  // namespace plugboard::shim
