// Collects the modes of one EDID in the order in which the kernel finds them.
// Linux: drivers/gpu/drm/drm_edid.c, _drm_edid_connector_add_modes
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "drm/edid/block.h"
#include "drm/objects/mode.h"

namespace plugboard::drm::edid {

/// For the time of one parse(); the blocks outlive it.
class ModeFinder {
  public:
    ModeFinder(Block base, std::vector<Block> extensions, std::vector<Block> displayids)
        : base_(base), extensions_(std::move(extensions)), displayids_(std::move(displayids)) {}

    std::vector<Mode> find();

  private:
    using Descriptor = std::span<const uint8_t, detailed_size>;
    /// A mode that is known already stays once, and is preferred if either was.
    void add(const Mode& mode);
    bool has(uint32_t width, uint32_t height, uint32_t refresh_hz) const;
    template <class Use>
    void for_each_descriptor(Use use) const;

    void add_detailed_modes();
    void add_detailed(Descriptor timing);
    void add_standard_modes();
    void add_standard(uint8_t size, uint8_t aspect_and_rate);
    void add_established_modes();
    void add_cta_modes();
    void add_alternate_cta_modes();
    void add_displayid_modes();
    void add_modes_in_range();

    const Block base_;
    const std::vector<Block> extensions_;  // of CTA-861
    const std::vector<Block> displayids_;
    std::vector<Mode> modes_;
    bool next_is_preferred_ = false;
};

/// Calls use(tag, payload) for each data block of a CTA-861 extension.
template <class Use>
void for_each_data_block(Block extension, Use use) {
    constexpr uint8_t first_with_blocks = 3;
    if (extension[1] < first_with_blocks) return;
    // 0: neither blocks nor timings.
    const size_t end = extension[2] == 0 ? 4 : extension[2];
    if (end < 4 || end > checksum_at) return;
    for (size_t at = 4; at < end;) {
        const size_t size = extension[at] & 0x1f;
        if (at + 1 + size > end) return;
        use(static_cast<uint8_t>(extension[at] >> 5), extension.subspan(at + 1, size));
        at += 1 + size;
    }
}

}  // namespace plugboard::drm::edid
