// What is done once, when the library is loaded: all that takes a lock of the loader or of libc.
#include <pthread.h>

#include "shim/buffers.h"
#include "shim/channels.h"
#include "shim/real.h"

namespace plugboard::embed {
namespace {

[[gnu::constructor]] void prepare() {
    shim::find_real_functions();
    pthread_atfork(nullptr, nullptr, [] {
        shim::close_inherited_channels();
        shim::forget_parents_watched_buffers();
    });
}

}  // namespace
}  // namespace plugboard::embed
