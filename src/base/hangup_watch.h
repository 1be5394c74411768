// Tells when the last copy of a socket pair's other end has been closed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <thread>

#include "base/mutex.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace plugboard {

/// One epoll and one thread for all descriptors of a process. Any thread.
class HangupWatch {
  public:
    HangupWatch();
    ~HangupWatch();  // no descriptor is watched any more

    /// Calls `closed` once, on some thread, with no lock held, when all copies of the other end are
    /// gone. Bytes that the other end sends are thrown away. Edge-triggered: works after a
    /// shutdown() of our end too. MFile, NoMem.
    Result<void> add(int fd, std::function<void()> closed);
    /// No call starts after this has returned, and none is under way, unless it is made from `closed`.
    void remove(int fd);
    /// Handles every hang-up that is visible now; waits for those being handled by others.
    void settle();

  private:
    struct Entry;
    void run();
    /// One round of epoll_wait. False when there was nothing.
    bool handle_events(int timeout_ms);

    UniqueFd epoll_;
    UniqueFd stop_;
    Mutex<LockClass<HangupWatch, 1>> handling_;  // held while callbacks run
    Mutex<LockClass<HangupWatch>> mutex_;
    std::map<int, std::shared_ptr<Entry>> entries_ GUARDED_BY(mutex_);
    std::thread thread_;
};

}  // namespace plugboard
