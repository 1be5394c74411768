// Which handles of a file stand for which dma-bufs: exported ones and imported ones.
// Linux: drivers/gpu/drm/drm_prime.c, struct drm_prime_file_private
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace plugboard::drm::gem {

/// Its file does the locking. A dma-buf that the file names again gives the handle it has.
class PrimeTable {
  public:
    void add(uint32_t handle, uint64_t dma_buf) {
        if (dma_bufs_.emplace(handle, dma_buf).second) handles_.emplace(dma_buf, handle);
    }
    void remove(uint32_t handle) {
        const auto found = dma_bufs_.find(handle);
        if (found == dma_bufs_.end()) return;
        handles_.erase({found->second, handle});
        dma_bufs_.erase(found);
    }
    /// The lowest handle; 0: none.
    uint32_t find_handle(uint64_t dma_buf) const {
        const auto found = handles_.lower_bound({dma_buf, 0});
        return found != handles_.end() && found->first == dma_buf ? found->second : 0;
    }

  private:
    std::map<uint32_t, uint64_t> dma_bufs_;            // by handle
    std::set<std::pair<uint64_t, uint32_t>> handles_;  // of each dma-buf
};

}  // namespace plugboard::drm::gem
