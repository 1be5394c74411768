// poll(2) of buffers among other descriptors.
#include <algorithm>
#include <cerrno>

#include "shim/buffer_wait.h"
#include "shim/buffers.h"
#include "shim/descriptors.h"
#include "shim/result.h"

namespace plugboard::shim {
namespace {

/// What a ready file says that is none of the descriptors' kinds that poll has to be asked about.
bool is_ready_buffer(const pollfd& entry) {
    return (entry.revents & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)) != 0 &&
           is_buffer(entry.fd);
}

}  // namespace

bool has_ready_buffer(const pollfd* fds, nfds_t count) {
    return std::any_of(fds, fds + count, is_ready_buffer);
}

int poll_buffers(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask) {
    Deadline deadline(timeout);
    BufferWait wait(fds, count);
    const long found = wait.fds() ? wait.wait(deadline, mask) : -ENOMEM;
    wait.end();
    return finish(found);
}

}  // namespace plugboard::shim
