#include "embed/outside.h"

namespace plugboard::embed {
namespace {

// Each wrapper of libc asks, in signal handlers too: the other models may allocate at the first
// use.
[[gnu::tls_model("initial-exec")]] constinit thread_local bool outside = false;

}  // namespace

void stay_outside() {
    outside = true;
}

bool is_outside() {
    return outside;
}

}  // namespace plugboard::embed
