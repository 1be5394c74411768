// The memory and descriptors of a client at the other end of a channel.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "transport/channel.h"
#include "uapi/user_memory.h"

namespace plugboard::daemon {

/// One ioctl's view of its caller. On the session's thread. Each question may wait for the client;
/// a channel that ends meanwhile faults.
class ChannelMemory final : public uapi::UserMemory {
  public:
    /// `request` is an Ioctl message and outlives this.
    ChannelMemory(transport::Channel& channel, const transport::Message& request);

    Result<void> read(std::span<std::byte> to, uapi::UserAddress from) override;
    Result<void> write(uapi::UserAddress to, std::span<const std::byte> from) override;
    Result<void> write_now(uapi::UserAddress to, std::span<const std::byte> from) override;
    Result<UniqueFd> take_fd(int number) override;
    Result<int> install_fd(UniqueFd fd, uapi::OnExec on_exec) override;

    /// Ends the request: its result and the writes that were put off.
    void reply(const Result<int>& result);

  private:
    /// What came with the request, if it holds all of this.
    std::span<const std::byte> find_prefetched(uint64_t address, size_t size) const;
    bool is_in_bad_argument(uint64_t address, size_t size) const;
    Result<void> pull(std::span<std::byte> to, uint64_t from);
    Result<void> push(uint64_t to, std::span<const std::byte> from);
    /// Sends the deferred writes ahead of the reply, when they are too many for one packet.
    Result<void> flush();

    transport::Channel& channel_;
    const transport::Message& request_;
    const transport::IoctlBody body_;
    std::vector<transport::Range> deferred_;
    std::vector<std::byte> deferred_bytes_;
};

}  // namespace plugboard::daemon
