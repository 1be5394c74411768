#include "shim/stand_ins.h"

#include <atomic>

#include "shim/frames.h"
#include "shim/syscalls.h"

namespace plugboard::shim {
namespace {

/// One that is not in here, for there are more, is left to a fork child.
struct Kept {
    std::atomic<uint64_t> cookie;  // 0: none
    std::atomic<uintptr_t> call;
    std::atomic<int> fd;
    std::atomic<int> thread;  // of the call; 0: none
};
constinit Kept all_kept[256] = {};

/// Takes it out: whoever does owns it.
StandIn take(Kept& kept, uint64_t cookie) {
    kept.thread.store(0);
    const StandIn stand_in{kept.fd.load(), cookie};
    return kept.cookie.compare_exchange_strong(cookie, 0) ? stand_in : StandIn{};
}

}  // namespace

StandIn keep_stand_in(int fd, const void* call) {
    const StandIn stand_in{fd, cookie_of(fd)};
    for (Kept& kept : all_kept) {
        uint64_t none = 0;
        if (!kept.cookie.compare_exchange_strong(none, stand_in.cookie)) continue;
        kept.fd.store(fd);
        kept.call.store(reinterpret_cast<uintptr_t>(call));
        kept.thread.store(call ? thread_id() : 0);
        break;
    }
    return stand_in;
}

bool is_there(const StandIn& stand_in) {
    return stand_in.cookie != 0 && cookie_of(stand_in.fd) == stand_in.cookie;
}

void close_stand_in(StandIn& stand_in) {
    if (stand_in.cookie == 0) return;
    for (Kept& kept : all_kept) {
        if (kept.cookie.load() == stand_in.cookie) take(kept, stand_in.cookie);
    }
    if (is_there(stand_in)) close_fd(stand_in.fd);
    stand_in = {};
}

void close_abandoned_stand_ins(const void* call) {
    const auto frame = reinterpret_cast<uintptr_t>(call);
    int mine = 0;
    for (Kept& kept : all_kept) {
        const uint64_t cookie = kept.cookie.load();
        if (cookie == 0 || kept.thread.load() == 0) continue;
        if (mine == 0) mine = thread_id();
        if (kept.thread.load() != mine || !is_abandoned(kept.call.load(), frame)) continue;
        const StandIn stand_in = take(kept, cookie);
        if (is_there(stand_in)) close_fd(stand_in.fd);
    }
}

void close_inherited_stand_ins() {
    for (Kept& kept : all_kept) {
        const StandIn stand_in = take(kept, kept.cookie.load());
        if (is_there(stand_in)) close_fd(stand_in.fd);
    }
}

}  // namespace plugboard::shim
