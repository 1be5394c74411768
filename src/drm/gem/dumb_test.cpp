#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/drm_client.h"
#include "tests/support/reference_files.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::CardInfo;
using tests::Client;

drm_mode_create_dumb dumb_of(uint32_t width, uint32_t height, uint32_t bpp) {
    drm_mode_create_dumb dumb{};
    dumb.width = width;
    dumb.height = height;
    dumb.bpp = bpp;
    return dumb;
}

std::string answer_to(Client& client, drm_mode_create_dumb dumb) {
    if (const int error = client.ioctl(DRM_IOCTL_MODE_CREATE_DUMB, dumb))
        return tests::result_name(error);
    const std::string answer =
        "ok pitch " + std::to_string(dumb.pitch) + " size " + std::to_string(dumb.size);
    drm_mode_destroy_dumb destroy{.handle = dumb.handle};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_DESTROY_DUMB, destroy), 0);
    return answer;
}

void compare_sizes(const char* reference, const CardInfo& info) {
    Board board(info);
    Client client(board.drm());
    int lines = 0;
    for (const std::string& line : tests::reference_lines(reference)) {
        if (!line.starts_with("CREATE_DUMB ") || line.size() < 64) continue;
        const std::string what = line.substr(12, 51), answer = line.substr(63);
        unsigned width = 0, height = 0, bpp = 0;
        drm_mode_create_dumb dumb{};
        if (what.starts_with("flags 1")) {
            dumb = dumb_of(64, 64, 32);
            dumb.flags = 1;
        } else if (what.starts_with("0xffffffff ")) {
            dumb = dumb_of(0xffffffff, 1, 8);
        } else if (what.starts_with("0x80000000")) {
            dumb = dumb_of(0x80000000, 4, 8);
        } else {
            ASSERT_EQ(std::sscanf(what.c_str(), "%ux%ux%u", &width, &height, &bpp), 3) << line;
            dumb = dumb_of(width, height, bpp);
        }
        EXPECT_EQ(answer_to(client, dumb), answer) << line;
        lines++;
    }
    EXPECT_GT(lines, 10);
}

TEST(Dumb, sizes_and_pitches_are_those_of_linux_7_2) {
    compare_sizes("linux-7.2/kms-errno.txt", {});
}

TEST(Dumb, sizes_and_pitches_are_those_of_linux_6_1_under_its_profile) {
    compare_sizes("linux-6.1/kms-errno.txt", tests::linux_6_1_card());
}

TEST(Dumb, refusals_say_why) {
    Board board;
    Client client(board.drm());
    drm_mode_create_dumb dumb = dumb_of(0, 768, 32);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CREATE_DUMB, dumb), EINVAL);
    EXPECT_EQ(client.reason(), "0x768 pixels of 32 bits: empty, or more than 2^32 - 1 bytes");
    drm_mode_map_dumb map{.handle = 9, .pad = 0, .offset = 3};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_MAP_DUMB, map), ENOENT);
    EXPECT_EQ(client.reason(), "there is no handle 9");
    EXPECT_EQ(map.offset, 0u);
    drm_mode_destroy_dumb destroy{.handle = 9};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_DESTROY_DUMB, destroy), EINVAL);
    EXPECT_EQ(client.reason(), "there is no handle 9");
    drm_gem_close close{.handle = 9, .pad = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GEM_CLOSE, close), EINVAL);
    EXPECT_EQ(client.reason(), "there is no handle 9");
}

TEST(Dumb, a_driver_without_dumb_buffers_is_ENOSYS) {
    CardInfo info;
    info.driver.name = "none";
    info.driver.dumb_buffers = false;
    Board board(info);
    Client client(board.drm());
    drm_mode_create_dumb dumb = dumb_of(64, 64, 32);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_CREATE_DUMB, dumb), ENOSYS);
    EXPECT_EQ(client.reason(), "the driver none has no dumb buffers");
    drm_mode_map_dumb map{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_MAP_DUMB, map), ENOSYS);
    drm_mode_destroy_dumb destroy{};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_DESTROY_DUMB, destroy), ENOSYS);
}

TEST(Dumb, handles_are_the_lowest_free_ones_of_each_file) {
    Board board;
    Client client(board.drm());
    Client other(board.drm());
    EXPECT_EQ(client.make_buffer(64, 64), 1u);
    EXPECT_EQ(client.make_buffer(64, 64), 2u);
    EXPECT_EQ(other.make_buffer(64, 64), 1u);
    drm_gem_close close{.handle = 1, .pad = 5};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GEM_CLOSE, close), 0);
    EXPECT_EQ(client.make_buffer(64, 64), 1u);
}

TEST(Dumb, two_threads_get_different_handles) {
    Board board;
    Client client(board.drm());
    std::vector<uint32_t> first, second;
    std::thread other([&] {
        for (int i = 0; i < 50; i++) second.push_back(client.make_buffer(64, 64));
    });
    for (int i = 0; i < 50; i++) first.push_back(client.make_buffer(64, 64));
    other.join();
    first.insert(first.end(), second.begin(), second.end());
    std::ranges::sort(first);
    for (uint32_t i = 0; i < 100; i++) EXPECT_EQ(first[i], i + 1);
}

uint64_t offset_of(Client& client, uint32_t handle) {
    drm_mode_map_dumb map{.handle = handle, .pad = 1, .offset = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_MAP_DUMB, map), 0);
    return map.offset;
}

constexpr int read_write = PROT_READ | PROT_WRITE;

TEST(Map, gives_the_memory_of_the_buffer) {
    Board board;
    Client client(board.drm());
    const uint64_t offset = offset_of(client, client.make_buffer());
    EXPECT_EQ(offset % 4096, 0u);
    EXPECT_GE(offset, uint64_t{1} << 32);
    const auto mapped = client.file().map(offset, 1024 * 768 * 4, read_write, MAP_SHARED);
    ASSERT_TRUE(mapped.ok());
    EXPECT_EQ(mapped->size, 1024u * 768 * 4);
    void* data = mmap(nullptr, 4096, read_write, MAP_SHARED, mapped->memory.borrow(), 0);
    ASSERT_NE(data, MAP_FAILED);
    munmap(data, 4096);
    EXPECT_NE(ftruncate(mapped->memory.borrow(), 0), 0) << "a client cannot take it away";
    EXPECT_TRUE(client.file().map(offset, 1, PROT_READ, MAP_SHARED_VALIDATE).ok());
}

TEST(Map, refuses_in_linuxs_order) {
    Board board;
    Client client(board.drm());
    Client other(board.drm());
    const uint64_t size = 1024 * 768 * 4;
    const uint64_t offset = offset_of(client, client.make_buffer());
    File& file = client.file();
    const auto error = [](const Result<MappedObject>& result) { return result.error(); };
    EXPECT_EQ(error(file.map(0, size, read_write, MAP_SHARED)), Errno::Inval);
    EXPECT_EQ(error(file.map(offset, 0, read_write, MAP_SHARED)), Errno::Inval);
    EXPECT_EQ(error(file.map(offset, UINT64_MAX, read_write, MAP_SHARED)), Errno::Inval);
    EXPECT_EQ(error(file.map(offset + 4096, 4096, read_write, MAP_SHARED)), Errno::Inval);
    EXPECT_EQ(error(file.map(offset, size + 1, read_write, MAP_SHARED)), Errno::Inval);
    EXPECT_EQ(error(file.map(offset, size, read_write, MAP_PRIVATE)), Errno::Inval);
    EXPECT_EQ(error(file.map(offset, size, PROT_READ, MAP_PRIVATE)), Errno::Inval);
    EXPECT_EQ(error(other.file().map(offset, size, read_write, MAP_SHARED)), Errno::Access);
    EXPECT_EQ(error(other.file().map(offset, size, read_write, MAP_PRIVATE)), Errno::Access);
    board.unplug();
    EXPECT_EQ(error(file.map(offset, size, read_write, MAP_SHARED)), Errno::NoDev);
}

TEST(Map, what_is_mapped_stays_the_same_memory_after_unplug_and_close) {
    Board board;
    Client client(board.drm());
    const uint64_t offset = offset_of(client, client.make_buffer());
    const auto map = [&] {
        const auto mapped = client.file().map(offset, 4096, read_write, MAP_SHARED);
        return static_cast<char*>(
            mmap(nullptr, 4096, read_write, MAP_SHARED, mapped->memory.borrow(), 0));
    };
    char* const one = map();
    char* const two = map();
    one[0] = 'b';
    board.unplug();
    EXPECT_EQ(two[0], 'b');
    client.close();
    board.drop();
    one[1] = 'a';
    EXPECT_EQ(two[1], 'a');
    munmap(one, 4096);
    munmap(two, 4096);
}

TEST(Map, a_file_opened_read_only_never_gets_writable_memory) {
    Board board;
    Client client(board.drm(), {.flags = O_RDONLY});
    const uint64_t offset = offset_of(client, client.make_buffer());
    EXPECT_EQ(client.file().map(offset, 4096, read_write, MAP_SHARED).error(), Errno::Access);
    const auto mapped = client.file().map(offset, 4096, PROT_READ, MAP_SHARED);
    ASSERT_TRUE(mapped.ok());
    EXPECT_EQ(mmap(nullptr, 4096, read_write, MAP_SHARED, mapped->memory.borrow(), 0), MAP_FAILED);
    EXPECT_EQ(Client(board.drm(), {.flags = O_WRONLY})
                  .file()
                  .map(offset, 4096, PROT_WRITE, MAP_SHARED)
                  .error(),
              Errno::Access);
}

TEST(Map, the_offset_of_another_devices_buffer_is_unknown) {
    Board board;
    Board other_board;
    Client client(board.drm());
    Client other(other_board.drm());
    const uint64_t offset = offset_of(other, other.make_buffer());
    EXPECT_EQ(client.file().map(offset, 4096, read_write, MAP_SHARED).error(), Errno::Inval);
}

TEST(Map, after_the_handle_is_closed_a_framebuffer_keeps_the_object_but_not_the_right) {
    Board board;
    Client client(board.drm());
    drm_mode_fb_cmd2 fb = client.good_fb();
    const uint64_t offset = offset_of(client, fb.handles[0]);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_ADDFB2, fb), 0);
    drm_gem_close close{.handle = fb.handles[0], .pad = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GEM_CLOSE, close), 0);
    EXPECT_EQ(client.file().map(offset, 4096, read_write, MAP_SHARED).error(), Errno::Access);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_RMFB, fb.fb_id), 0);
    EXPECT_EQ(client.file().map(offset, 4096, read_write, MAP_SHARED).error(), Errno::Inval);
}

TEST(GemObject, of_a_size_no_machine_has_is_ENOMEM) {
    EXPECT_EQ(gem::Object::create(uint64_t{1} << 50).error(), Errno::NoMem);
}

TEST(GemObject, maps_once_and_reads_zero) {
    auto object = gem::Object::create(8192);
    ASSERT_TRUE(object.ok());
    const auto bytes = (*object)->map();
    ASSERT_TRUE(bytes.ok());
    EXPECT_EQ(bytes->size(), 8192u);
    EXPECT_EQ((*bytes)[8191], std::byte{0});
    EXPECT_EQ((*object)->map()->data(), bytes->data());
}

}  // namespace
}  // namespace plugboard::drm
