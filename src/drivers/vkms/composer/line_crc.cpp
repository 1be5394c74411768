// The CRC of composed lines that crtc-N/crc/data shows.
// Linux: drivers/gpu/drm/vkms/vkms_composer.c, lib/crc32.c
#include "drivers/vkms/composer/line_crc.h"

#include <zlib.h>

namespace plugboard::vkms {

uint32_t update_crc(uint32_t crc, std::span<const Argb16> line) {
    if (line.empty()) return crc;  // zlib takes a null pointer as a question for its seed
    // zlib inverts the value on the way in and out; the kernel's crc32_le does not.
    const auto* bytes = reinterpret_cast<const Bytef*>(line.data());
    return ~static_cast<uint32_t>(crc32_z(~crc, bytes, line.size_bytes()));
}

}  // namespace plugboard::vkms
