// UserMemory of a caller in this very process: plain memory, plain descriptors.
#pragma once

#include <vector>

#include "uapi/user_memory.h"

namespace plugboard::uapi {

/// Faults on addresses that are not mapped, as the kernel would. One request at a time.
class InProcessMemory final : public UserMemory {
  public:
    Result<void> read(std::span<std::byte> to, UserAddress from) override;
    Result<void> write(UserAddress to, std::span<const std::byte> from) override;
    Result<void> write_now(UserAddress to, std::span<const std::byte> from) override;
    Result<UniqueFd> take_fd(int number) override;
    Result<int> install_fd(UniqueFd fd, OnExec on_exec) override;

    /// Ends a request: descriptors given out by one that failed are closed again.
    void end_request(bool failed);

  private:
    std::vector<int> installed_;
};

}  // namespace plugboard::uapi
