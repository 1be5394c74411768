// What makes a layout one that a device can be built from: the rules of the kernel's configfs.
// Linux: drivers/gpu/drm/vkms/vkms_config.c, vkms_config_is_valid
#include <fmt/format.h>

#include <bit>

#include "drivers/vkms/config.h"
#include "drivers/vkms/layout.h"

namespace plugboard::vkms {
namespace {

/// Collects what is wrong.
class LayoutCheck {
  public:
    LayoutCheck(const Layout& layout, size_t screens) : layout_(layout), screens_(screens) {}

    std::vector<ConfigError> run() {
        check_count("plane", layout_.planes.size());
        check_count("crtc", layout_.crtcs.size());
        check_count("encoder", layout_.encoders.size() + writebacks());
        check_count("screen", screens_);
        if (!errors_.empty()) return std::move(errors_);
        for (size_t i = 0; i < layout_.planes.size(); ++i)
            check_mask("plane", i, "CRTC", layout_.planes[i].possible_crtcs, layout_.crtcs.size());
        for (size_t i = 0; i < layout_.encoders.size(); ++i)
            check_mask("encoder", i, "CRTC", layout_.encoders[i].possible_crtcs,
                       layout_.crtcs.size());
        for (size_t i = 0; i < screens_; ++i) {
            const uint32_t mask =
                i < layout_.possible_encoders.size() ? layout_.possible_encoders[i] : 0;
            check_mask("screen", i, "encoder", mask, layout_.encoders.size());
        }
        for (size_t i = 0; i < layout_.crtcs.size(); ++i) check_crtc(i);
        return std::move(errors_);
    }

  private:
    size_t writebacks() const {
        size_t count = 0;
        for (const CrtcConfig& crtc : layout_.crtcs) count += crtc.writeback ? 1 : 0;
        return count;
    }

    void check_count(const char* what, size_t count) {
        if (count >= 1 && count <= max_objects) return;
        errors_.push_back({what, fmt::format("{} of them, there are 1 to {}", count, max_objects),
                           "add one, or spread them over several cards"});
    }

    void check_mask(const char* what, size_t index, const char* of, uint32_t mask, size_t count) {
        const std::string key = fmt::format("{}[{}]", what, index);
        if (mask == 0) {
            errors_.push_back(
                {key, fmt::format("it has no possible {}", of),
                 fmt::format("give it one or more of the {}s 0 to {}", of, count - 1)});
        } else if ((mask & ~all_bits(count)) != 0) {
            errors_.push_back({key, fmt::format("there is no {} {}", of, std::bit_width(mask) - 1),
                               fmt::format("use those from 0 to {}", count - 1)});
        }
    }

    void check_crtc(size_t index) {
        size_t primaries = 0, cursors = 0;
        bool has_encoder = false;
        for (const PlaneConfig& plane : layout_.planes) {
            if ((plane.possible_crtcs & (1U << index)) == 0) continue;
            primaries += plane.type == drm::PlaneType::Primary ? 1 : 0;
            cursors += plane.type == drm::PlaneType::Cursor ? 1 : 0;
        }
        for (const EncoderConfig& encoder : layout_.encoders)
            has_encoder = has_encoder || (encoder.possible_crtcs & (1U << index)) != 0;
        const std::string key = fmt::format("crtc[{}]", index);
        if (primaries != 1) {
            errors_.push_back({key, fmt::format("it has {} primary planes", primaries),
                               "give it one, which no other CRTC needs"});
        }
        if (cursors > 1) {
            errors_.push_back(
                {key, fmt::format("it has {} cursor planes", cursors), "give it one, or none"});
        }
        if (!has_encoder)
            errors_.push_back({key, "no encoder is for it", "add it to the crtcs of one"});
    }

    const Layout& layout_;
    const size_t screens_;
    std::vector<ConfigError> errors_;
};

}  // namespace

std::vector<ConfigError> validate(const Layout& layout, size_t screens) {
    return LayoutCheck(layout, screens).run();
}

}  // namespace plugboard::vkms
