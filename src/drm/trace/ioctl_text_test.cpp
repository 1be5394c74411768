#include "drm/trace/ioctl_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "drm/atomic/atomic_fixture.h"
#include "tests/support/drm_modes.h"
#include "uapi/in_process_memory.h"
#include "uapi/ioctl_fields.h"

namespace plugboard::drm::atomic {
namespace {

using atomic::AtomicRequest;
using testing::HasSubstr;
using testing::StartsWith;
using tests::mode_1024x768;

uint64_t address_of(const void* object) {
    return reinterpret_cast<uintptr_t>(object);
}

/// The text of an argument that no handler sees.
std::string text_of(Device& device, const uapi::Ioctl& row, std::span<const std::byte> bytes) {
    uapi::InProcessMemory memory;
    ThreadSleeper sleeper(device.clock());
    Request request(memory, sleeper, {});
    request.begin(row);
    const auto fields = uapi::ioctl_fields(row.number());
    return argument_text(request, device, fields, bytes) + answer_text(fields, bytes);
}

TEST(IoctlText, every_row_of_the_uapi_says_something_of_its_argument) {
    const std::set<std::string_view> without_argument = {
        "BLOCK",   "UNBLOCK", "SET_MASTER",  "DROP_MASTER",     "ADD_DRAW",
        "RM_DRAW", "FINISH",  "UPDATE_DRAW", "MODE_ATTACHMODE", "MODE_DETACHMODE",
    };
    Board board;
    for (auto row = uapi::ioctls_begin(); row != uapi::ioctls_end(); ++row) {
        if (row->command == 0) continue;
        // Ones: whatever is of no interest when it is zero is shown, too.
        const std::vector<std::byte> bytes(row->size(), std::byte{1});
        const std::string text = text_of(board.drm(), *row, bytes);
        EXPECT_EQ(text.find('=') == std::string::npos, without_argument.contains(row->name))
            << row->name << ": " << text;
    }
}

TEST(IoctlText, what_is_asked_stands_apart_from_the_answer) {
    Board board;
    Client client(board);
    drm_mode_create_dumb dumb{};
    dumb.width = 64;
    dumb.height = 32;
    dumb.bpp = 32;
    ASSERT_EQ(client.ioctl(DRM_IOCTL_MODE_CREATE_DUMB, dumb), 0);
    EXPECT_EQ(client.text().argument, "width=64 height=32 bpp=32");
    EXPECT_EQ(client.text().answer, "handle=1 pitch=256 size=8192");
}

TEST(IoctlText, a_refused_call_has_no_answer) {
    Board board;
    Client client(board);
    drm_mode_create_dumb dumb{};
    ASSERT_EQ(client.ioctl(DRM_IOCTL_MODE_CREATE_DUMB, dumb), EINVAL);
    EXPECT_EQ(client.text().argument, "width=0 height=0 bpp=0");
    EXPECT_EQ(client.text().answer, "");
}

TEST(IoctlText, planes_of_a_framebuffer_are_shown_up_to_the_last_one) {
    Board board;
    Client client(board);
    drm_mode_fb_cmd2 fb{};
    fb.width = 64;
    fb.height = 32;
    fb.pixel_format = DRM_FORMAT_XRGB8888;
    fb.flags = DRM_MODE_FB_MODIFIERS;
    fb.handles[0] = client.make_buffer(64, 32);
    fb.pitches[0] = 256;
    ASSERT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB2, fb), 0);
    EXPECT_EQ(client.text().argument,
              "width=64 height=32 pixel_format=XR24 flags=MODIFIERS handles=[1] pitches=[256] "
              "offsets=[0]");
    EXPECT_EQ(client.text().answer, "fb_id=" + std::to_string(fb.fb_id));
    fb.handles[2] = 9;
    fb.modifier[1] = 0x10;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB2, fb), EINVAL);
    EXPECT_THAT(client.text().argument, HasSubstr("handles=[1, 0, 9] pitches=[256] offsets=[0] "
                                                  "modifier=[0x0, 0x10]"));
}

TEST(IoctlText, a_modeset_names_its_mode_and_its_connectors) {
    Board board;
    Client client(board);
    const uint32_t fb = client.add_fb();
    ASSERT_EQ(client.set_crtc(fb), 0);
    EXPECT_EQ(
        client.text().argument,
        fmt::format("crtc_id={} fb_id={} x=0 y=0 mode_valid=1 mode=1024x768@60 connectors=[{}]",
                    raw(board.crtc().id()), fb, raw(board.screen().id())));
    drm_mode_crtc same_fb{};
    same_fb.crtc_id = raw(board.crtc().id());
    same_fb.fb_id = UINT32_MAX;
    same_fb.count_connectors = 3;
    same_fb.set_connectors_ptr = 8;
    EXPECT_NE(client.ioctl(DRM_IOCTL_MODE_SETCRTC, same_fb), 0);
    EXPECT_THAT(client.text().argument,
                HasSubstr("fb_id=-1 x=0 y=0 mode_valid=0 mode=none connectors=[cannot be read]"));
}

TEST(IoctlText, an_atomic_request_names_objects_properties_and_values) {
    Board board;
    Client client(board);
    const StandardProperties& p = board.config().properties;
    const uint32_t fb = client.add_fb();
    const drm_mode_modeinfo mode = mode_1024x768();
    drm_mode_create_blob blob{};
    blob.data = address_of(&mode);
    blob.length = sizeof(mode);
    ASSERT_EQ(client.ioctl(DRM_IOCTL_MODE_CREATEPROPBLOB, blob), 0);
    EXPECT_EQ(client.text().argument, "length=68 mode=1024x768@60");

    AtomicRequest request;
    request.set(board.crtc(), p.mode_id, blob.blob_id)
        .set(board.crtc(), p.active, 1)
        .set(board.primary(), p.fb_id, fb)
        .set(board.primary(), p.src_w, 1024 << 16)
        .set(board.primary(), p.src_x, 1 << 15)
        .set(board.primary(), p.crtc_x, static_cast<uint64_t>(-5))
        .set(board.screen(), p.link_status, 0)
        .set(4711, 9, 7)
        .flags(DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_ATOMIC_ALLOW_MODESET);
    EXPECT_EQ(request.call(client), ENOENT);
    EXPECT_EQ(
        client.text().argument,
        fmt::format("flags=TEST_ONLY|ALLOW_MODESET crtc-0 ({}): MODE_ID=blob {} "
                    "(1024x768@60) ACTIVE=1; {} ({}): FB_ID={} SRC_W=1024.0 SRC_X=0.5 "
                    "CRTC_X=-5; {} ({}): link-status=Good; no object 4711: property 9=7",
                    raw(board.crtc().id()), blob.blob_id, "plane-0", raw(board.primary().id()), fb,
                    board.screen().name(), raw(board.screen().id())));
}

TEST(IoctlText, an_atomic_request_is_shown_as_far_as_it_can_be_read) {
    Board board;
    Client client(board);
    const std::vector<uint32_t> objects = {raw(board.crtc().id()), raw(board.crtc().id())};
    const std::vector<uint32_t> counts = {1, 1};
    drm_mode_atomic request{};
    request.count_objs = 2;
    request.objs_ptr = address_of(objects.data());
    request.count_props_ptr = address_of(counts.data());
    request.props_ptr = 8;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ATOMIC, request), EFAULT);
    EXPECT_EQ(client.text().argument,
              fmt::format("crtc-0 ({}): cannot be read", raw(board.crtc().id())));
    request.objs_ptr = 8;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ATOMIC, request), EFAULT);
    EXPECT_EQ(client.text().argument, "cannot be read");
}

TEST(IoctlText, an_endless_atomic_request_is_cut) {
    Board board;
    Client client(board);
    AtomicRequest request;
    for (int i = 0; i < 2000; i++)
        request.set(board.crtc(), board.config().properties.active, static_cast<uint64_t>(i));
    EXPECT_NE(request.call(client), EFAULT);
    EXPECT_THAT(client.text().argument, testing::EndsWith(" ACTIVE=255 ..."));
    const std::vector<uint32_t> objects(2000, raw(board.crtc().id()));
    const std::vector<uint32_t> counts(2000, 0);
    drm_mode_atomic many{};
    many.count_objs = 2000;
    many.objs_ptr = address_of(objects.data());
    many.count_props_ptr = address_of(counts.data());
    (void)client.ioctl(DRM_IOCTL_MODE_ATOMIC, many);
    EXPECT_THAT(client.text().argument, testing::EndsWith("): ..."));
    EXPECT_LT(client.text().argument.size(), 8192u);
}

TEST(IoctlText, legacy_properties_are_named_too) {
    Board board;
    Client client(board);
    drm_mode_connector_set_property off{};
    off.connector_id = raw(board.screen().id());
    off.prop_id = raw(board.config().properties.dpms->id());
    off.value = DRM_MODE_DPMS_OFF;
    (void)client.pumped(DRM_IOCTL_MODE_SETPROPERTY, &off);
    EXPECT_EQ(client.text().argument,
              fmt::format("{} ({}): DPMS=Off", board.screen().name(), raw(board.screen().id())));
    drm_mode_obj_set_property crtc{};
    crtc.obj_id = raw(board.crtc().id());
    crtc.prop_id = raw(board.config().properties.vrr_enabled->id());
    crtc.value = 2;
    (void)client.ioctl(DRM_IOCTL_MODE_OBJ_SETPROPERTY, crtc);
    EXPECT_THAT(client.text().argument, StartsWith("crtc-0 ("));
    EXPECT_THAT(client.text().argument, testing::EndsWith("): VRR_ENABLED=2"));
}

TEST(IoctlText, flags_without_a_name_are_numbers) {
    Board board;
    Client client(board);
    drm_mode_crtc_page_flip flip{};
    flip.crtc_id = 7;
    flip.flags = DRM_MODE_PAGE_FLIP_EVENT | 0x80;
    flip.user_data = 0xabc;
    EXPECT_NE(client.ioctl(DRM_IOCTL_MODE_PAGE_FLIP, flip), 0);
    EXPECT_EQ(client.text().argument,
              "crtc_id=7 fb_id=0 flags=EVENT|0x80 sequence=0 user_data=0xabc");
    drm_get_cap cap{.capability = 0x7777, .value = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_CAP, cap), EINVAL);
    EXPECT_EQ(client.text().argument, "capability=30583");
}

TEST(IoctlText, a_card_without_a_modeset_has_no_names) {
    tests::Board board(tests::vgem_card());
    tests::Client client(board.drm());
    drm_mode_atomic request{};
    request.flags = DRM_MODE_ATOMIC_NONBLOCK;
    EXPECT_NE(client.ioctl(DRM_IOCTL_MODE_ATOMIC, request), 0);
    EXPECT_EQ(client.text().argument, "flags=NONBLOCK");
}

/// No handler stops these: whatever a client may say is shown, at no great length.
RC_GTEST_PROP(IoctlText, of_random_bytes_is_a_text, ()) {
    Board board;
    std::vector<uint32_t> numbers;
    for (auto row = uapi::ioctls_begin(); row != uapi::ioctls_end(); ++row) {
        if (row->command != 0) numbers.push_back(row->number());
    }
    const uapi::Ioctl& row = *uapi::find_ioctl(*rc::gen::elementOf(numbers));
    auto bytes =
        *rc::gen::container<std::vector<uint8_t>>(row.size(), rc::gen::arbitrary<uint8_t>());
    // Pointers that lead somewhere: to random words, and after them to a fault.
    const auto words = *rc::gen::container<std::vector<uint32_t>>(rc::gen::inRange(0u, 64u));
    for (const auto& array : row.reads) {
        if (array.count_bytes == 0 || *rc::gen::arbitrary<bool>()) continue;
        const uint64_t address = address_of(words.data());
        std::memcpy(bytes.data() + array.pointer_offset, &address, sizeof(address));
        const auto count = static_cast<uint32_t>(words.size());
        std::memcpy(bytes.data() + array.count_offset, &count, sizeof(count));
    }
    const std::string text = text_of(board.drm(), row, std::as_bytes(std::span(bytes)));
    RC_ASSERT(text.size() < 32u * 1024);
}

}  // namespace
}  // namespace plugboard::drm::atomic
