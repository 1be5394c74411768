// A socket of the board that listens, and that has an answer left when descriptors run out.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace plugboard::daemon {

/// Used by its server's accepting thread, but for shut_down().
class Listener {
  public:
    enum class Type { Stream, Packets };
    /// Tells a connection that it is not served, and why; it is closed afterwards. Does not wait.
    using Refuse = std::function<void(int socket, Errno error)>;

    /// Bound to `path`. NameTooLong, MFile, NFile, NoMem, and what bind(2) says.
    static Result<Listener> create(const std::string& path, Type type);

    int poll_fd() const { return socket_.borrow(); }
    /// How many descriptors it keeps.
    static constexpr size_t descriptors() { return 2; }

    /// The next connection; waits for it. MFile, NFile: there is no descriptor for it, so it has
    /// been refused and closed. Inval: shut_down().
    Result<UniqueFd> accept(const Refuse& refuse);
    /// Any thread: ends accept() for good.
    void shut_down();

  private:
    Listener(UniqueFd socket, UniqueFd spare)
        : socket_(std::move(socket)), spare_(std::move(spare)) {}
    void refuse_one(const Refuse& refuse, Errno error);

    UniqueFd socket_;
    UniqueFd spare_;  // given up for the moment of a refusal
};

/// Who had connected; nothing when the kernel does not tell.
std::optional<ucred> peer_of(int socket);
/// The daemon's own user, or root.
bool is_own_user(const ucred& peer);

}  // namespace plugboard::daemon
