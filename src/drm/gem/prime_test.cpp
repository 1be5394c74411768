#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

constexpr uint32_t both = DRM_CLOEXEC | DRM_RDWR;

struct Exported {
    int error = 0;
    UniqueFd fd;
};

Exported export_buffer(Client& client, uint32_t handle, uint32_t flags = both) {
    drm_prime_handle prime{.handle = handle, .flags = flags, .fd = -1};
    const int error = client.ioctl(DRM_IOCTL_PRIME_HANDLE_TO_FD, prime);
    return {error, UniqueFd(prime.fd)};
}

/// The handle, or 0 and why not.
uint32_t import_buffer(Client& client, int fd, int expected = 0) {
    drm_prime_handle prime{.handle = 0, .flags = 0xffff, .fd = fd};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_PRIME_FD_TO_HANDLE, prime), expected);
    return prime.handle;
}

int close_handle(Client& client, uint32_t handle) {
    drm_gem_close close{.handle = handle, .pad = 0};
    return client.ioctl(DRM_IOCTL_GEM_CLOSE, close);
}

/// Writes with what the client's file maps, or a descriptor.
class Mapped {
  public:
    explicit Mapped(int fd, int protection = PROT_READ | PROT_WRITE)
        : data_(mmap(nullptr, 4096, protection, MAP_SHARED, fd, 0)) {}
    ~Mapped() {
        if (is_mapped()) munmap(data_, 4096);
    }
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;
    bool is_mapped() const { return data_ != MAP_FAILED; }
    char& first() { return *static_cast<char*>(data_); }

  private:
    void* data_;
};

class Prime : public testing::Test {
  protected:
    Board board_, other_board_;
    Client client_{board_.drm()};
    Client second_{board_.drm()};
    Client other_{other_board_.drm()};
};

TEST_F(Prime, export_refuses_in_linuxs_order) {
    EXPECT_EQ(export_buffer(client_, 9, 1 << 5).error, EINVAL);
    EXPECT_EQ(client_.reason(), "flags 0x20: not CLOEXEC or RDWR");
    EXPECT_EQ(export_buffer(client_, 9).error, ENOENT);
    EXPECT_EQ(client_.reason(), "there is no handle 9");
    board_.unplug();
    EXPECT_EQ(export_buffer(client_, 9, 1 << 5).error, ENODEV);
}

TEST_F(Prime, an_exported_buffer_is_the_same_memory) {
    const uint32_t handle = client_.make_buffer();
    const auto exported = export_buffer(client_, handle);
    ASSERT_EQ(exported.error, 0);
    EXPECT_EQ(lseek(exported.fd.borrow(), 0, SEEK_END), 1024 * 768 * 4);
    struct stat info {};
    ASSERT_EQ(fstat(exported.fd.borrow(), &info), 0);
    EXPECT_EQ(info.st_size, 1024 * 768 * 4);
    drm_mode_map_dumb map{.handle = handle, .pad = 0, .offset = 0};
    ASSERT_EQ(client_.ioctl(DRM_IOCTL_MODE_MAP_DUMB, map), 0);
    const auto by_node = client_.file().map(map.offset, 4096, PROT_READ | PROT_WRITE, MAP_SHARED);
    ASSERT_TRUE(by_node.ok());
    Mapped first(by_node->memory.borrow()), second(exported.fd.borrow());
    ASSERT_TRUE(first.is_mapped() && second.is_mapped());
    first.first() = 'x';
    EXPECT_EQ(second.first(), 'x');
}

TEST_F(Prime, close_on_exec_is_as_each_call_says) {
    const uint32_t handle = client_.make_buffer();
    const auto closed = export_buffer(client_, handle, both);
    const auto kept = export_buffer(client_, handle, DRM_RDWR);
    EXPECT_EQ(fcntl(closed.fd.borrow(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(fcntl(kept.fd.borrow(), F_GETFD), 0);
}

TEST_F(Prime, the_first_export_says_whether_all_are_writable) {
    const uint32_t read_only = client_.make_buffer();
    const auto first = export_buffer(client_, read_only, DRM_CLOEXEC);
    const auto second = export_buffer(client_, read_only, both);
    EXPECT_FALSE(Mapped(first.fd.borrow()).is_mapped());
    EXPECT_FALSE(Mapped(second.fd.borrow()).is_mapped());
    EXPECT_TRUE(Mapped(second.fd.borrow(), PROT_READ).is_mapped());
    const uint32_t writable = client_.make_buffer();
    EXPECT_EQ(export_buffer(client_, writable, both).error, 0);
    EXPECT_TRUE(Mapped(export_buffer(client_, writable, 0).fd.borrow()).is_mapped());
}

TEST_F(Prime, after_the_last_handle_the_next_export_is_a_first_one) {
    drm_mode_fb_cmd2 fb = client_.good_fb();
    ASSERT_EQ(client_.ioctl(DRM_IOCTL_MODE_ADDFB2, fb), 0);
    EXPECT_FALSE(
        Mapped(export_buffer(client_, fb.handles[0], DRM_CLOEXEC).fd.borrow()).is_mapped());
    EXPECT_EQ(close_handle(client_, fb.handles[0]), 0);
    drm_mode_fb_cmd2 again{};
    again.fb_id = fb.fb_id;
    ASSERT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETFB2, again), 0);
    EXPECT_TRUE(Mapped(export_buffer(client_, again.handles[0]).fd.borrow()).is_mapped());
}

TEST_F(Prime, import_wants_an_open_dma_buf) {
    import_buffer(client_, 12345, EBADF);
    EXPECT_EQ(client_.reason(), "fd 12345 is not open");
    const UniqueFd path(open("/", O_PATH | O_CLOEXEC));
    import_buffer(client_, path.borrow(), EBADF);
    const UniqueFd file(open("/dev/null", O_RDWR | O_CLOEXEC));
    import_buffer(client_, file.borrow(), EINVAL);
    EXPECT_EQ(client_.reason(), "fd " + std::to_string(file.borrow()) + " is no dma-buf");
    const auto exported = export_buffer(client_, client_.make_buffer());
    board_.unplug();
    import_buffer(client_, exported.fd.borrow(), ENODEV);
}

TEST_F(Prime, a_file_knows_its_own_export) {
    client_.make_buffer(64, 64);
    const uint32_t handle = client_.make_buffer();
    const auto exported = export_buffer(client_, handle);
    EXPECT_EQ(import_buffer(client_, exported.fd.borrow()), handle);
    EXPECT_EQ(close_handle(client_, handle), 0);
    EXPECT_EQ(close_handle(client_, handle), EINVAL) << "the import has not counted it twice";
}

TEST_F(Prime, another_file_of_the_card_gets_the_same_object) {
    const uint32_t handle = client_.make_buffer();
    const auto exported = export_buffer(client_, handle);
    second_.make_buffer(64, 64);
    const uint32_t theirs = import_buffer(second_, exported.fd.borrow());
    EXPECT_EQ(theirs, 2u);
    EXPECT_EQ(import_buffer(second_, exported.fd.borrow()), theirs);
    drm_mode_map_dumb map{.handle = handle, .pad = 0, .offset = 0};
    drm_mode_map_dumb their_map{.handle = theirs, .pad = 0, .offset = 0};
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_MAP_DUMB, map), 0);
    EXPECT_EQ(second_.ioctl(DRM_IOCTL_MODE_MAP_DUMB, their_map), 0);
    EXPECT_EQ(map.offset, their_map.offset);
}

TEST_F(Prime, another_card_gets_an_object_of_its_own_on_the_same_memory) {
    const auto exported = export_buffer(client_, client_.make_buffer());
    const uint32_t handle = import_buffer(other_, exported.fd.borrow());
    EXPECT_EQ(import_buffer(other_, exported.fd.borrow()), handle);
    drm_mode_map_dumb map{.handle = handle, .pad = 0, .offset = 7};
    EXPECT_EQ(other_.ioctl(DRM_IOCTL_MODE_MAP_DUMB, map), EINVAL);
    EXPECT_EQ(other_.reason(), "handle " + std::to_string(handle) + " is an imported buffer");
    EXPECT_EQ(map.offset, 0u);

    const auto back = export_buffer(other_, handle, DRM_CLOEXEC);
    Mapped first(exported.fd.borrow()), second(back.fd.borrow());
    ASSERT_TRUE(first.is_mapped() && second.is_mapped()) << "it is the dma-buf of the first export";
    first.first() = 'y';
    EXPECT_EQ(second.first(), 'y');
}

TEST_F(Prime, two_files_of_another_card_get_two_objects) {
    Client another(other_board_.drm());
    const auto exported = export_buffer(client_, client_.make_buffer());
    const size_t before = live_object_count();
    import_buffer(other_, exported.fd.borrow());
    import_buffer(another, exported.fd.borrow());
    EXPECT_EQ(live_object_count(), before + 2);
}

TEST_F(Prime, a_framebuffer_of_an_imported_buffer_shows_its_pixels) {
    drm_mode_fb_cmd2 fb = other_.good_fb();
    const auto exported = export_buffer(client_, client_.make_buffer());
    fb.handles[0] = import_buffer(other_, exported.fd.borrow());
    ASSERT_EQ(other_.ioctl(DRM_IOCTL_MODE_ADDFB2, fb), 0);
    Mapped drawn(exported.fd.borrow());
    drawn.first() = 'z';
    const auto shown = find_framebuffer(other_board_.drm(), ObjectId{fb.fb_id});
    ASSERT_TRUE(shown);
    const auto bytes = (*(*shown)->info().planes[0].object)->map();
    ASSERT_TRUE(bytes.ok());
    EXPECT_EQ((*bytes)[0], std::byte{'z'});
}

TEST_F(Prime, a_descriptor_keeps_its_buffer_when_all_handles_are_closed) {
    const uint32_t handle = client_.make_buffer();
    const auto exported = export_buffer(client_, handle);
    Mapped(exported.fd.borrow()).first() = 'k';
    EXPECT_EQ(close_handle(client_, handle), 0);
    const uint32_t again = import_buffer(second_, exported.fd.borrow());
    drm_mode_map_dumb map{.handle = again, .pad = 0, .offset = 0};
    EXPECT_EQ(second_.ioctl(DRM_IOCTL_MODE_MAP_DUMB, map), 0) << "the card's own, not imported";
    EXPECT_EQ(import_buffer(client_, exported.fd.borrow()), handle) << "the lowest free number";
    EXPECT_EQ(Mapped(exported.fd.borrow()).first(), 'k');
}

TEST_F(Prime, a_buffer_that_only_another_card_has_comes_home_as_the_cards_own) {
    const uint32_t handle = client_.make_buffer();
    const auto exported = export_buffer(client_, handle);
    import_buffer(other_, exported.fd.borrow());
    EXPECT_EQ(close_handle(client_, handle), 0);
    drm_mode_map_dumb map{
        .handle = import_buffer(client_, exported.fd.borrow()), .pad = 0, .offset = 0};
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_MAP_DUMB, map), 0);
}

TEST_F(Prime, a_buffer_outlives_its_card) {
    const auto exported = export_buffer(client_, client_.make_buffer());
    Mapped(exported.fd.borrow()).first() = 'o';
    const uint32_t before = import_buffer(other_, exported.fd.borrow());
    board_.unplug();
    client_.close();
    second_.close();
    board_.drop();
    EXPECT_EQ(import_buffer(other_, exported.fd.borrow()), before);
    EXPECT_EQ(close_handle(other_, before), 0);
    EXPECT_EQ(import_buffer(other_, exported.fd.borrow()), before) << "of a card that is no more";
    EXPECT_EQ(Mapped(exported.fd.borrow()).first(), 'o');
}

TEST_F(Prime, a_buffer_outlives_the_card_that_imported_it) {
    const uint32_t handle = client_.make_buffer();
    const auto exported = export_buffer(client_, handle);
    const uint32_t theirs = import_buffer(other_, exported.fd.borrow());
    const auto again = export_buffer(other_, theirs);
    ASSERT_EQ(again.error, 0);
    other_board_.unplug();
    EXPECT_EQ(close_handle(other_, theirs), ENODEV);
    other_.close();
    Mapped(again.fd.borrow()).first() = 'i';
    EXPECT_EQ(Mapped(exported.fd.borrow()).first(), 'i');
    EXPECT_EQ(import_buffer(client_, again.fd.borrow()), handle);
}

TEST_F(Prime, nothing_is_left_when_all_is_closed) {
    const size_t before = live_object_count();
    const uint32_t handle = client_.make_buffer();
    const auto exported = export_buffer(client_, handle);
    const uint32_t theirs = import_buffer(other_, exported.fd.borrow());
    const auto back = export_buffer(other_, theirs);
    EXPECT_EQ(live_object_count(), before + 3) << "two objects, one memory";
    EXPECT_EQ(close_handle(client_, handle), 0);
    EXPECT_EQ(close_handle(other_, theirs), 0);
    EXPECT_EQ(live_object_count(), before);
}

/// A memfd that calls itself one of ours, of a board that nobody knows.
UniqueFd foreign_memory(const char* name, off_t size, int seals) {
    UniqueFd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(ftruncate(fd.borrow(), size), 0);
    EXPECT_EQ(fcntl(fd.borrow(), F_ADD_SEALS, seals), 0);
    return fd;
}

TEST_F(Prime, a_buffer_of_another_board_is_imported) {
    const UniqueFd fd = foreign_memory("dmabuf:1234/1", 5000, F_SEAL_SHRINK);
    const uint32_t handle = import_buffer(client_, fd.borrow());
    EXPECT_EQ(import_buffer(client_, fd.borrow()), handle);
    drm_mode_map_dumb map{.handle = handle, .pad = 0, .offset = 0};
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_MAP_DUMB, map), EINVAL);
    drm_gem_flink flink{.handle = handle, .name = 0};
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_GEM_FLINK, flink), 0);
    drm_gem_open open{};
    open.name = flink.name;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_GEM_OPEN, open), 0);
    EXPECT_EQ(open.size, 8192u) << "whole pages";
}

TEST_F(Prime, a_buffer_is_memory_that_udmabuf_takes) {
    const Exported exported = export_buffer(client_, client_.make_buffer());
    const int seals = fcntl(exported.fd.borrow(), F_GET_SEALS);
    ASSERT_GE(seals, 0);
    EXPECT_EQ(seals & F_SEAL_SHRINK, F_SEAL_SHRINK);
    EXPECT_EQ(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE), 0);
    EXPECT_EQ(lseek(exported.fd.borrow(), 0, SEEK_END) % 4096, 0) << "whole pages";
}

TEST_F(Prime, memory_that_could_be_taken_away_is_no_dma_buf) {
    const auto refused = [&](const char* name, off_t size, int seals) {
        import_buffer(client_, foreign_memory(name, size, seals).borrow(), EINVAL);
    };
    refused("dmabuf:1234/1", 4096, F_SEAL_GROW);
    refused("dmabuf:1234/1", 0, F_SEAL_SHRINK);
    refused("dmabuf:1234/1", 4096, F_SEAL_SHRINK | F_SEAL_WRITE);
    refused("dmabuf:1234/1", 4096, F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE);
    refused("something", 4096, F_SEAL_SHRINK);
    refused("dmabuf:", 4096, F_SEAL_SHRINK);
    refused("dmabuf:1234/", 4096, F_SEAL_SHRINK);
    refused("dmabuf:1234/1 ", 4096, F_SEAL_SHRINK);
    refused("dmabuf:12345678123456781/1", 4096, F_SEAL_SHRINK);
}

TEST_F(Prime, a_copy_of_a_descriptor_opened_for_reading_is_the_same_dma_buf) {
    const uint32_t handle = client_.make_buffer();
    const auto exported = export_buffer(client_, handle);
    const std::string path = "/proc/self/fd/" + std::to_string(exported.fd.borrow());
    const UniqueFd reader(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(import_buffer(client_, reader.borrow()), handle);
    EXPECT_EQ(close_handle(client_, handle), 0);
    const uint32_t again = import_buffer(other_, reader.borrow());
    ASSERT_NE(again, 0u);
    EXPECT_FALSE(Mapped(export_buffer(other_, again).fd.borrow()).is_mapped());
}

TEST_F(Prime, many_threads_import_one_handle) {
    const auto exported = export_buffer(client_, client_.make_buffer());
    for (int round = 0; round < 50; round++) {
        std::vector<uint32_t> handles(4);
        std::vector<std::thread> threads;
        for (uint32_t& handle : handles)
            threads.emplace_back([&] { handle = import_buffer(other_, exported.fd.borrow()); });
        for (std::thread& thread : threads) thread.join();
        for (const uint32_t handle : handles) EXPECT_EQ(handle, handles[0]);
        EXPECT_EQ(close_handle(other_, handles[0]), 0);
        EXPECT_EQ(close_handle(other_, handles[0]), EINVAL);
    }
}

TEST_F(Prime, export_and_close_at_the_same_time_leave_no_trace) {
    const size_t before = live_object_count();
    for (int round = 0; round < 100; round++) {
        const uint32_t handle = client_.make_buffer(64, 64);
        std::thread closer([&] { EXPECT_EQ(close_handle(client_, handle), 0); });
        const auto exported = export_buffer(client_, handle);
        EXPECT_TRUE(exported.error == 0 || exported.error == ENOENT);
        closer.join();
        if (exported.error != 0) continue;
        const uint32_t again = import_buffer(client_, exported.fd.borrow());
        EXPECT_EQ(close_handle(client_, again), 0);
    }
    EXPECT_EQ(live_object_count(), before);
}

}  // namespace
}  // namespace plugboard::drm
