// A copy of a picture, which no client draws to.
#include "drivers/vkms/composer/still_picture.h"

#include <algorithm>
#include <array>
#include <new>

#include "drm/pixel/format.h"

namespace plugboard::vkms {

Result<SourceImage> StillPicture::copy(const SourceImage& picture) {
    const drm::FormatInfo& format = *drm::find_format(picture.format);
    std::array<uint64_t, drm::max_planes> rows{}, row_bytes{};
    uint64_t size = 0;
    for (uint32_t i = 0; i < format.num_planes; ++i) {
        rows[i] = drm::plane_height(format, i, picture.size.height);
        row_bytes[i] = drm::min_pitch(format, i, picture.size.width);
        size += rows[i] * row_bytes[i];
    }
    fingerprint_.reset();
    // As much as before, or somewhat less: else one large picture would be kept for all small ones.
    if (size > capacity_ || size < capacity_ / 2) {
        bytes_.reset();
        capacity_ = 0;
        bytes_.reset(new (std::nothrow) std::byte[size]);
        if (!bytes_) return Errno::NoMem;
        capacity_ = size;
    }
    image_ = picture;
    std::byte* place = bytes_.get();
    for (uint32_t i = 0; i < format.num_planes; ++i) {
        uint64_t filled = 0;  // less than all where the picture's memory ends before
        for (uint64_t y = 0; y < rows[i] && filled == y * row_bytes[i]; ++y) {
            const auto row = picture.planes[i].at(y, 0, row_bytes[i]);
            std::ranges::copy(row, place + filled);
            filled += row.size();
        }
        image_.planes[i] = {.bytes = {place, filled}, .pitch = static_cast<uint32_t>(row_bytes[i])};
        place += filled;
    }
    return image_;
}

Result<SourceImage> StillPicture::update(const SourceImage& picture) {
    if (fingerprint_ && *fingerprint_ == fingerprint_of(picture)) {
        // The same pixels, which may have another meaning.
        image_.encoding = picture.encoding;
        image_.range = picture.range;
        return image_;
    }
    TRY(copy(picture));
    fingerprint_ = fingerprint_of(image_);
    return image_;
}

}  // namespace plugboard::vkms
