// What the properties of planes and CRTCs take that the kernel's vkms has not: by the core alone.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "drm/atomic/kms_errno_fixture.h"

namespace plugboard::drm::atomic {
namespace {

class RichPlanes : public KmsErrno {
  protected:
    RichPlanes() : KmsErrno(BoardInfo{.rich = true}) {
        light();
        EXPECT_EQ(other_.set_cap(DRM_CLIENT_CAP_ATOMIC), 0);
    }

    const PlaneProperties& own(const Plane& plane) { return plane.own_properties(); }
    uint64_t value(const ModeObject& object, const Property* property) {
        drm_mode_obj_get_properties all{};
        all.obj_id = raw(object.id());
        EXPECT_EQ(other_.ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, &all), 0);
        std::vector<uint32_t> ids(all.count_props);
        std::vector<uint64_t> values(all.count_props);
        all.props_ptr = address(ids.data());
        all.prop_values_ptr = address(values.data());
        EXPECT_EQ(other_.ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, &all), 0);
        for (size_t i = 0; i < ids.size(); ++i)
            if (ids[i] == raw(property->id())) return values[i];
        ADD_FAILURE() << "no " << property->name();
        return 0;
    }
    uint32_t blob(size_t bytes) {
        const std::vector<std::byte> zeros(bytes);
        return blob_of(zeros.data(), bytes);
    }
    uint32_t blob_of(const void* data, size_t bytes) {
        drm_mode_create_blob create{};
        create.data = address(data);
        create.length = static_cast<uint32_t>(bytes);
        EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CREATEPROPBLOB, &create), 0);
        return create.blob_id;
    }
    uint32_t clip(int32_t x1, int32_t y1, int32_t x2, int32_t y2) {
        const drm_mode_rect rectangle{x1, y1, x2, y2};
        return blob_of(&rectangle, sizeof(rectangle));
    }
    int set_damage(uint32_t clips, uint32_t flags = 0) {
        return set_one(board.primary(), p().fb_damage_clips, clips, flags);
    }
    uint32_t normalized(const Plane& plane) {
        MutexLock lock(board.config().lock());
        return plane.state.normalized_zpos;
    }
    /// An overlay and a cursor above the primary plane.
    void show_all() {
        AtomicRequest request;
        for (const Plane* plane : {&board.overlay(), &board.cursor()}) {
            request.set(*plane, p().fb_id, fb)
                .set(*plane, p().crtc_id, crtc_id())
                .set(*plane, p().crtc_w, 64)
                .set(*plane, p().crtc_h, 64)
                .set(*plane, p().src_w, 64 << 16)
                .set(*plane, p().src_h, 64 << 16);
        }
        expect(request.pumped(client), 0);
    }

    tests::Client other_{board.drm()};
};

TEST_F(RichPlanes, take_the_values_of_their_properties_and_no_others) {
    const Plane& plane = board.overlay();
    struct Case {
        const Property* property;
        std::vector<uint64_t> good, bad;
    };
    const Case cases[] = {
        {own(plane).alpha, {0, 0x8000, 0xffff}, {0x10000, UINT64_MAX}},
        {own(plane).blend_mode, {0, 1, 2}, {3}},
        {own(plane).scaling_filter, {0, 1}, {2}},
        {own(plane).zpos, {0, 7}, {8}},
    };
    for (const Case& each : cases) {
        SCOPED_TRACE(each.property->name());
        for (const uint64_t good : each.good) {
            expect(set_one(plane, each.property, good), 0);
            EXPECT_EQ(value(plane, each.property), good);
        }
        for (const uint64_t bad : each.bad)
            expect(set_one(plane, each.property, bad), EINVAL, "not a value of the property");
        EXPECT_EQ(value(plane, each.property), each.good.back());
        expect(set_one(board.crtc(), each.property, 0), ENOENT, "not attached");
    }
}

TEST_F(RichPlanes, have_hot_spots_on_cursors_alone_and_on_either_side_of_0) {
    const Plane& cursor = board.cursor();
    ASSERT_TRUE(own(cursor).hotspot_x && own(cursor).hotspot_y);
    EXPECT_FALSE(own(board.overlay()).hotspot_x);
    const auto negative = static_cast<uint64_t>(int64_t{-5});
    expect(set_one(cursor, own(cursor).hotspot_x, negative), 0);
    EXPECT_EQ(value(cursor, own(cursor).hotspot_x), negative);
    expect(set_one(cursor, own(cursor).hotspot_y, uint64_t{1} << 31), EINVAL, "not a value");
}

TEST_F(RichPlanes, do_not_let_clients_write_hints_and_sizes) {
    expect(set_one(board.cursor(), p().size_hints, 0), EINVAL, "immutable");
    expect(set_one(board.crtc(), p().degamma_lut_size, 1), EINVAL, "immutable");
}

TEST_F(RichPlanes, are_numbered_by_zpos_and_those_with_the_same_by_id) {
    show_all();
    EXPECT_EQ(normalized(board.primary()), 0u);
    EXPECT_EQ(normalized(board.overlay()), 1u);
    EXPECT_EQ(normalized(board.cursor()), 2u);
    expect(set_one(board.primary(), own(board.primary()).zpos, 1), 0);
    EXPECT_EQ(normalized(board.primary()), 0u) << "of two with 1 the older is below";
    expect(set_one(board.primary(), own(board.primary()).zpos, 7), 0);
    EXPECT_EQ(normalized(board.overlay()), 0u);
    EXPECT_EQ(normalized(board.cursor()), 1u);
    EXPECT_EQ(normalized(board.primary()), 2u);
}

TEST_F(RichPlanes, take_damage_within_their_framebuffer) {
    expect(set_damage(clip(0, 0, 1024, 768)), 0);
    expect(set_damage(0), 0);
    expect(set_damage(9999), EINVAL, "no such blob");
    expect(set_damage(blob(15)), EINVAL, "no whole number of rectangles");
    const std::vector<std::array<int32_t, 4>> outside = {
        {-1, 0, 8, 8}, {0, -1, 8, 8}, {8, 0, 8, 8}, {0, 8, 8, 7}, {0, 0, 1025, 8}, {0, 0, 8, 769}};
    for (const auto& [x1, y1, x2, y2] : outside)
        expect(set_damage(clip(x1, y1, x2, y2)), EINVAL, "is no part of 1024x768");
}

TEST_F(RichPlanes, forget_damage_with_the_next_commit) {
    const uint32_t clips = clip(0, 0, 8, 8);
    expect(set_damage(clips), 0);
    EXPECT_EQ(value(board.primary(), p().fb_damage_clips), clips);
    expect(set_one(board.primary(), p().fb_id, fb), 0);
    EXPECT_EQ(value(board.primary(), p().fb_damage_clips), 0u);
}

TEST_F(RichPlanes, of_a_CRTC_with_degamma_and_a_matrix_take_blobs_of_their_size) {
    const Crtc& crtc = board.crtc();
    expect(set_one(crtc, p().degamma_lut, blob(256 * sizeof(drm_color_lut))), 0);
    expect(set_one(crtc, p().degamma_lut, blob(257 * sizeof(drm_color_lut))), EINVAL,
           "257 entries, but DEGAMMA_LUT_SIZE is 256");
    expect(set_one(crtc, p().degamma_lut, blob(7)), EINVAL, "no whole number of entries");
    const uint32_t matrix = blob(sizeof(drm_color_ctm));
    expect(set_one(crtc, p().ctm, matrix), 0);
    EXPECT_EQ(value(crtc, p().ctm), matrix);
    expect(set_one(crtc, p().ctm, blob(sizeof(drm_color_ctm) - 8)), EINVAL, "a matrix has 72");
    expect(set_one(crtc, p().ctm, 0), 0);
}

TEST_F(RichPlanes, flip_asynchronously_when_nothing_but_FB_ID_changes) {
    const uint32_t flags = DRM_MODE_PAGE_FLIP_ASYNC;
    const Plane& primary = board.primary();
    const uint64_t before = board.crtc().vblank().current().sequence;
    EXPECT_EQ(AtomicRequest()
                  .set(primary, p().fb_id, client.add_fb())
                  .flags(flags | DRM_MODE_PAGE_FLIP_EVENT)
                  .call(client),
              0)
        << client.reason();
    ASSERT_TRUE(comes_true([&] { return client.event_count() == 1; }));
    EXPECT_EQ(client.vblank_events()[0].sequence, before);
    expect(set_one(primary, p().crtc_x, 1, flags), EINVAL, "nothing but FB_ID");
    expect(set_one(primary, own(primary).alpha, 1, flags), EINVAL, "nothing but FB_ID");
    expect(set_one(board.crtc(), p().vrr_enabled, 1, flags), EINVAL, "nothing but FB_ID");
    show_all();
    expect(set_one(board.overlay(), p().fb_id, client.add_fb(), flags), EINVAL,
           "only primary planes");
}

TEST_F(RichPlanes, are_ENODEV_after_the_unplug) {
    const uint32_t clips = clip(0, 0, 8, 8);
    AtomicRequest request;
    request.set(board.overlay(), own(board.overlay()).alpha, 1)
        .set(board.primary(), p().fb_damage_clips, clips);
    board.unplug();
    EXPECT_EQ(request.call(client), ENODEV);
    drm_mode_fb_dirty_cmd dirty{};
    dirty.fb_id = fb;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_DIRTYFB, &dirty), ENODEV);
}

TEST_F(RichPlanes, may_be_asked_by_another_thread_while_they_change) {
    show_all();
    std::atomic<bool> is_over{false};
    std::thread reader([&] {
        while (!is_over) {
            EXPECT_LE(value(board.overlay(), own(board.overlay()).alpha), 0xffffu);
            EXPECT_LE(value(board.overlay(), own(board.overlay()).zpos), 7u);
            value(board.primary(), p().fb_damage_clips);
        }
    });
    for (uint64_t i = 0; i < 50; ++i) {
        AtomicRequest request;
        request.set(board.overlay(), own(board.overlay()).alpha, i * 1000)
            .set(board.overlay(), own(board.overlay()).zpos, i % 8)
            .set(board.primary(), p().fb_damage_clips, clip(0, 0, 8, 8));
        EXPECT_EQ(request.pumped(client), 0) << client.reason();
    }
    is_over = true;
    reader.join();
    EXPECT_EQ(value(board.overlay(), own(board.overlay()).alpha), 49'000u);
}

}  // namespace
}  // namespace plugboard::drm::atomic
