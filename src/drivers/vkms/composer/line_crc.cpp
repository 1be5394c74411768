// The CRC of composed lines that crtc-N/crc/data shows.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c, lib/crc32.c
#include "drivers/vkms/composer/line_crc.h"

#include <isa-l/crc.h>
#include <zlib.h>

namespace plugboard::vkms {

uint32_t update_crc(uint32_t crc, std::span<const Argb16> line) {
    // The library inverts the value on the way in and out; the kernel's crc32_le does not.
    const auto* bytes = reinterpret_cast<const unsigned char*>(line.data());
    return ~crc32_gzip_refl(~crc, bytes, line.size_bytes());
}

uint32_t join_crcs(uint32_t first, uint32_t second, uint64_t pixels) {
    // A sum of bits, so the inversions, which both stretches lack, do not matter to it.
    const auto bytes = static_cast<z_off_t>(pixels * sizeof(Argb16));
    return static_cast<uint32_t>(crc32_combine(first, second, bytes));
}

}  // namespace plugboard::vkms
