#include "drm/edid/parse.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "drm/edid/block.h"
#include "drm/edid/displayid.h"
#include "drm/edid/mode_finder.h"

namespace plugboard::drm::edid {
namespace {

Errno refuse(std::string* why, const char* reason) {
    if (why) *why = reason;
    return Errno::Inval;
}

/// What of an EDID is believed: the base block first.
using Blocks = std::vector<std::vector<uint8_t>>;

Result<Blocks> believed_blocks(std::span<const uint8_t> bytes, std::string* why) {
    if (bytes.size() < block_size) return refuse(why, "it is shorter than 128 bytes");
    std::vector<uint8_t> base(bytes.begin(), bytes.begin() + block_size);
    BlockStatus status = check_block(Block(base), true);
    if (status == BlockStatus::RepairableHeader) {
        std::ranges::copy(header, base.begin());
        status = check_block(Block(base), true);
    }
    if (status != BlockStatus::Good) return refuse(why, explain(status));
    const size_t count = base[extensions_at];
    if (bytes.size() < (1 + count) * block_size)
        return refuse(why, "it ends before the extensions that it announces");

    Blocks blocks;
    blocks.push_back(std::move(base));
    for (size_t i = 1; i <= count; ++i) {
        const auto block = bytes.subspan(i * block_size).first<block_size>();
        // A wrong sum is forgiven here, and here alone. Linux: edid_block_status_valid
        const bool is_good = check_block(block, false) == BlockStatus::Good;
        if (is_good || block[0] == cta_tag) blocks.emplace_back(block.begin(), block.end());
    }
    if (blocks.size() == 1 + count) return blocks;
    blocks[0][extensions_at] = static_cast<uint8_t>(blocks.size() - 1);
    blocks[0][checksum_at] = checksum(Block(blocks[0]));
    return blocks;
}

std::string monitor_name(Block base) {
    for (size_t i = 0; i < detailed_count; ++i) {
        const auto d = base.subspan(detailed_at + i * detailed_size).first<detailed_size>();
        if (d[0] != 0 || d[1] != 0 || d[3] != name_tag) continue;
        std::string name;
        for (const uint8_t byte : d.subspan(5)) {
            if (byte == '\n') break;
            name += byte >= ' ' && byte <= '~' ? static_cast<char>(byte) : '?';
        }
        while (name.ends_with(' ')) name.pop_back();
        return name;
    }
    return {};
}

/// Linux: drm_parse_microsoft_vsdb
bool is_headset(Block extension) {
    constexpr uint8_t vendor_tag = 3, usage_bit = 0x40;
    constexpr size_t version_at_payload = 3, usage_at = 4, size = 21;
    bool is_one = false;
    for_each_data_block(extension, [&](uint8_t tag, std::span<const uint8_t> payload) {
        if (tag != vendor_tag || payload.size() != size) return;
        if (payload[0] != 0x5c || payload[1] != 0x12 || payload[2] != 0xca) return;
        const uint8_t version = payload[version_at_payload];
        if (version == 1 || version == 2) is_one = true;
        if (version == 3 && (payload[usage_at] & usage_bit) == 0) is_one = true;
    });
    return is_one;
}

/// Linux: update_display_info
uint32_t bits_per_color(Block base) {
    constexpr std::array<uint8_t, 8> depths{0, 6, 8, 10, 12, 14, 16, 0};
    if (base[revision_at] < 4 || (base[input_at] & digital_input) == 0) return 0;
    return depths[base[input_at] >> 4 & 7];
}

/// Linux: drm_get_monitor_range
void read_rates(Block base, Edid& edid) {
    constexpr uint8_t limits_only = 1, min_offset = 1, max_offset = 2;
    if (base[revision_at] < 2 || (base[features_at] & continuous_feature) == 0) return;
    for (size_t i = 0; i < detailed_count; ++i) {
        const auto d = base.subspan(detailed_at + i * detailed_size).first<detailed_size>();
        if (d[0] != 0 || d[1] != 0 || d[2] != 0 || d[3] != range_tag || d[10] != limits_only)
            continue;
        const uint8_t offsets = base[revision_at] >= 4 ? d[4] : 0;
        edid.min_hz = d[5] + ((offsets & min_offset) != 0 ? 255U : 0U);
        edid.max_hz = d[6] + ((offsets & max_offset) != 0 ? 255U : 0U);
    }
}

/// Linux: drm_parse_hdr_metadata_block
void read_hdr(Block extension, Edid& edid) {
    constexpr uint8_t extended_tag = 7, hdr_tag = 6, known_eotfs = 0x3f;
    for_each_data_block(extension, [&](uint8_t tag, std::span<const uint8_t> payload) {
        if (tag != extended_tag || payload.size() < 3 || payload[0] != hdr_tag) return;
        edid.hdr_eotfs = payload[1] & known_eotfs;
    });
}

void read_tile(Block extension, Edid& edid) {
    for_each_displayid_block(extension, [&](uint8_t tag, std::span<const uint8_t> payload) {
        if (tag != tile_tag && tag != tile_2_tag) return;
        if (const auto tile = displayid_tile(payload)) edid.tile = tile;
    });
}

}  // namespace

Result<Edid> parse(std::span<const std::byte> bytes, std::string* why) {
    const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    const Blocks blocks = TRY(believed_blocks({data, bytes.size()}, why));
    const Block base(blocks.front());
    Edid edid;
    std::vector<Block> extensions, displayids;
    for (const auto& block : blocks) {
        const auto part = std::as_bytes(std::span(block));
        edid.bytes.insert(edid.bytes.end(), part.begin(), part.end());
        if (&block == &blocks.front()) continue;
        if (block[0] == cta_tag) extensions.emplace_back(block);
        if (block[0] == displayid_tag) displayids.emplace_back(block);
    }
    edid.name = monitor_name(base);
    edid.width_mm = base[width_cm_at] * 10U;
    edid.height_mm = base[height_cm_at] * 10U;
    edid.non_desktop = std::ranges::any_of(extensions, is_headset);
    edid.bits_per_color = bits_per_color(base);
    read_rates(base, edid);
    for (const Block& extension : extensions) read_hdr(extension, edid);
    for (const Block& extension : displayids) read_tile(extension, edid);
    edid.modes = ModeFinder(base, std::move(extensions), std::move(displayids)).find();
    return edid;
}

bool is_whole(std::span<const std::byte> bytes) {
    const std::span data(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    if (data.size() < block_size) return false;
    const size_t count = size_t{1} + data[extensions_at];
    if (data.size() != count * block_size) return false;
    const auto blocks = believed_blocks(data, nullptr);
    return blocks.ok() && blocks.value().size() == count;
}

}  // namespace plugboard::drm::edid
