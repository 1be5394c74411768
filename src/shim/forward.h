// Calls that the daemon answers. Each returns what the system call would: a result, or minus an
// errno.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/labelled_pair.h"
#include "shim/paths.h"
#include "transport/file_number.h"
#include "transport/protocol.h"

namespace plugboard::shim {

/// open(2) of a node: a new open file. `target` is its file in the tree or an open descriptor of
/// it.
long open_node(const Target& target, int flags);
/// open(2) of a live file of the tree.
long open_live(const Target& target, int flags);

/// A change of names in a folder where clients may make some. `path` as the client sees it; of a
/// link `target` too, or why there is none in the tree, minus an errno.
long change_names(transport::NameChange change, std::string_view path, std::string_view target = {},
                  long target_error = 0);

/// Whether ioctls of this command are worth a look at the descriptor.
constexpr bool may_be_ours(unsigned long command) {
    const unsigned long type = command >> 8 & 0xff;
    return type == 'd' || type == '>' || type == 'W';
}
long forward_ioctl(int fd, const FdLabel& label, uint32_t command, void* argument);

/// The same for the descriptors of buffers.
constexpr bool may_be_of_buffers(unsigned long command) {
    return (command >> 8 & 0xff) == 'b';
}
long forward_buffer_ioctl(int fd, uint32_t command, void* argument);

/// What poll(2) of a dma-buf is to say.
struct BufferReadiness {
    int ready = 0;                // of POLLIN and POLLOUT
    int later = -1;               // the descriptor, if one is wanted; the caller closes it
    bool is_interrupted = false;  // a signal has been handled; also beside an error
};
/// `mask`: for who has blocked signals, the thread's while this sleeps; else null.
long poll_buffer(int fd, int events, transport::WantsDescriptor wants, const sigset_t* mask,
                 BufferReadiness& readiness);

/// mmap(2) of a DRM file: maps the buffer's memory.
long forward_mmap(int fd, const FdLabel& label, void* address, size_t length, int protection,
                  int flags, off64_t offset);

/// write(2) on a labelled descriptor.
long forward_write(int fd, const FdLabel& label, const void* bytes, size_t size);

/// socket(2) for NETLINK_KOBJECT_UEVENT: a stand-in.
long open_uevents(int type, int flags);
long change_uevents(int fd, const FdLabel& label, transport::UeventsChange change, uint32_t port,
                    uint32_t groups);
/// What netlink would say of the socket.
struct UeventsName {
    int type = 0;
    uint32_t port = 0;
    uint32_t groups = 0;
};
long name_uevents(int fd, const FdLabel& label, UeventsName& name);

/// read(2) on a DRM file of a size that is no multiple of an event's. Linux: drm_read
long read_events(int fd, void* to, size_t size);

}  // namespace plugboard::shim
