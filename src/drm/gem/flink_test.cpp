#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

class Flink : public testing::Test {
  protected:
    static uint32_t name_of(Client& client, uint32_t handle, int expected = 0) {
        drm_gem_flink flink{.handle = handle, .name = 0};
        EXPECT_EQ(client.ioctl(DRM_IOCTL_GEM_FLINK, flink), expected);
        return flink.name;
    }
    static drm_gem_open open(Client& client, uint32_t name, int expected = 0) {
        drm_gem_open open{};
        open.name = name;
        EXPECT_EQ(client.ioctl(DRM_IOCTL_GEM_OPEN, open), expected);
        return open;
    }
    static void close(Client& client, uint32_t handle) {
        drm_gem_close close{.handle = handle, .pad = 0};
        EXPECT_EQ(client.ioctl(DRM_IOCTL_GEM_CLOSE, close), 0);
    }
    Board board_;
    Client client_{board_.drm()};
    Client root_{board_.drm(), {.uid = 0}};  // authenticated
};

TEST_F(Flink, a_name_opens_the_buffer_in_another_file) {
    client_.make_buffer(64, 64);
    const uint32_t handle = client_.make_buffer();
    const uint32_t name = name_of(client_, handle);
    EXPECT_EQ(name, 1u);
    EXPECT_EQ(name_of(client_, handle), name);
    const drm_gem_open opened = open(root_, name);
    EXPECT_EQ(opened.handle, 1u);
    EXPECT_EQ(opened.size, 1024u * 768 * 4);
    EXPECT_EQ(name_of(root_, opened.handle), name);
}

TEST_F(Flink, each_open_makes_another_handle) {
    const uint32_t name = name_of(client_, client_.make_buffer());
    EXPECT_EQ(open(client_, name).handle, 2u);
    EXPECT_EQ(open(client_, name).handle, 3u);
}

TEST_F(Flink, a_name_goes_with_the_last_handle) {
    const uint32_t handle = client_.make_buffer();
    const uint32_t name = name_of(client_, handle);
    const uint32_t theirs = open(root_, name).handle;
    close(client_, handle);
    EXPECT_EQ(name_of(root_, theirs), name);
    close(root_, theirs);
    open(root_, name, ENOENT);
    EXPECT_EQ(root_.reason(), "there is no buffer of name " + std::to_string(name));
    EXPECT_EQ(name_of(client_, client_.make_buffer()), name) << "the lowest free number";
}

TEST_F(Flink, a_name_goes_with_the_file_that_had_the_last_handle) {
    const size_t before = live_object_count();
    Client third(board_.drm(), {.uid = 0});
    const uint32_t name = name_of(third, third.make_buffer());
    third.close();
    open(client_, name, ENOENT);
    EXPECT_EQ(live_object_count(), before);
}

TEST_F(Flink, unknown_ones_are_refused) {
    name_of(client_, 9, ENOENT);
    EXPECT_EQ(client_.reason(), "there is no handle 9");
    open(client_, 0, ENOENT);
    Client unauthenticated(board_.drm());
    name_of(unauthenticated, unauthenticated.make_buffer(), EACCES);
    open(unauthenticated, 1, EACCES);
    board_.unplug();
    name_of(client_, 1, ENODEV);
    open(client_, 1, ENODEV);
}

TEST_F(Flink, open_and_close_at_the_same_time_leave_no_trace) {
    const size_t before = live_object_count();
    for (int round = 0; round < 100; round++) {
        const uint32_t handle = client_.make_buffer(64, 64);
        const uint32_t name = name_of(client_, handle);
        std::thread closer([&] { close(client_, handle); });
        drm_gem_open opened{};
        opened.name = name;
        const int error = root_.ioctl(DRM_IOCTL_GEM_OPEN, opened);
        closer.join();
        EXPECT_TRUE(error == 0 || error == ENOENT);
        if (error == 0) close(root_, opened.handle);
        open(root_, name, ENOENT);
    }
    EXPECT_EQ(live_object_count(), before);
}

TEST_F(Flink, debugfs_lists_the_named) {
    const uint32_t handle = client_.make_buffer(64, 64);
    client_.make_buffer(64, 64);
    name_of(client_, handle);
    for (const DebugFile& file : board_.drm().debug_files()) {
        if (file.path != "gem_names") continue;
        EXPECT_EQ(*file.show(),
                  "  name     size handles refcount\n"
                  "     1    16384       1        1\n");
    }
}

}  // namespace
}  // namespace plugboard::drm
