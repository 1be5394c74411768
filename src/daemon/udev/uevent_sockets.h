// What clients hold in place of netlink sockets that listen to uevents.
// Linux: net/netlink/af_netlink.c
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "device/model.h"
#include "drm/special_file.h"
#include "drm/sync/sync_file.h"
#include "transport/protocol.h"
#include "uapi/user_memory.h"

namespace plugboard::daemon {

/// The multicast groups of NETLINK_KOBJECT_UEVENT, as bits of nl_groups.
enum class UeventGroup : uint32_t { Kernel = 1, Udev = 2 };

/// One listener: our end of a pair of datagram sockets. Held by the model's special files while a
/// copy of the client's end is open. Any thread.
class UeventSocket final : public drm::SpecialFile {
  public:
    /// sockaddr_nl
    struct Address {
        uint32_t port = 0;  // 0: not bound
        uint32_t groups = 0;
    };
    enum class Sent { Yes, Lost, NotListening, Gone };

    UeventSocket(drm::SpecialFiles& files, UniqueFd ours, int type)
        : files_(files), ours_(std::move(ours)), type_(type) {}

    /// Of the client's socket(2).
    int type() const { return type_; }
    Address address() const;
    /// bind(2), and joining and leaving of groups. Inval: bound to another port, or no such change;
    /// EADDRINUSE: the port is another's.
    Result<void> change(transport::UeventsChange change, uint32_t port, uint32_t groups,
                        const uapi::Credentials& caller);
    /// Never waits. A reader who is too slow gets nothing more until he has read all that is there,
    /// whose end is a message that tells him so.
    Sent send(UeventGroup group, std::span<const std::byte> message);

    FdKind kind() const override { return FdKind::Uevents; }
    Result<int> ioctl(drm::Request&, uint32_t, uapi::UserAddress) override { return Errno::NoTty; }
    /// Only the kernel and udev speak here.
    Result<size_t> write(std::span<const std::byte>) override { return Errno::Perm; }
    std::string label() const override { return "uevent socket"; }
    void visit_refs(RefVisitor&) const override {}

  private:
    Result<void> take_port(uint32_t port, uint32_t process);
    Sent send_locked(std::span<const std::byte> message) REQUIRES(mutex_);

    drm::SpecialFiles& files_;
    const UniqueFd ours_;
    const int type_;
    mutable Mutex<LockClass<UeventSocket>> mutex_;
    Address address_ GUARDED_BY(mutex_);
    bool is_congested_ GUARDED_BY(mutex_) = false;
};

/// All listeners of a model. Any thread.
class UeventSockets {
  public:
    explicit UeventSockets(device::Model& model) : model_(model) {}

    /// The client's end of a new one. `type`: SOCK_RAW or SOCK_DGRAM; `flags`: O_NONBLOCK. MFile,
    /// NFile, NoMem.
    Result<UniqueFd> open(int type, int flags);
    /// To all that listen to the group.
    void send(UeventGroup group, std::span<const std::byte> message);

  private:
    device::Model& model_;
};

}  // namespace plugboard::daemon
