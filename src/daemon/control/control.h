// The control socket: one JSON object a line, each way. docs/control.md has the commands.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/mutex.h"
#include "base/result.h"
#include "base/thread.h"
#include "base/unique_fd.h"
#include "base/wait.h"
#include "daemon/config/json_place.h"
#include "daemon/config/problem.h"
#include "daemon/session/listener.h"

namespace plugboard::daemon {

inline constexpr int control_version = 1;
inline constexpr size_t longest_control_line = 64 * 1024;
inline constexpr size_t longest_control_name = 4096;  // of what a request names

/// What a command answers: members beside "ok", and perhaps a descriptor.
struct Reply {
    nlohmann::json body = nlohmann::json::object();
    UniqueFd attachment{};
};
/// A problem, or nothing beside "ok".
Outcome<Reply> reply_of(const Outcome<Done>& done);

/// What is not as it is asked for is thrown, and told with its key.
using Command = std::function<Outcome<Reply>(const JsonPlace& request)>;
/// One that may wait for something: in `caller`, which is interrupted when nobody waits for the
/// answer any more.
using WaitingCommand = std::function<Outcome<Reply>(const JsonPlace& request, Sleeper& caller)>;

/// What to do for each "op". Filled before it is used, constant then.
class Commands {
  public:
    void add(std::string op, Command run) {
        add_waiting(std::move(op), [run = std::move(run)](const JsonPlace& request, Sleeper&) {
            return run(request);
        });
    }
    void add_waiting(std::string op, WaitingCommand run) {
        commands_.insert_or_assign(std::move(op), std::move(run));
    }

    /// Answers one line: parses, checks the version, runs. Never throws; the reply has "plugboard"
    /// and "ok", and "error" and "remedy" when it is not.
    Reply answer(std::string_view line, Sleeper& caller) const;

  private:
    std::map<std::string, WaitingCommand, std::less<>> commands_;
};

/// Reads lines from a connected stream socket and answers them until it hangs up, a line is too
/// long, or stop() was called elsewhere by shutdown(2). Any of these ends a command that waits.
/// `event` is ConnectionSleeper::make_event()'s.
void serve_control_lines(int socket, int event, const Commands& commands);

/// Listens, and serves each connection on a thread of its own; only to its own user and root. One
/// that there is no room for gets a line that says so.
class ControlServer {
  public:
    /// `path` must fit a socket address. MFile, NoMem, and what bind() says.
    static Result<std::unique_ptr<ControlServer>> create(const std::string& path,
                                                         const Commands& commands);
    /// From here on connections are served. Once.
    /// Again: there is no thread for it.
    Result<void> start();
    ~ControlServer();  // end()
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    /// Ends every connection and waits for its thread; no command runs from then on. Not from a
    /// command.
    void end();

    /// How many descriptors this process has beside this server's, none of which comes or goes
    /// meanwhile: for the leak check.
    size_t count_others() const;

  private:
    struct Connection {
        UniqueFd socket, event;  // both open until it is done
        Thread thread{};
        bool done = false;
    };
    ControlServer(Listener listener, const Commands& commands);
    void accept_connections();
    void serve(Connection& connection);
    /// Why it was refused; empty: it was not.
    std::string start_connection_locked(UniqueFd socket) REQUIRES(mutex_);
    void join_finished_locked() REQUIRES(mutex_);

    Listener listener_;
    const Commands& commands_;
    mutable Mutex<LockClass<ControlServer>> mutex_;
    std::list<Connection> connections_ GUARDED_BY(mutex_);
    Thread acceptor_;
};

}  // namespace plugboard::daemon
