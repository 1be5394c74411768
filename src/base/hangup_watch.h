// Tells when the last copy of a socket pair's other end has been closed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "base/thread.h"
#include "base/unique_fd.h"

namespace plugboard {

/// One epoll and one thread for all descriptors of a process, made with the first. Any thread.
class HangupWatch {
  public:
    HangupWatch();
    ~HangupWatch();  // no descriptor is watched any more

    /// Calls `closed` once, on some thread, one call at a time, with no lock of the caller's held,
    /// when all copies of the other end are gone; it must not wait for a thread that uses the
    /// watch. From then on `fd` is not watched and may be closed in it. Bytes that the other end
    /// sends stay unread. A shutdown() of the other end counts as its close, one of ours does not:
    /// see shut_down(). Needs no further descriptor later on. MFile, NFile, NoMem, Again.
    /// A datagram socket's close makes no event, and its shutdown() is no close: its other end is
    /// marked, and each settle() asks whether it is still there.
    Result<void> add(int fd, std::function<void()> closed);
    /// Gives the other end a name that dies with its last copy, before it is given away.
    static Result<void> mark_other_end(int fd);
    /// The one way to shutdown() both directions of our end, watched or not. From then on a hang-up
    /// alone tells nothing, so the name of the other end is asked for. Whoever binds that name when
    /// it is free can put the call of `closed` off, until some hang-ups or settle()s after he has
    /// let go of it.
    static void shut_down(int fd);
    /// No call starts after this has returned, and none is under way, unless it is made from
    /// `closed`.
    void remove(int fd);
    /// Handles every hang-up that is visible now; waits for those being handled by others. Not from
    /// `closed`.
    void settle();

  private:
    struct Entry;

    void run();
    Result<void> start_locked() REQUIRES(mutex_);
    /// Makes the socket of this type that find_other_end() asks with, if there is none.
    Result<void> make_probe_locked(int type) REQUIRES(mutex_);
    enum class OtherEnd { Gone, InUse, Unknown };
    /// After a hang-up: it may come from shut_down() while copies of the other end are still there;
    /// then nobody else can bind its name. Unknown: that cannot be asked now.
    OtherEnd find_other_end(int fd);
    /// Those of datagram sockets.
    std::vector<uint64_t> silent_keys() const;
    /// One round of epoll_wait without waiting. False when there was nothing.
    bool handle_events() REQUIRES(handling_);
    void handle(uint64_t key) REQUIRES(handling_);
    /// Those that hung up and are to be asked about again in this round.
    std::vector<uint64_t> choose_to_ask() REQUIRES(handling_);
    std::unique_ptr<Entry> take(int fd);

    // Constant once is_started_.
    UniqueFd epoll_;
    UniqueFd stop_;
    std::atomic<bool> is_started_{false};
    Mutex<LockClass<HangupWatch, 1>> handling_;  // held while callbacks run
    std::atomic<std::thread::id> handler_{};     // who holds it for that
    mutable Mutex<LockClass<HangupWatch>> mutex_;
    // Keys that hung up and are not closed, or are silent. A close brings an event; that of one in
    // use is missed only if somebody else has its name, so it is asked about in its turn.
    std::set<uint64_t> unknown_ GUARDED_BY(handling_);  // asked about in each round
    std::set<uint64_t> in_use_ GUARDED_BY(handling_);
    uint64_t last_asked_ GUARDED_BY(handling_) = 0;
    std::map<int, std::unique_ptr<Entry>> entries_ GUARDED_BY(mutex_);
    std::map<int, UniqueFd> probes_ GUARDED_BY(mutex_);  // by socket type; bound to nothing
    uint32_t next_generation_ GUARDED_BY(mutex_) = 1;
    Thread thread_;
};

}  // namespace plugboard
