#include "drm/edid/parse.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "drm/edid/block.h"
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

}  // namespace

Result<Edid> parse(std::span<const std::byte> bytes, std::string* why) {
    const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    const Blocks blocks = TRY(believed_blocks({data, bytes.size()}, why));
    const Block base(blocks.front());
    Edid edid;
    std::vector<Block> extensions;
    for (const auto& block : blocks) {
        const auto part = std::as_bytes(std::span(block));
        edid.bytes.insert(edid.bytes.end(), part.begin(), part.end());
        if (&block != &blocks.front() && block[0] == cta_tag) extensions.emplace_back(block);
    }
    edid.name = monitor_name(base);
    edid.width_mm = base[width_cm_at] * 10U;
    edid.height_mm = base[height_cm_at] * 10U;
    edid.non_desktop = std::ranges::any_of(extensions, is_headset);
    edid.modes = ModeFinder(base, std::move(extensions)).find();
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
