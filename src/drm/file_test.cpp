#include "drm/file.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <string>

#include "device/model.h"
#include "drm/device.h"
#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

TEST(DrmFile, O_EXCL_is_EBUSY) {
    Board board;
    EXPECT_EQ(Client(board.drm(), {.flags = O_RDWR | O_EXCL}).open_error(), EBUSY);
}

TEST(DrmFile, a_render_node_that_is_not_there_cannot_be_opened) {
    Board board;
    EXPECT_EQ(Client(board.drm(), {.node = NodeType::Render}).open_error(), ENODEV);
}

TEST(DrmFile, has_room_for_128_events_reserved_and_unread_together) {
    Board board;
    Client client(board.drm());
    for (int i = 0; i < 128; i++) EXPECT_TRUE(client.file().reserve_event().ok());
    EXPECT_EQ(client.file().reserve_event().error(), Errno::NoMem);

    client.file().send_event({});
    EXPECT_EQ(client.file().reserve_event().error(), Errno::NoMem);
    EXPECT_EQ(client.events().take().size(), 1u);
    EXPECT_TRUE(client.file().reserve_event().ok());
    client.file().cancel_event();
    EXPECT_TRUE(client.file().reserve_event().ok());
}

TEST(DrmFile, is_found_by_its_id_until_it_is_released) {
    Board board;
    Client client(board.drm());
    const uint64_t id = client.file().id();
    EXPECT_TRUE(board.drm().find_file(id).has_value());
    EXPECT_EQ(board.drm().files().size(), 1u);
    client.close();
    EXPECT_FALSE(board.drm().find_file(id).has_value());
    Client next(board.drm());
    EXPECT_NE(next.file().id(), id);
}

TEST(DrmFile, release_lets_its_buffers_framebuffers_and_blobs_go) {
    Board board;
    const size_t before = live_object_count();
    Client client(board.drm());
    client.add_fb();
    uint32_t byte = 0;
    drm_mode_create_blob blob{
        .data = reinterpret_cast<uintptr_t>(&byte), .length = 4, .blob_id = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CREATEPROPBLOB, blob), 0);
    EXPECT_GT(live_object_count(), before);
    client.close();
    EXPECT_EQ(live_object_count(), before);
}

TEST(DrmFile, closes_cleanly_after_unplug) {
    Board board;
    Client client(board.drm());
    client.add_fb();
    board.unplug();
    client.close();
    EXPECT_TRUE(board.drm().files().empty());
}

TEST(DrmFile, the_last_reference_releases_what_nobody_released) {
    Board board;
    {
        class NoSink final : public EventSink {
            void push(const EventBytes&) override {}
            size_t unread() const override { return 0; }
            void hang_up() override {}
        };
        auto file =
            File::open(board.drm(), {.opener = {}, .command = "c"}, std::make_unique<NoSink>());
        ASSERT_TRUE(file.ok());
        EXPECT_EQ(board.drm().files().size(), 1u);
    }
    board.drm().parent().model().flush();
    EXPECT_TRUE(board.drm().files().empty());
    EXPECT_TRUE(Client(board.drm()).is_open());
}

}  // namespace
}  // namespace plugboard::drm
