#include "drm/objects/framebuffer.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/support/drm_client.h"
#include "uapi/drm_fourcc_extra.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

constexpr uint64_t i915_x_tiled = (uint64_t{1} << 56) | 1;

struct AddFbCase {
    const char* name;
    std::function<void(drm_mode_fb_cmd2&)> change;
    int error;
    const char* reason;
};

void PrintTo(const AddFbCase& one, std::ostream* to) {
    *to << one.name;
}

class AddFb2 : public testing::TestWithParam<AddFbCase> {};

TEST_P(AddFb2, answers) {
    Board board;
    Client client(board.drm());
    drm_mode_fb_cmd2 fb = client.good_fb();
    GetParam().change(fb);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB2, fb), GetParam().error);
    EXPECT_EQ(client.reason(), GetParam().reason);
    EXPECT_EQ(fb.fb_id != 0, GetParam().error == 0);
}

/// NV12 in one buffer: 1024x768 samples, then half as many lines of chroma.
void make_nv12(drm_mode_fb_cmd2& fb) {
    fb.pixel_format = DRM_FORMAT_NV12;
    fb.handles[1] = fb.handles[0];
    fb.pitches[0] = fb.pitches[1] = 1024;
    fb.offsets[1] = 1024 * 768;
}

const std::vector<AddFbCase>& cases() {
    using Fb = drm_mode_fb_cmd2&;
    static const std::vector<AddFbCase> all{
        {"good", [](Fb) {}, 0, ""},
        {"flags", [](Fb fb) { fb.flags = 4; }, EINVAL, "flags 0x4: only 0x3 are known"},
        {"interlaced", [](Fb fb) { fb.flags = DRM_MODE_FB_INTERLACED; }, 0, ""},
        {"width_0", [](Fb fb) { fb.width = 0; }, EINVAL, "width 0 is not 10..8192"},
        {"width_9", [](Fb fb) { fb.width = 9; }, EINVAL, "width 9 is not 10..8192"},
        {"width_8193", [](Fb fb) { fb.width = 8193; }, EINVAL, "width 8193 is not 10..8192"},
        {"height_0", [](Fb fb) { fb.height = 0; }, EINVAL, "height 0 is not 10..8192"},
        {"smallest", [](Fb fb) { fb.width = fb.height = 10; }, 0, ""},
        {"format_0", [](Fb fb) { fb.pixel_format = 0; }, EINVAL,
         "format \\x00\\x00\\x00\\x00 is unknown"},
        {"big_endian", [](Fb fb) { fb.pixel_format |= DRM_FORMAT_BIG_ENDIAN; }, EINVAL,
         "format XR2\\xb4 is unknown"},
        {"no_handle", [](Fb fb) { fb.handles[0] = 0; }, EINVAL, "handle[0] is 0"},
        {"unknown_handle", [](Fb fb) { fb.handles[0] = 99; }, ENOENT, "there is no handle 99"},
        {"pitch_0", [](Fb fb) { fb.pitches[0] = 0; }, EINVAL, "pitch[0] 0 is below 4096"},
        {"pitch_4095", [](Fb fb) { fb.pitches[0] = 4095; }, EINVAL, "pitch[0] 4095 is below 4096"},
        {"pitch_too_large", [](Fb fb) { fb.pitches[0] = 8192; }, EINVAL,
         "plane 0 needs 6287360 bytes, handle 1 has 3145728"},
        {"offset_beyond", [](Fb fb) { fb.offsets[0] = 4096; }, EINVAL,
         "plane 0 needs 3149824 bytes, handle 1 has 3145728"},
        {"4_GiB", [](Fb fb) { fb.offsets[0] = 0xffffffff; }, ERANGE,
         "plane 0: 768 lines of pitch 4096 at offset 4294967295 exceed 4 GiB"},
        {"unaligned_offset", [](Fb fb) { fb.offsets[0] = 1, fb.height = 100; }, 0, ""},
        {"modifier_without_flag", [](Fb fb) { fb.modifier[0] = i915_x_tiled; }, EINVAL,
         "modifier[0] 0x100000000000001 without the flag MODIFIERS"},
        {"linear_with_flag", [](Fb fb) { fb.flags = DRM_MODE_FB_MODIFIERS; }, 0, ""},
        {"modifier_that_no_plane_has",
         [](Fb fb) { fb.flags = DRM_MODE_FB_MODIFIERS, fb.modifier[0] = i915_x_tiled; }, EINVAL,
         "no plane lists format XR24 with modifier 0x100000000000001"},
        {"modifiers_differ",
         [](Fb fb) {
             make_nv12(fb);
             fb.flags = DRM_MODE_FB_MODIFIERS;
             fb.modifier[1] = i915_x_tiled;
         },
         EINVAL, "modifier[1] 0x100000000000001 differs from modifier[0] 0x0"},
        {"samsung_tiles_of_XR24",
         [](Fb fb) {
             fb.flags = DRM_MODE_FB_MODIFIERS;
             fb.modifier[0] = DRM_FORMAT_MOD_SAMSUNG_64_32_TILE;
         },
         EINVAL, "XR24 1024x768 does not fit the modifier SAMSUNG_64_32_TILE"},
        {"unused_handle_without_flag", [](Fb fb) { fb.handles[1] = 5; }, 0, ""},
        {"unused_modifier_without_flag", [](Fb fb) { fb.modifier[1] = 1; }, EINVAL,
         "modifier[1] of an unused plane is not 0"},
        {"unused_handle", [](Fb fb) { fb.flags = DRM_MODE_FB_MODIFIERS, fb.handles[1] = 5; },
         EINVAL, "handle[1] of an unused plane is not 0"},
        {"unused_pitch", [](Fb fb) { fb.flags = DRM_MODE_FB_MODIFIERS, fb.pitches[2] = 5; }, EINVAL,
         "pitch[2] of an unused plane is not 0"},
        {"unused_offset", [](Fb fb) { fb.flags = DRM_MODE_FB_MODIFIERS, fb.offsets[3] = 5; },
         EINVAL, "offset[3] of an unused plane is not 0"},
        {"C8", [](Fb fb) { fb.pixel_format = DRM_FORMAT_C8; }, EINVAL,
         "no plane lists format C8   with modifier 0x0"},
        {"layout_of_the_modifier", [](Fb fb) { fb.pixel_format = DRM_FORMAT_YUV420_8BIT; }, EINVAL,
         "YU08 needs a modifier"},
        {"NV12", make_nv12, 0, ""},
        {"NV12_without_second_handle", [](Fb fb) { make_nv12(fb), fb.handles[1] = 0; }, EINVAL,
         "handle[1] is 0"},
        {"NV12_odd_size_rounds_up",
         [](Fb fb) { make_nv12(fb), fb.width = 1023, fb.pitches[1] = 1023; }, EINVAL,
         "pitch[1] 1023 is below 1024"},
    };
    return all;
}

INSTANTIATE_TEST_SUITE_P(Cases, AddFb2, testing::ValuesIn(cases()),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(Framebuffer, a_device_without_modifiers_refuses_the_flag) {
    Board board;
    board.drm().mode_config().limits.modifiers = false;
    Client client(board.drm());
    drm_mode_fb_cmd2 fb = client.good_fb();
    fb.flags = DRM_MODE_FB_MODIFIERS;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB2, fb), EINVAL);
    EXPECT_EQ(client.reason(), "the device has no modifiers");
}

drm_mode_fb_cmd legacy(Client& client, uint32_t bpp, uint32_t depth) {
    drm_mode_fb_cmd fb{};
    fb.width = 1024;
    fb.height = 768;
    fb.pitch = 4096;
    fb.bpp = bpp;
    fb.depth = depth;
    fb.handle = client.make_buffer();
    return fb;
}

TEST(Framebuffer, ADDFB_names_formats_by_bits_and_depth) {
    Board board;
    Client client(board.drm());
    drm_mode_fb_cmd fb = legacy(client, 32, 24);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB, fb), 0);
    EXPECT_NE(fb.fb_id, 0u);
    fb = legacy(client, 24, 24);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB, fb), 0);
    fb = legacy(client, 32, 30);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB, fb), EINVAL);
    EXPECT_EQ(client.reason(), "no plane lists format XR30 with modifier 0x0");
    fb = legacy(client, 17, 3);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB, fb), EINVAL);
    EXPECT_EQ(client.reason(), "no format has 17 bits a pixel and depth 3");
}

TEST(Framebuffer, GETFB_gives_back_the_bits_and_depth_of_each_ADDFB) {
    Board board;
    // A framebuffer has a format that some plane lists.
    board.drm().manage<Plane>(
        board.drm(),
        PlaneInfo{.type = PlaneType::Overlay,
                  .formats = {DRM_FORMAT_C1, DRM_FORMAT_C2, DRM_FORMAT_C4, DRM_FORMAT_C8,
                              DRM_FORMAT_XRGB1555, DRM_FORMAT_RGB565, DRM_FORMAT_RGB888,
                              DRM_FORMAT_XRGB8888, DRM_FORMAT_XRGB2101010, DRM_FORMAT_ARGB8888}});
    Client client(board.drm());
    constexpr uint32_t pairs[][2] = {{1, 1},   {2, 2},   {4, 4},   {8, 8},   {16, 15},
                                     {16, 16}, {24, 24}, {32, 24}, {32, 30}, {32, 32}};
    for (const auto& [bpp, depth] : pairs) {
        drm_mode_fb_cmd fb = legacy(client, bpp, depth);
        ASSERT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB, fb), 0) << bpp << "/" << depth;
        drm_mode_fb_cmd get{};
        get.fb_id = fb.fb_id;
        ASSERT_EQ(client.ioctl(DRM_IOCTL_MODE_GETFB, get), 0);
        EXPECT_EQ(get.bpp, bpp) << bpp << "/" << depth;
        EXPECT_EQ(get.depth, depth) << bpp << "/" << depth;
    }
}

TEST(Framebuffer, GETFB_gives_the_master_a_new_handle_each_time_and_others_none) {
    Board board;
    Client master(board.drm());
    Client other(board.drm());
    drm_mode_fb_cmd get{};
    get.fb_id = master.add_fb();
    EXPECT_EQ(master.ioctl(DRM_IOCTL_MODE_GETFB, get), 0);
    EXPECT_EQ(get.width, 1024u);
    EXPECT_EQ(get.pitch, 4096u);
    EXPECT_EQ(get.bpp, 32u);
    EXPECT_EQ(get.depth, 24u);
    EXPECT_EQ(get.handle, 2u);
    EXPECT_EQ(master.ioctl(DRM_IOCTL_MODE_GETFB, get), 0);
    EXPECT_EQ(get.handle, 3u);
    EXPECT_EQ(other.ioctl(DRM_IOCTL_MODE_GETFB, get), 0);
    EXPECT_EQ(get.handle, 0u);
    get.fb_id = 9999;
    EXPECT_EQ(master.ioctl(DRM_IOCTL_MODE_GETFB, get), ENOENT);
    EXPECT_EQ(master.reason(), "there is no framebuffer 9999");
}

TEST(Framebuffer, GETFB2_gives_one_handle_for_one_object) {
    Board board;
    Client client(board.drm());
    drm_mode_fb_cmd2 fb = client.good_fb();
    make_nv12(fb);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB2, fb), 0);
    drm_mode_fb_cmd2 get{};
    get.fb_id = fb.fb_id;
    get.handles[3] = 77;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETFB2, get), 0);
    EXPECT_EQ(get.flags, uint32_t{DRM_MODE_FB_MODIFIERS});
    EXPECT_EQ(get.pixel_format, uint32_t{DRM_FORMAT_NV12});
    EXPECT_EQ(get.offsets[1], 1024u * 768);
    EXPECT_EQ(get.handles[0], 2u);
    EXPECT_EQ(get.handles[1], 2u);
    EXPECT_EQ(get.handles[3], 0u);

    drm_mode_fb_cmd one{};
    one.fb_id = fb.fb_id;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETFB, one), EINVAL);
    EXPECT_EQ(client.reason(), "framebuffer " + std::to_string(fb.fb_id) + " has 2 planes");
}

TEST(Framebuffer, RMFB_and_CLOSEFB_want_an_own_framebuffer) {
    Board board;
    Client client(board.drm());
    Client other(board.drm());
    uint32_t fb = client.add_fb();
    EXPECT_EQ(other.ioctl(DRM_IOCTL_MODE_RMFB, fb), ENOENT);
    EXPECT_EQ(other.reason(), "framebuffer " + std::to_string(fb) + " is not this file's");
    drm_mode_closefb close{.fb_id = fb, .pad = 1};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CLOSEFB, close), EINVAL);
    EXPECT_EQ(client.reason(), "pad 1 is not 0");
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_RMFB, fb), 0);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_RMFB, fb), ENOENT);
    EXPECT_EQ(client.reason(), "there is no framebuffer " + std::to_string(fb));
}

int turn_on(Board& board, Client& client, uint32_t fb) {
    const drm_mode_modeinfo mode = Mode::cvt(1024, 768, 60).to_user(AspectBits::Hide);
    uint32_t connector = raw(board.screen()->id());
    drm_mode_crtc crtc{};
    crtc.crtc_id = raw(board.crtc().id());
    crtc.fb_id = fb;
    crtc.set_connectors_ptr = reinterpret_cast<uintptr_t>(&connector);
    crtc.count_connectors = 1;
    crtc.mode = mode;
    crtc.mode_valid = 1;
    return client.ioctl(DRM_IOCTL_MODE_SETCRTC, crtc);
}

TEST(Framebuffer, RMFB_takes_the_picture_off_and_leaves_the_crtc_on) {
    Board board;
    Client client(board.drm());
    uint32_t fb = client.add_fb();
    ASSERT_EQ(turn_on(board, client, fb), 0);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_RMFB, fb), 0);
    drm_mode_crtc crtc{};
    crtc.crtc_id = raw(board.crtc().id());
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETCRTC, crtc), 0);
    EXPECT_EQ(crtc.fb_id, 0u);
    EXPECT_EQ(crtc.mode_valid, 1u);
}

TEST(Framebuffer, CLOSEFB_leaves_the_picture_and_the_id) {
    Board board;
    Client client(board.drm());
    const uint32_t fb = client.add_fb();
    ASSERT_EQ(turn_on(board, client, fb), 0);
    drm_mode_closefb close{.fb_id = fb, .pad = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CLOSEFB, close), 0);
    drm_mode_fb_cmd get{};
    get.fb_id = fb;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETFB, get), 0);
}

TEST(Framebuffer, the_close_of_the_file_takes_its_picture_off) {
    Board board;
    Client client(board.drm());
    ASSERT_EQ(turn_on(board, client, client.add_fb()), 0);
    client.close();
    MutexLock lock(board.drm().mode_config().lock());
    EXPECT_FALSE(board.primary().state.fb.has_value());
    EXPECT_TRUE(board.crtc().state.active);
}

TEST(Framebuffer, a_shown_one_does_not_outlive_an_unplugged_device) {
    const size_t before = live_object_count();
    {
        Board board;
        Client client(board.drm());
        ASSERT_EQ(turn_on(board, client, client.add_fb()), 0);
        board.unplug();
    }
    EXPECT_EQ(live_object_count(), before);
}

TEST(Framebuffer, DIRTYFB_checks_its_clips_and_is_ENOSYS) {
    Board board;
    Client client(board.drm());
    const auto dirty = [&](uint32_t fb, uint32_t flags, uint32_t clips, uint64_t pointer) {
        drm_mode_fb_dirty_cmd argument{
            .fb_id = fb, .flags = flags, .color = 0, .num_clips = clips, .clips_ptr = pointer};
        return client.ioctl(DRM_IOCTL_MODE_DIRTYFB, argument);
    };
    std::vector<drm_clip_rect> clips(300);
    const auto pointer = reinterpret_cast<uintptr_t>(clips.data());
    const uint32_t fb = client.add_fb();
    EXPECT_EQ(dirty(9999, 0, 0, 0), ENOENT);
    EXPECT_EQ(dirty(fb, 0, 1, 0), EINVAL);
    EXPECT_EQ(client.reason(), "1 clips at address 0x0");
    EXPECT_EQ(dirty(fb, 1, 1, pointer), EINVAL);
    EXPECT_EQ(client.reason(), "ANNOTATE_COPY with 1 clips: not pairs");
    EXPECT_EQ(dirty(fb, 0, 300, pointer), EINVAL);
    EXPECT_EQ(client.reason(), "300 clips: at most 256");
    EXPECT_EQ(dirty(fb, 0, 1, 8), EFAULT);
    EXPECT_EQ(dirty(fb, 0, 1, pointer), ENOSYS);
    EXPECT_EQ(client.reason(), "the driver vkms need not be told of changes");
    EXPECT_EQ(dirty(fb, 0, 0, 0), ENOSYS);
}

}  // namespace
}  // namespace plugboard::drm
