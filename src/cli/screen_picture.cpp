#include "cli/screen_picture.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "cli/failure.h"

namespace plugboard::cli {

nlohmann::json screenshot_request(const std::string& screen) {
    nlohmann::json request = {{"op", "screenshot"}};
    if (!screen.empty()) request["screen"] = screen;
    return request;
}

Picture picture_of(const Answer& answer) {
    Picture picture{.width = answer.body.value("width", 0u),
                    .height = answer.body.value("height", 0u),
                    .rgb = {}};
    const size_t size = size_t{3} * picture.width * picture.height;
    const UniqueFd& memory = answer.attachment;
    struct stat info {};
    const bool fits = memory.is_open() && fstat(memory.borrow(), &info) == 0 &&
                      static_cast<uint64_t>(info.st_size) >= size && size > 0;
    void* data = MAP_FAILED;
    if (fits) data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, memory.borrow(), 0);
    if (data == MAP_FAILED)
        throw Failure("the board sent no picture", "use the plugboard of the board's own version");
    const auto* bytes = static_cast<const uint8_t*>(data);
    picture.rgb.assign(bytes, bytes + size);
    munmap(data, size);
    return picture;
}

}  // namespace plugboard::cli
