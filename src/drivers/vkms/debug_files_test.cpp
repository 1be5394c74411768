// crtc-N/crc/control and data, from a client's side.
#include "drivers/vkms/debug_files.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <cstring>
#include <thread>

#include "drivers/vkms/test_board.h"
#include "drm/sync/sync_file.h"
#include "tests/support/pictures.h"
#include "tests/support/reference_files.h"

namespace plugboard::vkms {
namespace {

Result<UniqueFd> open_file(drm::Device& device, const std::string& path, int flags) {
    for (const drm::DebugFile& file : device.debug_files()) {
        if (file.path == path) return file.open(flags);
    }
    return Errno::NoEnt;
}

struct Entry {
    uint32_t frame = 0;
    uint32_t crc = 0;
};

/// Waits for the next entry; none at the end of the file.
std::optional<Entry> read_entry(const UniqueFd& fd) {
    char bytes[64] = {};
    if (read(fd.borrow(), bytes, sizeof(bytes)) != 23) return std::nullopt;
    Entry entry;
    EXPECT_EQ(sscanf(bytes, "0x%8x 0x%8x\n", &entry.frame, &entry.crc), 2);
    EXPECT_EQ(bytes[22], '\0');
    return entry;
}

std::string read_text(const UniqueFd& fd) {
    char bytes[64] = {};
    const ssize_t count = read(fd.borrow(), bytes, sizeof(bytes));
    return {bytes, static_cast<size_t>(std::max<ssize_t>(count, 0))};
}

TEST(CrcEntry, has_the_bytes_of_linux_6_1) {
    EXPECT_EQ(crc_entry(0xb8, 0x8186afc9), std::string("0x000000b8 0x8186afc9\n\0", 23));
    EXPECT_EQ(crc_entry(0xffffffff, 0), std::string("0xffffffff 0x00000000\n\0", 23));
}

/// A small screen that is on.
class Crc : public ::testing::Test {
  protected:
    static constexpr uint32_t width = 64, height = 48;

    static Config config() {
        Config config;
        config.overlays = 8;
        config.screens = {{.mode = ScreenMode{.width = width, .height = height}}};
        return config;
    }
    void SetUp() override { turn_on(); }
    void turn_on() {
        ASSERT_EQ(
            client_.turn_on(crtc_, connector_, client_.probe(connector_)[0], primary_, buffer_.fb),
            0);
    }
    Result<UniqueFd> open_data(int flags = O_RDONLY) {
        return open_file(*drm_, "crtc-0/crc/data", flags);
    }
    int write_control(std::string_view text) {
        const auto fd = open_file(*drm_, "crtc-0/crc/control", O_WRONLY);
        EXPECT_TRUE(fd.ok());
        const auto file = board_.model.service<drm::SpecialFiles>().find(*fd);
        EXPECT_TRUE(file);
        EXPECT_EQ((*file)->kind(), FdKind::Attribute);
        const auto written = (*file)->write(std::as_bytes(std::span(text)));
        if (!written.ok()) return static_cast<int>(written.error());
        EXPECT_EQ(*written, text.size());
        return 0;
    }
    void settle() { board_.model.service<drm::SpecialFiles>().watch().settle(); }

    TestBoard board_{config()};
    MaybeRef<drm::Device> drm_holder_ = board_.drm();
    drm::Device* drm_ = &**drm_holder_;
    TestClient client_{*drm_};
    uint32_t crtc_ = client_.crtcs[0];
    uint32_t connector_ = client_.connectors[0];
    uint32_t primary_ = client_.planes[0];
    DumbBuffer buffer_ = client_.make_mapped_buffer(width, height, DRM_FORMAT_XRGB8888, 4);
};

TEST_F(Crc, data_gives_one_entry_a_vblank_without_commits) {
    const auto data = open_data();
    ASSERT_TRUE(data.ok());
    const auto first = read_entry(*data);
    ASSERT_TRUE(first);
    for (uint32_t i = 1; i < 5; ++i) {
        const auto next = read_entry(*data);
        ASSERT_TRUE(next);
        EXPECT_EQ(next->frame, first->frame + i);
        EXPECT_EQ(next->crc, first->crc);
    }
}

TEST_F(Crc, changes_with_the_pixels) {
    const auto data = open_data();
    ASSERT_TRUE(data.ok());
    const auto black = read_entry(*data);
    ASSERT_TRUE(black);
    std::memset(buffer_.bytes.data(), 0x55, buffer_.bytes.size());
    auto grey = read_entry(*data);
    for (int i = 0; grey && i < 5 && grey->crc == black->crc; ++i) grey = read_entry(*data);
    ASSERT_TRUE(grey);
    EXPECT_NE(grey->crc, black->crc);
}

TEST_F(Crc, data_opened_nonblocking_says_EAGAIN) {
    const auto data = open_data(O_RDONLY | O_NONBLOCK);
    ASSERT_TRUE(data.ok());
    char bytes[64];
    while (read(data->borrow(), bytes, sizeof(bytes)) > 0) {
    }
    EXPECT_EQ(errno, EAGAIN);
}

TEST_F(Crc, data_opened_twice_is_busy) {
    const auto data = open_data();
    ASSERT_TRUE(data.ok());
    const auto second = open_data();
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error(), Errno::Busy);
    settle();  // the end of the second one is not taken for the first's
    EXPECT_TRUE(read_entry(*data));
}

TEST_F(Crc, data_can_be_opened_again_after_close) {
    {
        const auto data = open_data();
        ASSERT_TRUE(data.ok());
    }
    settle();
    const auto again = open_data();
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE(read_entry(*again));
}

TEST_F(Crc, data_of_a_crtc_that_is_off_is_EIO) {
    ASSERT_EQ(client_.turn_off(crtc_, connector_, primary_), 0);
    const auto data = open_data();
    ASSERT_FALSE(data.ok());
    EXPECT_EQ(data.error(), Errno::Io);
}

TEST_F(Crc, goes_on_when_the_crtc_was_off_in_between) {
    const auto data = open_data(O_RDONLY | O_NONBLOCK);
    ASSERT_TRUE(data.ok());
    ASSERT_EQ(client_.turn_off(crtc_, connector_, primary_), 0);
    char bytes[64];
    while (read(data->borrow(), bytes, sizeof(bytes)) > 0) {
    }
    turn_on();
    pollfd poll_for{.fd = data->borrow(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&poll_for, 1, 5000), 1);
    EXPECT_TRUE(read_entry(*data));
}

TEST_F(Crc, entry_of_a_flips_sequence_shows_that_flip) {
    const DumbBuffer other = client_.make_mapped_buffer(width, height, DRM_FORMAT_XRGB8888, 4);
    std::memset(other.bytes.data(), 0x77, other.bytes.size());
    const auto data = open_data();
    ASSERT_TRUE(data.ok());
    const auto black = read_entry(*data);
    ASSERT_TRUE(black);
    ASSERT_EQ(client_.atomic({{primary_, "FB_ID", other.fb}}, DRM_MODE_PAGE_FLIP_EVENT), 0);
    const auto events = client_.events().take();
    ASSERT_EQ(events.size(), 1U);
    drm_event_vblank flip{};
    std::memcpy(&flip, &events[0], sizeof(flip));
    std::optional<Entry> entry;
    do {
        entry = read_entry(*data);
        ASSERT_TRUE(entry);
        if (entry->frame < flip.sequence) {
            EXPECT_EQ(entry->crc, black->crc) << entry->frame;
        }
    } while (entry->frame < flip.sequence);
    EXPECT_EQ(entry->frame, flip.sequence);
    EXPECT_NE(entry->crc, black->crc);
}

TEST_F(Crc, control_reads_the_source_with_a_star) {
    for (const int flags : {O_RDONLY, O_RDWR}) {
        const auto fd = open_file(*drm_, "crtc-0/crc/control", flags);
        ASSERT_TRUE(fd.ok());
        EXPECT_EQ(read_text(*fd), "auto*\n");
        EXPECT_EQ(read_text(*fd), "");
    }
}

TEST_F(Crc, control_takes_auto_only) {
    EXPECT_EQ(write_control("auto"), 0);
    EXPECT_EQ(write_control("auto\n"), 0);
    EXPECT_EQ(write_control(""), 0);
    EXPECT_EQ(write_control("\n"), EINVAL);
    EXPECT_EQ(write_control("auto\n\n"), EINVAL);
    EXPECT_EQ(write_control("pipe"), EINVAL);
    EXPECT_EQ(write_control(std::string(4096, 'a')), E2BIG);
    EXPECT_EQ(write_control(std::string(4095, 'a')), EINVAL);
}

TEST_F(Crc, control_is_busy_while_data_is_open) {
    {
        const auto data = open_data();
        ASSERT_TRUE(data.ok());
        EXPECT_EQ(write_control("pipe"), EINVAL);
        EXPECT_EQ(write_control("auto"), EBUSY);
    }
    settle();
    EXPECT_EQ(write_control("auto"), 0);
}

TEST_F(Crc, unplug_wakes_a_blocked_reader) {
    const auto data = open_data();
    ASSERT_TRUE(data.ok());
    drm_holder_.reset();
    std::thread reader([&] {
        while (read_entry(*data)) {
        }
    });
    board_.unplug();
    reader.join();
    pollfd poll_for{.fd = data->borrow(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&poll_for, 1, 0), 1);
    EXPECT_NE(poll_for.revents & POLLHUP, 0);
}

TEST_F(Crc, unplug_with_data_open_leaves_the_device_to_its_other_users) {
    const auto data = open_data();
    const auto control = open_file(*drm_, "crtc-0/crc/control", O_WRONLY);
    ASSERT_TRUE(data.ok() && control.ok());
    const auto file = board_.model.service<drm::SpecialFiles>().find(*control);
    ASSERT_TRUE(file);
    client_.close();
    drm_holder_.reset();
    board_.unplug();
    // The model may end now: the open files hold nothing of the device.
    const auto written = (*file)->write(std::as_bytes(std::span("auto", 4)));
    ASSERT_FALSE(written.ok());
    EXPECT_EQ(written.error(), Errno::NoDev);
}

/// 1024x768, as the screen was when the kernel gave tests/reference/linux-6.1/crc.txt.
class CrcReference : public ::testing::Test {
  protected:
    static constexpr uint32_t width = 1024, height = 768;

    static Config config() {
        Config config;
        config.overlays = 8;
        return config;
    }
    void SetUp() override {
        first_ = make(DRM_FORMAT_XRGB8888, width, height);
        ASSERT_EQ(
            client_.turn_on(client_.crtcs[0], client_.connectors[0],
                            client_.probe(client_.connectors[0])[0], client_.planes[0], first_.fb),
            0);
        auto data = open_file(*drm_, "crtc-0/crc/data", O_RDONLY);
        ASSERT_TRUE(data.ok());
        data_ = std::move(*data);
    }
    DumbBuffer make(uint32_t fourcc, uint32_t w, uint32_t h) {
        return client_.make_mapped_buffer(w, h, fourcc, tests::bytes_per_pixel(fourcc));
    }
    DumbBuffer pattern(uint32_t fourcc, uint32_t w, uint32_t h) {
        DumbBuffer buffer = make(fourcc, w, h);
        tests::draw_pattern(fourcc, w, h, buffer.dumb.pitch, buffer.bytes);
        return buffer;
    }
    /// The CRC of the frame in which the fb came on the plane.
    uint32_t show(uint32_t plane, uint32_t fb, drm::Rect to, uint32_t x = 0, uint32_t y = 0) {
        EXPECT_EQ(client_.atomic(TestClient::place(plane, client_.crtcs[0], fb, to, x, y),
                                 DRM_MODE_PAGE_FLIP_EVENT),
                  0);
        const auto events = client_.events().take();
        if (events.empty()) return 0;
        drm_event_vblank flip{};
        std::memcpy(&flip, &events.back(), sizeof(flip));
        for (;;) {
            const auto entry = read_entry(data_);
            if (!entry) return 0;
            if (entry->frame == flip.sequence) return entry->crc;
        }
    }
    uint32_t show_primary(uint32_t fb, uint32_t x = 0, uint32_t y = 0) {
        return show(client_.planes[0], fb, {0, 0, width, height}, x, y);
    }
    /// The value at the end of the line that begins with `words`.
    static uint32_t expected(const std::string& words) {
        for (const auto& line : tests::reference_lines("linux-6.1/crc.txt")) {
            if (!line.starts_with(words + "  ")) continue;
            return static_cast<uint32_t>(std::stoul(line.substr(line.rfind(' ')), nullptr, 16));
        }
        ADD_FAILURE() << "no line " << words;
        return 0;
    }

    TestBoard board_{config()};
    Ref<drm::Device> drm_ = board_.drm();
    TestClient client_{*drm_};
    DumbBuffer first_;
    UniqueFd data_;
};

TEST_F(CrcReference, of_one_colour_is_the_kernels) {
    EXPECT_EQ(show_primary(first_.fb), expected("primary XR24 all 0x000000"));
    const DumbBuffer blue = make(DRM_FORMAT_XRGB8888, width, height);
    const auto picture = tests::solid(0x123456, width, height);
    std::memcpy(blue.bytes.data(), picture.bytes.data(), picture.bytes.size());
    EXPECT_EQ(show_primary(blue.fb), expected("primary XR24 all 0x123456"));
}

TEST_F(CrcReference, of_each_format_is_the_kernels) {
    EXPECT_EQ(show_primary(pattern(DRM_FORMAT_XRGB8888, width, height).fb),
              expected("primary XR24 pattern"));
    EXPECT_EQ(show_primary(pattern(DRM_FORMAT_RGB565, width, height).fb),
              expected("primary RG16 pattern"));
    EXPECT_EQ(show_primary(pattern(DRM_FORMAT_XRGB16161616, width, height).fb),
              expected("primary XR48 pattern"));
}

TEST_F(CrcReference, of_a_part_of_a_buffer_is_the_kernels) {
    EXPECT_EQ(show_primary(pattern(DRM_FORMAT_XRGB8888, 1100, 800).fb, 37, 11),
              expected("primary XR24 pattern 1100x800 src 37,11"));
}

TEST_F(CrcReference, of_an_overlay_is_the_kernels) {
    show_primary(pattern(DRM_FORMAT_XRGB8888, width, height).fb);
    const uint32_t fb = pattern(DRM_FORMAT_ARGB8888, 256, 256).fb;
    EXPECT_EQ(show(client_.planes[1], fb, {100, 50, 256, 256}),
              expected("+ overlay AR24 256x256 at 100,50"));
    EXPECT_EQ(show(client_.planes[1], fb, {-64, -32, 256, 256}),
              expected("+ overlay moved to -64,-32"));
}

}  // namespace
}  // namespace plugboard::vkms
