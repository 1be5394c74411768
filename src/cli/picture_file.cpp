#include "cli/picture_file.h"

#include <fmt/format.h>
#include <png.h>
#include <string.h>

#include <cerrno>

#include "cli/failure.h"

namespace plugboard::cli {

Picture read_png(const std::string& file) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    errno = 0;
    const auto failed = [&] {
        const std::string why =
            errno != 0 ? strerror(errno) : static_cast<const char*>(image.message);
        png_image_free(&image);
        return Failure(fmt::format("{} cannot be read: {}", file, why),
                       "it must be a PNG, such as plugboard screenshot writes");
    };
    if (png_image_begin_read_from_file(&image, file.c_str()) == 0) throw failed();
    image.format = PNG_FORMAT_RGB;
    Picture picture{.width = image.width, .height = image.height, .rgb = {}};
    picture.rgb.resize(PNG_IMAGE_SIZE(image));
    if (png_image_finish_read(&image, nullptr, picture.rgb.data(), 0, nullptr) == 0) throw failed();
    return picture;
}

void write_png(const std::string& file, uint32_t width, uint32_t height,
               std::span<const uint8_t> rgb) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = width;
    image.height = height;
    image.format = PNG_FORMAT_RGB;
    errno = 0;
    if (png_image_write_to_file(&image, file.c_str(), 0, rgb.data(), 0, nullptr) != 0) return;
    throw Failure(
        fmt::format("{} cannot be written: {}", file,
                    errno != 0 ? strerror(errno) : static_cast<const char*>(image.message)),
        "check the folder and its space");
}

}  // namespace plugboard::cli
