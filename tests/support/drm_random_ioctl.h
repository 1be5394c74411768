// For tests: ioctls made of random numbers, most of them nearly right, and the memory that their
// pointers lead to.
#pragma once

#include <drm.h>
#include <drm_mode.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "tests/support/dice.h"
#include "uapi/user_memory.h"

namespace plugboard::tests {

/// A caller's whole memory, with a fault on either side of it, and its descriptors. One thread.
class CallerMemory final : public uapi::UserMemory {
  public:
    static constexpr uint64_t base = 0x100000, size = 0xc000;
    static constexpr uint64_t arrays = base + 0x4000, array_size = 0x400;
    static constexpr int first_fd = 100;

    Result<void> read(std::span<std::byte> to, uapi::UserAddress from) override;
    Result<void> write(uapi::UserAddress to, std::span<const std::byte> from) override;
    Result<void> write_now(uapi::UserAddress to, std::span<const std::byte> from) override;
    Result<UniqueFd> take_fd(int number) override;
    Result<int> install_fd(UniqueFd fd, uapi::OnExec on_exec) override;

    /// Of what was given to the request's caller; taken back if it failed.
    void end_request(bool failed);

    /// Not by a request: the caller's own open() and close().
    int add_fd(UniqueFd fd);
    void close_fd(int number);
    /// One more than the highest that was ever open.
    int end_of_fds() const { return first_fd + static_cast<int>(fds_.size()); }

    template <class T>
    void put(uint64_t address, const T& value) {
        std::memcpy(at(address, sizeof(value)), &value, sizeof(value));
    }
    template <class T>
    T peek(uint64_t address) {
        T value;
        std::memcpy(&value, at(address, sizeof(value)), sizeof(value));
        return value;
    }

  private:
    /// Null: not all of it is there.
    std::byte* at(uint64_t address, uint64_t length);

    std::vector<std::byte> bytes_ = std::vector<std::byte>(size);
    std::vector<UniqueFd> fds_;
    size_t kept_fds_ = 0;
};

/// What a card has; of which random ids are chosen.
struct Known {
    struct Property {
        uint32_t id = 0;
        uint64_t value = 0;
    };
    std::vector<uint32_t> planes, crtcs, connectors, encoders;
    std::map<uint32_t, std::vector<Property>> properties;  // by object
    std::vector<uint32_t> framebuffers, blobs;
    drm_mode_modeinfo mode{};
};

struct RandomCall {
    uint32_t command = 0;
    uint64_t address = 0;
};

/// Writes the argument and its arrays into the memory.
RandomCall make_call(Dice& dice, const Known& known, CallerMemory& memory);

}  // namespace plugboard::tests
