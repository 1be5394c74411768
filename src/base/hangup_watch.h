// Tells when the last copy of a socket pair's other end has been closed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
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
    /// sends stay unread. Works after a shutdown() of our end too, if the other end went through
    /// mark_other_end() before it was given away. Needs no further descriptor later on. MFile,
    /// NFile, NoMem.
    Result<void> add(int fd, std::function<void()> closed);
    /// Gives the other end a name that dies with its last copy: a hang-up alone does not tell our
    /// own shutdown() from that.
    static Result<void> mark_other_end(int fd);
    /// No call starts after this has returned, and none is under way, unless it is made from
    /// `closed`.
    void remove(int fd);
    /// Handles every hang-up that is visible now; waits for those being handled by others. Not from
    /// `closed`.
    void settle();

  private:
    struct Entry;
    enum class OtherEnd { Lives, Closed, Unknown };

    void run();
    Result<void> start_locked() REQUIRES(mutex_);
    /// Makes the socket of this type that other_end() asks with, if there is none.
    Result<void> make_probe_locked(int type) REQUIRES(mutex_);
    /// After a hang-up: whether it came from a shutdown() while copies of the other end are still
    /// there. Its name can then not be bound by anybody else.
    OtherEnd other_end(int fd);
    /// One round of epoll_wait without waiting. False when there was nothing.
    bool handle_events() REQUIRES(handling_);
    void handle(uint64_t key) REQUIRES(handling_);
    std::unique_ptr<Entry> take(int fd);

    // Constant once is_started_.
    UniqueFd epoll_;
    UniqueFd stop_;
    std::atomic<bool> is_started_{false};
    Mutex<LockClass<HangupWatch, 1>> handling_;  // held while callbacks run
    std::atomic<std::thread::id> handler_{};     // who holds it for that
    Mutex<LockClass<HangupWatch>> mutex_;
    std::vector<uint64_t> unknown_ GUARDED_BY(handling_);  // keys; they are asked for again
    std::map<int, std::unique_ptr<Entry>> entries_ GUARDED_BY(mutex_);
    std::map<int, UniqueFd> probes_ GUARDED_BY(mutex_);  // by socket type; bound to nothing
    uint32_t next_generation_ GUARDED_BY(mutex_) = 1;
    std::thread thread_;
};

}  // namespace plugboard
