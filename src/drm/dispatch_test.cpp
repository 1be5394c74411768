#include "drm/dispatch.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "drm/request.h"
#include "tests/support/drm_client.h"
#include "tests/support/drm_kernel_answers.h"
#include "uapi/ioctl_table.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::CardInfo;
using tests::Client;
using tests::result_name;

TEST(Dispatch, every_row_of_the_uapi_has_a_handler_and_no_other_number_has) {
    for (uint32_t number = 0; number < uapi::table_size; number++)
        EXPECT_EQ(has_handler(number), uapi::find_ioctl(number) != nullptr) << number;
    EXPECT_FALSE(has_handler(uapi::table_size));
}

TEST(Dispatch, a_short_struct_is_read_as_zero_beyond_its_end_and_not_written_there) {
    Board board;
    Client client(board.drm());
    drm_mode_map_dumb full{.handle = client.make_buffer(), .pad = 0, .offset = 77};

    // The old struct ended before the offset.
    constexpr auto short_command = _IOC(_IOC_READ | _IOC_WRITE, 'd', 0xb3, 8);
    EXPECT_EQ(client.ioctl(short_command, full), 0);
    EXPECT_EQ(full.offset, 77u);
}

TEST(Dispatch, surplus_bytes_of_a_long_struct_come_back_unchanged) {
    Board board;
    Client client(board.drm());
    struct {
        drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 0};
        uint64_t surplus = 0x1122334455667788;
    } argument;

    EXPECT_EQ(client.ioctl(_IOC(_IOC_READ | _IOC_WRITE, 'd', 0x0c, sizeof(argument)), argument), 0);
    EXPECT_EQ(argument.cap.value, 3u);
    EXPECT_EQ(argument.surplus, 0x1122334455667788u);
}

TEST(Dispatch, a_struct_of_the_largest_size_is_accepted) {
    Board board;
    Client client(board.drm());
    std::vector<std::byte> argument(uapi::max_argument_size - 1);
    const drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 0};
    std::memcpy(argument.data(), &cap, sizeof(cap));

    EXPECT_EQ(
        client.ioctl(_IOC(_IOC_READ | _IOC_WRITE, 'd', 0x0c, argument.size()), argument.data()), 0);
}

TEST(Dispatch, without_the_direction_bits_nothing_is_copied) {
    Board board;
    Client client(board.drm());
    // Zeros are what the handler sees, whatever the pointer.
    EXPECT_EQ(client.ioctl(DRM_IO(0x0c), reinterpret_cast<void*>(8)), EINVAL);
    EXPECT_EQ(client.reason(), "there is no cap 0x0");
}

TEST(Dispatch, the_answer_is_copied_also_when_the_handler_fails) {
    Board board;
    Client client(board.drm());
    drm_mode_create_dumb dumb{};
    dumb.handle = 7;
    dumb.pitch = 8;
    dumb.size = 9;

    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CREATE_DUMB, dumb), EINVAL);
    EXPECT_EQ(dumb.handle, 0u);
    EXPECT_EQ(dumb.pitch, 0u);
    EXPECT_EQ(dumb.size, 0u);
}

TEST(Dispatch, a_bad_pointer_comes_before_permissions) {
    Board board;
    Client master(board.drm());
    Client client(board.drm());
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ATOMIC, reinterpret_cast<void*>(8)), EFAULT);
    EXPECT_EQ(client.reason(), "the 56 bytes of the argument at 0x8");
}

TEST(Dispatch, a_bad_pointer_inside_the_struct_is_a_fault_with_a_reason) {
    Board board;
    Client client(board.drm());
    drm_mode_card_res resources{};
    resources.count_crtcs = 1;
    resources.crtc_id_ptr = 8;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETRESOURCES, resources), EFAULT);
    EXPECT_EQ(client.reason(), "memory that the argument points at");
}

TEST(Dispatch, each_refusal_of_the_number_says_why) {
    Board board;
    Client client(board.drm());
    uint64_t argument = 0;
    EXPECT_EQ(client.ioctl(_IOWR('e', 0, uint64_t), argument), ENOTTY);
    EXPECT_EQ(client.reason(), "type byte 0x65 is not DRM's");
    EXPECT_EQ(client.ioctl(DRM_IOWR(0xd8, uint64_t), argument), EINVAL);
    EXPECT_EQ(client.reason(), "there is no ioctl 0xd8");
    EXPECT_EQ(client.ioctl(DRM_IOWR(0x40, uint64_t), argument), EINVAL);
    EXPECT_EQ(client.reason(), "there is no ioctl 0x40");
}

TEST(Dispatch, each_missing_permission_says_why) {
    tests::CardInfo info;
    info.driver.render_node = true;
    Board board(info);
    Client master(board.drm());
    Client client(board.drm());
    Client renderer(board.drm(), {.node = NodeType::Render});

    drm_draw draw{};
    EXPECT_EQ(master.ioctl(DRM_IOCTL_ADD_DRAW, draw), EACCES);
    EXPECT_EQ(master.reason(), "only root may do this");
    drm_gem_flink flink{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GEM_FLINK, flink), EACCES);
    EXPECT_EQ(client.reason(), "the file is not authenticated");
    drm_mode_crtc crtc{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_SETCRTC, crtc), EACCES);
    EXPECT_EQ(client.reason(), "the file is not the current master");
    EXPECT_EQ(renderer.ioctl(DRM_IOCTL_MODE_GETCRTC, crtc), EACCES);
    EXPECT_EQ(renderer.reason(), "not allowed on a render node");
}

TEST(Dispatch, ioctls_that_are_never_served_say_why) {
    Board board;
    Client client(board.drm(), {.uid = 0});
    drm_unique unique{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SET_UNIQUE, unique), EINVAL);
    EXPECT_EQ(client.reason(), "SET_UNIQUE does nothing in any driver");
    drm_syncobj_create syncobj{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SYNCOBJ_CREATE, syncobj), EOPNOTSUPP);
    EXPECT_EQ(client.reason(), "the driver vkms has no syncobj");
}

TEST(Dispatch, a_device_without_modeset_refuses_kms) {
    Board board(tests::vgem_card());
    Client client(board.drm());
    drm_mode_card_res resources{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETRESOURCES, resources), EOPNOTSUPP);
    EXPECT_EQ(client.reason(), "the driver vgem has no modeset");
    drm_mode_fb_cmd2 fb{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETFB2, fb), EINVAL);
}

TEST(Dispatch, after_unplug_every_number_is_ENODEV_before_anything_else) {
    Board board;
    Client client(board.drm());
    board.unplug();
    std::array<std::byte, 256> zeros{};
    for (uint32_t number = 0; number < uapi::table_size; number++) {
        const uapi::Ioctl* row = uapi::find_ioctl(number);
        EXPECT_EQ(client.ioctl(row ? row->command : DRM_IO(number), zeros.data()), ENODEV)
            << number;
    }
    EXPECT_EQ(client.ioctl(_IOWR('e', 0, uint64_t), reinterpret_cast<void*>(8)), ENODEV);
    EXPECT_EQ(client.reason(), "card0 is gone");
}

TEST(Dispatch, every_ioctl_with_zeros_may_run_on_two_threads_of_one_file) {
    Board board;
    Client client(board.drm(), {.uid = 0});
    const auto call_all = [&client] {
        for (uint32_t number = 0; number < uapi::table_size; number++) {
            const uapi::Ioctl* row = uapi::find_ioctl(number);
            std::array<std::byte, 256> zeros{};
            if (row) client.ioctl(row->command, zeros.data());
        }
    };
    std::thread second(call_all);
    call_all();
    second.join();
    drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_CAP, cap), 0);
}

TEST(Dispatch, an_unplug_between_copy_and_handler_is_ENODEV) {
    Board board;
    Client client(board.drm());
    const StopHook hook = [&board](Device&, const uapi::Ioctl& row, StopPoint point) {
        if (row.name == "GET_CAP" && point == StopPoint::AfterCopy) board.unplug();
    };
    stop_hook = &hook;
    drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_CAP, cap), ENODEV);
    stop_hook = nullptr;
}

class KernelAnswers : public testing::TestWithParam<const char*> {};

TEST_P(KernelAnswers, are_ours) {
    const std::string opener = GetParam();
    Board board;
    std::unique_ptr<Client> master;
    if (opener.ends_with("not master")) master = std::make_unique<Client>(board.drm());
    const auto lines = tests::kernel_lines(opener);
    for (const tests::KernelLine& line : lines)
        EXPECT_EQ(tests::answers(board.drm(), line), line.answers) << line.name;
    EXPECT_EQ(lines.size(), 112u);
}

// vgem's openers: src/drivers/vgem/driver_test.cpp
INSTANTIATE_TEST_SUITE_P(Openers, KernelAnswers,
                         testing::Values("vkms primary, root, master",
                                         "vkms primary, root, not master",
                                         "vkms primary, user, master",
                                         "vkms primary, user, not master"));

}  // namespace
}  // namespace plugboard::drm
