#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

std::string name_of(Client& client, uint32_t property) {
    drm_mode_get_property get{};
    get.prop_id = property;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPROPERTY, get), 0);
    return get.name;
}

/// "type FB_ID ..." as the client sees them.
std::string names_of(Client& client, ObjectId object) {
    std::vector<uint32_t> ids(32);
    std::vector<uint64_t> values(32);
    drm_mode_obj_get_properties all{};
    all.obj_id = raw(object);
    all.count_props = 32;
    all.props_ptr = reinterpret_cast<uintptr_t>(ids.data());
    all.prop_values_ptr = reinterpret_cast<uintptr_t>(values.data());
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, all), 0);
    std::string names;
    for (uint32_t i = 0; i < all.count_props; i++)
        names += (i ? " " : "") + name_of(client, ids[i]) + "=" + std::to_string(values[i]);
    return names;
}

TEST(Properties, stand_in_the_kernels_order) {
    Board board;
    Client client(board.drm());
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_ATOMIC), 0);
    const std::string in_formats = std::to_string(raw(board.primary().id()) + 1);
    EXPECT_EQ(names_of(client, board.primary().id()),
              "type=1 FB_ID=0 IN_FENCE_FD=18446744073709551615 CRTC_ID=0 CRTC_X=0 CRTC_Y=0 "
              "CRTC_W=0 CRTC_H=0 SRC_X=0 SRC_Y=0 SRC_W=0 SRC_H=0 IN_FORMATS=" +
                  in_formats);
    EXPECT_EQ(names_of(client, board.crtc().id()),
              "ACTIVE=0 MODE_ID=0 OUT_FENCE_PTR=0 VRR_ENABLED=0 GAMMA_LUT=0 GAMMA_LUT_SIZE=256");
    EXPECT_EQ(names_of(client, board.screen()->id()),
              "DPMS=0 link-status=0 non-desktop=0 TILE=0 CRTC_ID=0");
    const std::string formats = std::to_string(raw(board.writeback()->id()) - 1);
    EXPECT_EQ(names_of(client, board.writeback()->id()),
              "DPMS=0 link-status=0 non-desktop=0 TILE=0 CRTC_ID=0 WRITEBACK_OUT_FENCE_PTR=0 "
              "WRITEBACK_FB_ID=0 WRITEBACK_PIXEL_FORMATS=" +
                  formats);
}

TEST(Properties, have_the_ids_of_linux_6_1) {
    Board board;
    const StandardProperties& standard = board.drm().mode_config().properties;
    EXPECT_EQ(raw(standard.dpms->id()), 2u);
    EXPECT_EQ(raw(standard.type->id()), 8u);
    EXPECT_EQ(raw(standard.crtc_id->id()), 20u);
    EXPECT_EQ(raw(standard.vrr_enabled->id()), 24u);
    EXPECT_EQ(raw(standard.in_formats->id()), 30u);
    EXPECT_EQ(raw(board.primary().id()), 31u);
    EXPECT_EQ(raw(board.cursor().id()), 33u);
    EXPECT_EQ(raw(board.crtc().id()), 35u);
}

TEST(Properties, atomic_ones_are_hidden_without_the_cap) {
    Board board;
    Client client(board.drm());
    EXPECT_EQ(names_of(client, board.screen()->id()), "DPMS=0 link-status=0 non-desktop=0 TILE=0");
    EXPECT_EQ(names_of(client, board.crtc().id()), "VRR_ENABLED=0 GAMMA_LUT=0 GAMMA_LUT_SIZE=256");
}

TEST(Properties, OBJ_GETPROPERTIES_refuses_objects_without_any) {
    Board board;
    Client client(board.drm());
    drm_mode_obj_get_properties all{};
    all.obj_id = 7777;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, all), ENOENT);
    EXPECT_EQ(client.reason(), "there is no object 7777 of type 0x0");
    all.obj_id = raw(board.crtc().id());
    all.obj_type = DRM_MODE_OBJECT_PLANE;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, all), ENOENT);
    all.obj_type = DRM_MODE_OBJECT_ANY;
    all.obj_id = client.add_fb();
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, all), EINVAL);
    EXPECT_EQ(client.reason(), "object " + std::to_string(all.obj_id) + " has no properties");
    all.obj_id = raw(board.drm().mode_config().encoders[0]->id());
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, all), EINVAL);
    all.obj_id = raw(board.crtc().id());
    all.count_props = 1;
    all.props_ptr = 8;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, all), EFAULT);
}

TEST(Properties, GETPROPERTY_tells_kind_values_and_names) {
    Board board;
    Client client(board.drm());
    const StandardProperties& standard = board.drm().mode_config().properties;
    uint64_t values[4] = {};
    drm_mode_property_enum enums[4] = {};
    const auto get = [&](const Property* property) {
        drm_mode_get_property argument{};
        argument.prop_id = raw(property->id());
        argument.count_values = 4;
        argument.values_ptr = reinterpret_cast<uintptr_t>(values);
        argument.count_enum_blobs = 2;
        argument.enum_blob_ptr = reinterpret_cast<uintptr_t>(enums);
        EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPROPERTY, argument), 0);
        return argument;
    };
    auto dpms = get(standard.dpms);
    EXPECT_STREQ(dpms.name, "DPMS");
    EXPECT_EQ(dpms.flags, uint32_t{DRM_MODE_PROP_ENUM});
    EXPECT_EQ(dpms.count_values, 4u);
    EXPECT_EQ(values[3], 3u);
    EXPECT_EQ(dpms.count_enum_blobs, 4u);
    EXPECT_STREQ(enums[1].name, "Standby");
    EXPECT_STREQ(enums[2].name, "") << "there was room for two";

    auto x = get(standard.crtc_x);
    EXPECT_EQ(x.flags, DRM_MODE_PROP_SIGNED_RANGE | DRM_MODE_PROP_ATOMIC);
    EXPECT_EQ(x.count_values, 2u);
    EXPECT_EQ(static_cast<int64_t>(values[0]), INT32_MIN);
    auto fb = get(standard.fb_id);
    EXPECT_EQ(fb.flags, DRM_MODE_PROP_OBJECT | DRM_MODE_PROP_ATOMIC);
    EXPECT_EQ(values[0], uint64_t{DRM_MODE_OBJECT_FB});
    auto tile = get(standard.tile);
    EXPECT_EQ(tile.flags, uint32_t{DRM_MODE_PROP_BLOB | DRM_MODE_PROP_IMMUTABLE});
    EXPECT_EQ(tile.count_values, 0u);
    EXPECT_EQ(tile.count_enum_blobs, 0u);

    drm_mode_get_property unknown{};
    unknown.prop_id = 7777;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPROPERTY, unknown), ENOENT);
    EXPECT_EQ(client.reason(), "there is no property 7777");
    drm_mode_get_property bad{};
    bad.prop_id = raw(standard.dpms->id());
    bad.count_values = 1;
    bad.values_ptr = 8;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPROPERTY, bad), EFAULT);
}

TEST(Properties, accept_what_their_kind_allows) {
    const Property range({.name = "r", .range = {1, 3}});
    EXPECT_FALSE(range.accepts(0));
    EXPECT_TRUE(range.accepts(3));
    const Property signed_range(
        {.name = "s", .kind = PropertyKind::SignedRange, .range = {static_cast<uint64_t>(-2), 2}});
    EXPECT_TRUE(signed_range.accepts(static_cast<uint64_t>(-2)));
    EXPECT_FALSE(signed_range.accepts(static_cast<uint64_t>(-3)));
    const Property bits(
        {.name = "b", .kind = PropertyKind::Bitmask, .enums = {{"zero", 0}, {"four", 4}}});
    EXPECT_TRUE(bits.accepts(0x11));
    EXPECT_FALSE(bits.accepts(0x2));
    const Property one_of({.name = "e", .kind = PropertyKind::Enum, .enums = {{"five", 5}}});
    EXPECT_TRUE(one_of.accepts(5));
    EXPECT_FALSE(one_of.accepts(0));
    const Property fixed({.name = "i", .immutable = true, .range = {0, 9}});
    EXPECT_FALSE(fixed.accepts(1));
}

std::vector<std::byte> blob_bytes(Client& client, uint32_t id) {
    drm_mode_get_blob blob{};
    blob.blob_id = id;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPROPBLOB, blob), 0);
    std::vector<std::byte> bytes(blob.length);
    blob.data = reinterpret_cast<uintptr_t>(bytes.data());
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPROPBLOB, blob), 0);
    return bytes;
}

TEST(Properties, IN_FORMATS_has_each_format_with_linear) {
    Board board;
    Client client(board.drm());
    const auto bytes = blob_bytes(client, raw(board.cursor().id()) + 1);
    // Two formats at 0x18, one modifier at 0x20, as in reference/linux-6.1/modetest.txt.
    ASSERT_EQ(bytes.size(), 0x38u);
    uint32_t words[14];
    std::memcpy(words, bytes.data(), sizeof(words));
    const uint32_t expected[] = {1, 0, 2, 0x18, 1, 0x20, DRM_FORMAT_ARGB8888, DRM_FORMAT_XRGB8888,
                                 3, 0, 0, 0,    0, 0};
    for (size_t i = 0; i < 14; i++) EXPECT_EQ(words[i], expected[i]) << i;
}

TEST(Blobs, are_made_read_by_anyone_and_destroyed_by_their_file) {
    Board board;
    Client client(board.drm());
    Client other(board.drm());
    const uint64_t content = 0x1122334455667788;
    drm_mode_create_blob create{
        .data = reinterpret_cast<uintptr_t>(&content), .length = 8, .blob_id = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CREATEPROPBLOB, create), 0);
    EXPECT_EQ(blob_bytes(other, create.blob_id).size(), 8u);
    drm_mode_destroy_blob destroy{.blob_id = create.blob_id};
    EXPECT_EQ(other.ioctl(DRM_IOCTL_MODE_DESTROYPROPBLOB, destroy), EPERM);
    EXPECT_EQ(other.reason(),
              "blob " + std::to_string(create.blob_id) + " is not this file's, or was destroyed");
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_DESTROYPROPBLOB, destroy), 0);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_DESTROYPROPBLOB, destroy), ENOENT);
    EXPECT_EQ(client.reason(), "there is no blob " + std::to_string(create.blob_id));
}

TEST(Blobs, of_no_length_or_2_GiB_or_a_bad_pointer_are_refused) {
    Board board;
    Client client(board.drm());
    drm_mode_create_blob create{.data = 8, .length = 0, .blob_id = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CREATEPROPBLOB, create), EINVAL);
    EXPECT_EQ(client.reason(), "length 0 is not 1..2147483559");
    create.length = 0xffffffff;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CREATEPROPBLOB, create), EINVAL);
    create.length = 8;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CREATEPROPBLOB, create), EFAULT);
    drm_mode_get_blob get{.blob_id = 7777, .length = 0, .data = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPROPBLOB, get), ENOENT);
    EXPECT_EQ(client.reason(), "there is no blob 7777");
}

}  // namespace
}  // namespace plugboard::drm
