// What a user may have: no more than his limit, nothing of which is lost, and none of another's.
#include "drm/quota.h"

#include <drm.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "drm/sync/sw_sync.h"
#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

constexpr uint32_t greedy = 4001, modest = 4002;  // users that no other test has

/// Small limits until the test ends; in the end nobody has anything.
class Quota : public testing::Test {
  protected:
    Quota() {
        Amounts limits;
        for (size_t i = 0; i < resource_count; i++) limits[static_cast<Resource>(i)] = 4;
        limits[Resource::BufferBytes] = 64 << 10;
        limits[Resource::BlobBytes] = 100;
        Accounts::instance().set_limits(limits);
    }
    ~Quota() override {
        Accounts::instance().set_limits(default_limits());
        EXPECT_EQ(Accounts::instance().of(greedy).amounts(), Amounts{});
        EXPECT_EQ(Accounts::instance().of(modest).amounts(), Amounts{});
    }
    static uint64_t has(Resource resource) {
        return Accounts::instance().of(greedy).amounts()[resource];
    }
    static int make_buffer(Client& client, uint32_t height, uint32_t* handle = nullptr) {
        drm_mode_create_dumb dumb{};
        dumb.width = 1024;  // a page a line
        dumb.height = height;
        dumb.bpp = 32;
        const int error = client.ioctl(DRM_IOCTL_MODE_CREATE_DUMB, dumb);
        if (handle) *handle = dumb.handle;
        return error;
    }
    static int make_blob(Client& client, uint32_t length) {
        const std::vector<char> bytes(length);
        drm_mode_create_blob blob{};
        blob.data = reinterpret_cast<uint64_t>(bytes.data());
        blob.length = length;
        return client.ioctl(DRM_IOCTL_MODE_CREATEPROPBLOB, blob);
    }
};

TEST_F(Quota, of_files_is_ENFILE) {
    Board board;
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 4; i++) {
        clients.push_back(std::make_unique<Client>(board.drm(), tests::ClientInfo{.uid = greedy}));
        EXPECT_TRUE(clients.back()->is_open());
    }
    Client one_more(board.drm(), {.uid = greedy});
    EXPECT_EQ(one_more.open_error(), ENFILE);
    Client other(board.drm(), {.uid = modest});
    EXPECT_TRUE(other.is_open());
    clients.pop_back();
    EXPECT_TRUE(Client(board.drm(), {.uid = greedy}).is_open());
}

TEST_F(Quota, of_buffers_and_their_bytes_says_what_is_too_much) {
    Board board;
    Client client(board.drm(), {.uid = greedy});
    uint32_t handle = 0;
    EXPECT_EQ(make_buffer(client, 10, &handle), 0);
    EXPECT_EQ(has(Resource::BufferBytes), 40960u);
    EXPECT_EQ(make_buffer(client, 7), ENOMEM);
    EXPECT_EQ(client.reason(),
              "user 4001 has 40960 buffer_bytes and may have 65536 in all: no 28672 more");
    for (int i = 0; i < 3; i++) EXPECT_EQ(make_buffer(client, 1), 0);
    EXPECT_EQ(make_buffer(client, 1), ENOMEM);
    EXPECT_EQ(client.reason(), "user 4001 has 4 buffers and may have 4 in all: no 1 more");

    drm_gem_close close{handle, 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GEM_CLOSE, close), 0);
    EXPECT_EQ(make_buffer(client, 13), 0);

    Client other(board.drm(), {.uid = modest});
    EXPECT_EQ(make_buffer(other, 16), 0);
}

TEST_F(Quota, of_bytes_holds_while_the_buffer_is_on_a_framebuffer) {
    Board board;
    Client client(board.drm(), {.uid = greedy});
    const uint32_t fb = client.add_fb(64, 64);
    drm_gem_close close{1, 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GEM_CLOSE, close), 0);
    EXPECT_EQ(has(Resource::BufferBytes), 16384u);
    drm_mode_closefb close_fb{fb, 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CLOSEFB, close_fb), 0);
    EXPECT_EQ(has(Resource::BufferBytes), 0u);
}

TEST_F(Quota, of_imported_buffers_counts_no_bytes) {
    Board board;
    Client maker(board.drm(), {.uid = modest});
    Board second;
    Client importer(second.drm(), {.uid = greedy});
    importer.import(maker.share(maker.make_buffer(64, 64)));
    EXPECT_EQ(has(Resource::Buffers), 1u);
    EXPECT_EQ(has(Resource::BufferBytes), 0u);
}

TEST_F(Quota, of_framebuffers) {
    Board board;
    Client client(board.drm(), {.uid = greedy});
    drm_mode_fb_cmd2 fb = client.good_fb(64, 64);
    for (int i = 0; i < 4; i++) EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB2, fb), 0);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB2, fb), ENOMEM);
    EXPECT_EQ(client.reason(), "user 4001 has 4 framebuffers and may have 4 in all: no 1 more");
}

TEST_F(Quota, of_blobs_and_their_bytes) {
    Board board;
    Client client(board.drm(), {.uid = greedy});
    EXPECT_EQ(make_blob(client, 90), 0);
    EXPECT_EQ(make_blob(client, 20), ENOMEM);
    for (int i = 0; i < 3; i++) EXPECT_EQ(make_blob(client, 1), 0);
    EXPECT_EQ(make_blob(client, 1), ENOMEM);
    EXPECT_EQ(client.reason(), "user 4001 has 4 blobs and may have 4 in all: no 1 more");
}

TEST_F(Quota, of_sync_files_counts_timelines) {
    device::Model model;
    std::vector<UniqueFd> timelines;
    for (int i = 0; i < 4; i++) timelines.push_back(*open_sw_sync(model, "test", greedy));
    EXPECT_EQ(open_sw_sync(model, "test", greedy).error(), Errno::NFile);
    EXPECT_TRUE(open_sw_sync(model, "test", modest).ok());
}

TEST_F(Quota, of_zero_is_none) {
    Amounts limits;
    Accounts::instance().set_limits(limits);
    Board board;
    Client client(board.drm(), {.uid = greedy});
    for (int i = 0; i < 9; i++) EXPECT_EQ(make_blob(client, 90), 0);
}

TEST_F(Quota, of_a_file_is_as_large_as_its_tables) {
    Accounts::instance().set_limits({});
    Board board;
    Client client(board.drm(), {.uid = greedy});
    for (size_t i = 0; i < max_per_file; i++) ASSERT_EQ(make_blob(client, 1), 0);
    EXPECT_EQ(make_blob(client, 1), ENOMEM);
    EXPECT_EQ(client.reason(), "the file has 65536 blobs, as many as it may have");
    Client second(board.drm(), {.uid = greedy});
    EXPECT_EQ(make_blob(second, 1), 0);
}

TEST(Charges, of_many_threads_are_neither_lost_nor_too_many) {
    Accounts::instance().set_limits({});
    Amounts limits = default_limits();
    limits[Resource::Syncobjs] = 10;
    Accounts::instance().set_limits(limits);
    Account& account = Accounts::instance().of(greedy);
    std::atomic<bool> was_above = false;
    const auto take_and_give = [&] {
        for (int i = 0; i < 2000; i++) {
            const auto charge = account.charge(Resource::Syncobjs, 3);
            if (account.amounts()[Resource::Syncobjs] > 10) was_above = true;
        }
    };
    std::thread other(take_and_give);
    take_and_give();
    other.join();
    EXPECT_FALSE(was_above);
    EXPECT_EQ(account.amounts(), Amounts{});
    EXPECT_EQ(account.charge(Resource::Syncobjs, 11).error(), Errno::NoMem);
    EXPECT_EQ(account.charge(Resource::Syncobjs, ~uint64_t{0}).error(), Errno::NoMem);
    Accounts::instance().set_limits(default_limits());
}

TEST(Charges, belong_to_users_of_the_list_only_while_they_have_something) {
    Account& account = Accounts::instance().of(modest);
    const auto is_listed = [] {
        for (const auto& [user, amounts] : Accounts::instance().amounts()) {
            if (user == modest) return amounts[Resource::Blobs] == 2;
        }
        return false;
    };
    EXPECT_FALSE(is_listed());
    {
        const auto charge = account.charge(Resource::Blobs, 2);
        EXPECT_TRUE(is_listed());
    }
    EXPECT_FALSE(is_listed());
}

}  // namespace
}  // namespace plugboard::drm
