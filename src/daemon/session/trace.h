// A board's trace: a line for each thing that clients do on their files, and what they did in sum.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/errno.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace plugboard::daemon {

/// One call of a client, as its line shows it.
struct TracedCall {
    int pid = 0;
    std::string command{};  // what the client is called
    std::string node{};     // "card0", "renderD128", "sync_file"
    std::string name{};     // of the ioctl; "open", "close", "mmap"
    std::string argument{}, answer{};
    Time start{};
    Nanos took{};
    std::optional<Errno> error{};  // none: it succeeded
    std::string reason{};          // of the error; may be empty

    enum class Kind { Ioctl, Other } kind = Kind::Other;  // only ioctls are summed up
};

/// "1.203417 weston[4711] card0 MODE_RMFB fb_id=40 = -ENOENT (35 us): no such framebuffer", without
/// a newline and with "?" for what cannot be printed. The time is that since `zero`.
std::string trace_line(const TracedCall& call, Time zero);

/// Owned by the board. Off until start(). Any thread; a reader that is slow holds up the clients,
/// and is given up after `patience` without a byte.
class Trace {
  public:
    explicit Trace(Clock& clock, std::chrono::milliseconds patience = std::chrono::seconds(2))
        : clock_(clock), patience_(patience), zero_(clock.now()) {}
    Trace(const Trace&) = delete;
    Trace& operator=(const Trace&) = delete;

    bool is_on() const { return is_on_.load(); }
    Time now() const { return clock_.now(); }
    /// How many descriptors it keeps.
    size_t descriptors() const { return is_on() ? 1 : 0; }

    enum class Begin { Behind, Afresh };  // what is in the file already
    /// Times are those since the trace was made. False: it is on already.
    bool start(UniqueFd to, Begin begin = Begin::Behind);
    /// Writes the summary, and gives it back: for each client how many ioctls, how long, and the
    /// most frequent ones. Empty: it was off.
    std::string stop();
    /// Does nothing while it is off.
    void write(const TracedCall& call);

  private:
    struct Total {
        uint64_t count = 0;
        Nanos time{};
        void add(Nanos took) {
            ++count;
            time += took;
        }
    };
    struct Client {
        Total all;
        std::map<std::string, Total> by_name;
    };

    static std::string summary_of(const std::pair<int, std::string>& who, const Client& client);
    void put_locked(std::string_view text) REQUIRES(mutex_);

    Clock& clock_;
    const std::chrono::milliseconds patience_;
    const Time zero_;
    std::atomic<bool> is_on_{false};
    Mutex<LockClass<Trace>> mutex_;
    UniqueFd to_ GUARDED_BY(mutex_);
    bool is_broken_ GUARDED_BY(mutex_) = false;  // nobody reads it
    std::map<std::pair<int, std::string>, Client> clients_
        GUARDED_BY(mutex_);  // by pid and command
};

}  // namespace plugboard::daemon
