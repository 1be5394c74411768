// The caller's memory and file descriptors, as the handlers of its requests reach them.
// Linux: include/linux/uaccess.h, include/linux/file.h
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "base/result.h"
#include "base/unique_fd.h"

namespace plugboard::uapi {

/// An address in the caller's memory, as it stands in an ioctl struct.
enum class UserAddress : uint64_t {};

constexpr UserAddress operator+(UserAddress address, uint64_t bytes) {
    return UserAddress{static_cast<uint64_t>(address) + bytes};
}

/// What becomes of a descriptor in a program that its owner starts.
enum class OnExec { Close, Keep };

/// One request's view of its caller. Used by the request's thread only; any call may wait for the
/// caller, who may be hostile: never with a lock or a Bound held.
class UserMemory {
  public:
    /// Errno::Fault when not all of it can be read.
    virtual Result<void> read(std::span<std::byte> to, UserAddress from) = 0;
    /// May take effect only when the request ends; a fault then makes the request fail with EFAULT.
    virtual Result<void> write(UserAddress to, std::span<const std::byte> from) = 0;
    /// Written before it returns: for writes whose failure must prevent the request's effect.
    virtual Result<void> write_now(UserAddress to, std::span<const std::byte> from) = 0;

    /// A duplicate of the caller's descriptor. Errno::BadF when it is not open.
    virtual Result<UniqueFd> take_fd(int number) = 0;
    /// Gives the caller a descriptor and says its number there; taken back if the request fails.
    /// Errno::MFile.
    virtual Result<int> install_fd(UniqueFd fd, OnExec on_exec) = 0;

    template <class T>
    Result<T> read_value(UserAddress from) {
        static_assert(std::is_trivially_copyable_v<T>);
        T value{};
        if (auto done = read(std::as_writable_bytes(std::span(&value, 1)), from); !done.ok())
            return done.error();
        return value;
    }
    template <class T>
    Result<void> write_value(UserAddress to, const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        return write(to, std::as_bytes(std::span(&value, 1)));
    }
    template <class T>
    Result<void> write_value_now(UserAddress to, const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        return write_now(to, std::as_bytes(std::span(&value, 1)));
    }

  protected:
    ~UserMemory() = default;
};

/// Who sent a request, taken anew for each one.
struct Credentials {
    int pid = 0;  // thread group id
    uint32_t uid = 0;
    uint32_t gid = 0;

    bool is_root() const { return uid == 0; }
};

}  // namespace plugboard::uapi
