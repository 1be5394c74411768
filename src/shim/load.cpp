// What is done once, when the library is loaded: all that takes a lock of the loader or of libc. A
// wrapper must not: it may run on a thread that dlopen() waits for, in a signal handler, between
// vfork and exec.
#include <pthread.h>

#include "shim/board.h"
#include "shim/buffers.h"
#include "shim/channels.h"
#include "shim/real.h"

namespace plugboard::shim {
namespace {

[[gnu::constructor]] void prepare() {
    find_real_functions();
    find_board();
    if (!board()) return;
    pthread_atfork(nullptr, nullptr, [] {
        close_inherited_channels();
        forget_parents_watched_buffers();
    });
}

}  // namespace
}  // namespace plugboard::shim
