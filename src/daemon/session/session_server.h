// Serves the shims: accepts their channels, one thread each, and keeps the table of open files.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/hangup_watch.h"
#include "base/result.h"
#include "base/wait.h"
#include "daemon/session/listener.h"
#include "daemon/session/world.h"

namespace plugboard::daemon {

class FileTable;
class Trace;

/// One open file of a DRM node, as `plugboard status` shows it.
struct OpenFileInfo {
    uint64_t number = 0;  // as in its label
    int pid = 0;          // whose it is; 0 when that is not visible from here
    std::string command;  // what that process is called
    std::string device;   // drm::Device::label()
    std::string node;     // "card0", "renderD128"
    std::chrono::system_clock::time_point since;  // for people; nothing is timed by it
    uint64_t ioctls = 0;                          // done on it so far
    Nanos ioctl_time{};                           // that they took
};

/// Owned by the board, which outlives it together with World, HangupWatch and Trace. Any thread.
class SessionServer {
  public:
    /// `listener` is for packets, at <board>/shim. A client that cannot be served gets an answer to
    /// its HELLO: MFile, NFile, NoMem. MFile, NoMem.
    static Result<std::unique_ptr<SessionServer>> create(World& world, HangupWatch& hangups,
                                                         Listener listener, Trace& trace,
                                                         Clock& clock = Clock::real());
    /// shut_down() first if that has not been done.
    ~SessionServer();
    SessionServer(const SessionServer&) = delete;
    SessionServer& operator=(const SessionServer&) = delete;

    /// How many it keeps open now besides the files: its own and the clients' channels.
    size_t descriptors() const;
    /// Files whose last close has not been handled. settle() first for an exact number.
    size_t open_files() const;
    std::vector<OpenFileInfo> files() const;
    FileTable& file_table();
    /// Woken when a file has been opened or released.
    WaitQueue& file_changes();
    /// As FileTable::settle().
    void settle();

    /// Ends every channel, waits for their threads, releases every file. Clients get NoDev from
    /// then on. Once; the devices are unplugged before, so that no request waits for one.
    void shut_down();

  private:
    struct Impl;
    explicit SessionServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace plugboard::daemon
