#include "drm/edid/block.h"

#include <algorithm>
#include <numeric>

namespace plugboard::drm::edid {
namespace {

// Linux repairs headers of which so many bytes are right.
constexpr auto repairable_bytes = 6;

BlockStatus check_header(Block block) {
    const auto right = std::transform_reduce(header.begin(), header.end(), block.begin(), 0,
                                             std::plus<>(), std::equal_to<>());
    if (right == static_cast<int>(header.size())) return BlockStatus::Good;
    return right >= repairable_bytes ? BlockStatus::RepairableHeader : BlockStatus::BadHeader;
}

}  // namespace

uint8_t checksum(Block block) {
    const auto sum = std::accumulate(block.begin(), block.end() - 1, 0U);
    return static_cast<uint8_t>(0x100 - (sum & 0xff));
}

BlockStatus check_block(Block block, bool is_base) {
    if (is_base) {
        if (const BlockStatus status = check_header(block); status != BlockStatus::Good) {
            const bool is_zero = std::ranges::all_of(block, [](uint8_t byte) { return byte == 0; });
            return is_zero ? BlockStatus::Zero : status;
        }
    }
    if (checksum(block) != block[checksum_at]) return BlockStatus::BadChecksum;
    if (is_base && block[version_at] != 1) return BlockStatus::BadVersion;
    return BlockStatus::Good;
}

const char* explain(BlockStatus status) {
    switch (status) {
        case BlockStatus::Good: return "it is good";
        case BlockStatus::RepairableHeader: return "the header is damaged, but can be repaired";
        case BlockStatus::BadHeader: return "it does not begin as an EDID does";
        case BlockStatus::BadVersion: return "its version is not 1";
        case BlockStatus::BadChecksum: return "the checksum of its first block is wrong";
        case BlockStatus::Zero: return "it is all zeros";
    }
    return "";
}

}  // namespace plugboard::drm::edid
