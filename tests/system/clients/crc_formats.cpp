// Shows on card0 what each line of a crc2.txt says, and prints the line with the CRC that comes.
//   crc_formats FILE
#include <fstream>

#include "tests/support/raw_picture.h"
#include "tests/support/reference_scene.h"
#include "tests/system/clients/card.h"

namespace {

using client::Card;
using client::must;
using plugboard::tests::RawPicture;
using plugboard::tests::ReferenceScene;

/// A framebuffer with a buffer for each of its planes.
uint32_t upload(const Card& card, const RawPicture& picture) {
    drm_mode_fb_cmd2 add{};
    add.width = picture.width;
    add.height = picture.height;
    add.pixel_format = picture.format;
    for (uint32_t i = 0; i < picture.planes.size(); i++) {
        const uint32_t pitch = picture.pitch(i);
        const auto rows = static_cast<uint32_t>(picture.planes[i].size() / pitch);
        drm_mode_create_dumb create{};
        create.width = pitch;
        create.height = rows;
        create.bpp = 8;
        must(card.call(DRM_IOCTL_MODE_CREATE_DUMB, create) == 0, "CREATE_DUMB");
        drm_mode_map_dumb map{};
        map.handle = create.handle;
        must(card.call(DRM_IOCTL_MODE_MAP_DUMB, map) == 0, "MAP_DUMB");
        void* memory = mmap(nullptr, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, card.fd(),
                            static_cast<off_t>(map.offset));
        must(memory != MAP_FAILED, "mmap");
        for (uint32_t y = 0; y < rows; y++)
            std::memcpy(static_cast<std::byte*>(memory) + size_t{y} * create.pitch,
                        &picture.planes[i][size_t{y} * pitch], pitch);
        munmap(memory, create.size);
        add.handles[i] = create.handle;
        add.pitches[i] = create.pitch;
    }
    must(card.call(DRM_IOCTL_MODE_ADDFB2, add) == 0, "ADDFB2");
    return add.fb_id;
}

class Screen {
  public:
    Screen() {
        card_.discover();
        const auto small = std::ranges::find_if(card_.all_modes, [](const auto& mode) {
            return mode.hdisplay == plugboard::tests::reference_width &&
                   mode.vdisplay == plugboard::tests::reference_height;
        });
        must(small != card_.all_modes.end(), "a mode of 640x480");
        mode_ = blob(&*small, sizeof *small);
        const auto gamma = plugboard::tests::reference_gamma(256);
        gamma_ = blob(gamma.data(), gamma.size() * sizeof gamma[0]);
        below_ = upload(card_, picture_of({.format = "XRGB8888"}));
    }

    void show(const ReferenceScene& scene) {
        values_.clear();
        set(card_.crtc, DRM_MODE_OBJECT_CRTC, "MODE_ID", mode_);
        set(card_.crtc, DRM_MODE_OBJECT_CRTC, "ACTIVE", 1);
        set(card_.crtc, DRM_MODE_OBJECT_CRTC, "GAMMA_LUT", scene.has_gamma ? gamma_ : 0);
        set(card_.connector, DRM_MODE_OBJECT_CONNECTOR, "CRTC_ID", card_.crtc);
        if (scene.is_overlay) {
            place(card_.primary, below_, {});
            place(card_.all_planes[1], upload(card_, picture_of(scene)), scene);
        } else {
            place(card_.primary, upload(card_, picture_of(scene)), scene);
            set(card_.all_planes[1], DRM_MODE_OBJECT_PLANE, "FB_ID", 0);
            set(card_.all_planes[1], DRM_MODE_OBJECT_PLANE, "CRTC_ID", 0);
        }
        errno = card_.atomic(values_, DRM_MODE_ATOMIC_ALLOW_MODESET);
        must(errno == 0, "ATOMIC");
    }

  private:
    static RawPicture picture_of(const ReferenceScene& scene) {
        const uint32_t format = plugboard::tests::format_named(scene.format);
        errno = EINVAL;
        must(format != 0, scene.format.c_str());
        return plugboard::tests::raw_picture(format, scene.width, scene.height);
    }
    uint32_t blob(const void* data, size_t size) const {
        drm_mode_create_blob create{Card::address(data), static_cast<uint32_t>(size), 0};
        must(card_.call(DRM_IOCTL_MODE_CREATEPROPBLOB, create) == 0, "CREATEPROPBLOB");
        return create.blob_id;
    }
    void set(uint32_t object, uint32_t type, const char* name, uint64_t value) {
        values_.push_back({object, card_.property(object, type, name), value});
    }
    void place(uint32_t plane, uint32_t fb, const ReferenceScene& scene) {
        const auto put = [&](const char* name, uint64_t value) {
            set(plane, DRM_MODE_OBJECT_PLANE, name, value);
        };
        const bool turned = (scene.rotation & (DRM_MODE_ROTATE_90 | DRM_MODE_ROTATE_270)) != 0;
        put("FB_ID", fb);
        put("CRTC_ID", card_.crtc);
        put("SRC_X", 0);
        put("SRC_Y", 0);
        put("SRC_W", uint64_t{scene.width} << 16);
        put("SRC_H", uint64_t{scene.height} << 16);
        put("CRTC_X", static_cast<uint64_t>(int64_t{scene.x}));
        put("CRTC_Y", static_cast<uint64_t>(int64_t{scene.y}));
        put("CRTC_W", turned ? scene.height : scene.width);
        put("CRTC_H", turned ? scene.width : scene.height);
        put("rotation", scene.rotation);
        put("COLOR_ENCODING", scene.color_encoding);
        put("COLOR_RANGE", scene.color_range);
    }

    Card card_;
    uint32_t mode_ = 0, gamma_ = 0, below_ = 0;
    std::vector<Card::Value> values_;
};

}  // namespace

int main(int argc, char** argv) {
    errno = EINVAL;
    must(argc == 2, "usage: crc_formats FILE");
    std::ifstream file(argv[1]);
    must(file.is_open(), argv[1]);
    Screen screen;
    for (std::string line; std::getline(file, line);) {
        const std::string words = line.substr(0, line.rfind(" 0x"));
        screen.show(plugboard::tests::reference_scene(words));
        std::printf("%s %s\n", words.c_str(), client::read_crc().c_str());
    }
    return 0;
}
