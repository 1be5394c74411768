#include "daemon/kernfs/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "device/model.h"
#include "drm/sync/sync_file.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

class TreeTest : public testing::Test {
  protected:
    void SetUp() override {
        auto tree = Tree::create(board_.path());
        ASSERT_TRUE(tree.ok());
        tree_ = std::move(*tree);
    }

    std::string on_disk(const std::string& path) const { return tree_->root() + path; }
    std::string content(const std::string& path) const {
        std::ifstream file(on_disk(path));
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }
    mode_t mode(const std::string& path) const {
        struct stat info {};
        EXPECT_EQ(lstat(on_disk(path).c_str(), &info), 0) << path;
        return info.st_mode & 07777;
    }
    bool exists(const std::string& path) const {
        struct stat info {};
        return lstat(on_disk(path).c_str(), &info) == 0;
    }
    Result<UniqueFd> open_live(const std::string& path, int flags) {
        return tree_->open_live(path, flags, uapi::Credentials{}, model_);
    }
    static std::string read_all(const UniqueFd& fd) {
        std::array<char, 256> bytes{};
        std::string text;
        for (ssize_t count = 0; (count = read(fd.borrow(), bytes.data(), bytes.size())) > 0;)
            text.append(bytes.data(), static_cast<size_t>(count));
        return text;
    }

    const tests::TemporaryFolder board_;
    std::unique_ptr<Tree> tree_;
    device::Model model_;
    drm::SpecialFiles& files_ = model_.service<drm::SpecialFiles>();
};

TEST_F(TreeTest, a_file_has_its_content_and_mode) {
    ASSERT_TRUE(tree_->put_file("/sys/class/drm/version", "drm 1.1.0\n", 0444).ok());
    EXPECT_EQ(content("/sys/class/drm/version"), "drm 1.1.0\n");
    EXPECT_EQ(mode("/sys/class/drm/version"), 0444u);
}

TEST_F(TreeTest, a_reader_of_a_replaced_file_keeps_the_old_one_whole) {
    ASSERT_TRUE(tree_->put_file("/sys/status", "connected\n").ok());
    const UniqueFd old(open(on_disk("/sys/status").c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(tree_->put_file("/sys/status", "off\n").ok());
    EXPECT_EQ(read_all(old), "connected\n");
    EXPECT_EQ(content("/sys/status"), "off\n");
    EXPECT_TRUE(std::filesystem::is_empty(board_.path() + "/tmp"));
}

TEST_F(TreeTest, a_file_that_stays_the_same_is_not_replaced) {
    ASSERT_TRUE(tree_->put_file("/dev/dri/card0", "226:0\n", 0600).ok());
    ASSERT_EQ(chmod(on_disk("/dev/dri/card0").c_str(), 0666), 0);
    ASSERT_TRUE(tree_->put_file("/dev/dri/card0", "226:0\n", 0600).ok());
    EXPECT_EQ(mode("/dev/dri/card0"), 0666u) << "as a client of it has set it";
    tree_->remove("/dev/dri/card0");
    ASSERT_TRUE(tree_->put_file("/dev/dri/card0", "226:0\n", 0600).ok());
    EXPECT_EQ(mode("/dev/dri/card0"), 0600u);
}

TEST_F(TreeTest, sysfs_links_climb_to_the_common_folder_and_no_further) {
    // As in tests/reference/linux-6.1/sysfs-tree.txt.
    EXPECT_EQ(sysfs_link_target("/sys/class/drm/card1", "/sys/devices/platform/vkms/drm/card1"),
              "../../devices/platform/vkms/drm/card1");
    EXPECT_EQ(sysfs_link_target("/sys/devices/platform/vkms/drm/card1/device",
                                "/sys/devices/platform/vkms"),
              "../../../vkms");
    EXPECT_EQ(sysfs_link_target("/sys/devices/platform/vkms/drm/card1/card1-Virtual-1/device",
                                "/sys/devices/platform/vkms/drm/card1"),
              "../../card1");
    EXPECT_EQ(sysfs_link_target("/sys/devices/platform/vkms/drm/controlD65",
                                "/sys/devices/platform/vkms/drm/card1"),
              "card1");
}

TEST_F(TreeTest, removing_a_folder_removes_empty_ones_above_it_but_those_that_were_put) {
    ASSERT_TRUE(tree_->put_folder("/sys/devices/platform").ok());
    ASSERT_TRUE(tree_->put_file("/sys/devices/platform/vkms/drm/card0/dev", "226:0\n").ok());
    tree_->remove("/sys/devices/platform/vkms/drm/card0");
    EXPECT_FALSE(exists("/sys/devices/platform/vkms"));
    EXPECT_TRUE(exists("/sys/devices/platform"));
}

TEST_F(TreeTest, removing_leaves_neighbours_of_a_longer_name) {
    ASSERT_TRUE(tree_->put_live("/sys/card1", {}).ok());
    ASSERT_TRUE(tree_->put_live("/sys/card10", {}).ok());
    tree_->remove("/sys/card1");
    EXPECT_FALSE(exists("/sys/card1"));
    EXPECT_TRUE(open_live("/sys/card10", O_RDONLY).ok());
}

TEST_F(TreeTest, a_live_file_has_the_sticky_bit) {
    ASSERT_TRUE(tree_->put_live("/sys/status", {.mode = 0644}, "connected\n").ok());
    EXPECT_EQ(mode("/sys/status"), 01644u);
    EXPECT_EQ(content("/sys/status"), "connected\n");
}

TEST_F(TreeTest, a_live_file_is_read_as_it_is_at_the_open) {
    int value = 1;
    ASSERT_TRUE(tree_
                    ->put_live("/sys/state", {.show = [&]() -> Result<std::string> {
                                   return std::to_string(value);
                               }})
                    .ok());
    value = 2;
    const auto opened = open_live("/sys/state", O_RDONLY);
    ASSERT_TRUE(opened.ok());
    value = 3;
    EXPECT_EQ(read_all(*opened), "2");
    EXPECT_LT(write(opened->borrow(), "x", 1), 0) << "a snapshot is not writable";
}

TEST_F(TreeTest, a_live_file_is_found_through_links) {
    ASSERT_TRUE(tree_->put_live("/sys/devices/a/status", {}).ok());
    ASSERT_TRUE(tree_->put_sysfs_link("/sys/class/b", "/sys/devices/a").ok());
    EXPECT_TRUE(open_live("/sys/class/b/status", O_RDONLY).ok());
}

TEST_F(TreeTest, a_write_reaches_the_store_and_its_error_comes_back) {
    std::string stored;
    const auto store = [&](std::string_view text) -> Result<void> {
        if (text == "bad") return Errno::Inval;
        stored = text;
        return {};
    };
    ASSERT_TRUE(tree_->put_live("/sys/status", {.mode = 0200, .store = store}).ok());
    const auto opened = open_live("/sys/status", O_WRONLY);
    ASSERT_TRUE(opened.ok());
    const auto file = files_.find(*opened);
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ((*file)->write(std::as_bytes(std::span("detect", 6))).value(), 6u);
    EXPECT_EQ(stored, "detect");
    EXPECT_EQ((*file)->write(std::as_bytes(std::span("bad", 3))).error(), Errno::Inval);
}

TEST_F(TreeTest, a_file_open_for_both_reads_its_value_and_then_the_end) {
    const auto show = []() -> Result<std::string> { return std::string("auto\n"); };
    const auto store = [](std::string_view) -> Result<void> { return {}; };
    ASSERT_TRUE(tree_->put_live("/sys/control", {.mode = 0644, .show = show, .store = store}).ok());
    const auto opened = open_live("/sys/control", O_RDWR);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(read_all(*opened), "auto\n");
}

TEST_F(TreeTest, a_written_file_is_let_go_with_the_last_copy_of_its_descriptor) {
    const auto store = [](std::string_view) -> Result<void> { return {}; };
    ASSERT_TRUE(tree_->put_live("/sys/bind", {.mode = 0200, .store = store}).ok());
    auto opened = open_live("/sys/bind", O_WRONLY);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(files_.size(), 1u);
    opened->reset();
    files_.watch().settle();
    EXPECT_EQ(files_.size(), 0u);
}

TEST_F(TreeTest, what_a_shell_writes_past_the_shim_is_stored_at_the_close) {
    std::string stored;
    const auto store = [&](std::string_view text) -> Result<void> {
        stored = text;
        return {};
    };
    ASSERT_TRUE(tree_->put_live("/sys/bind", {.mode = 0200, .store = store}).ok());
    auto opened = open_live("/sys/bind", O_WRONLY);
    ASSERT_TRUE(opened.ok());
    ASSERT_EQ(write(opened->borrow(), "vkms\n", 5), 5) << "and does not block";
    opened->reset();
    files_.watch().settle();
    model_.flush();
    EXPECT_EQ(stored, "vkms\n");
}

TEST_F(TreeTest, what_a_mode_does_not_allow_is_refused) {
    ASSERT_TRUE(tree_->put_live("/sys/read_only", {.mode = 0444}).ok());
    ASSERT_TRUE(tree_->put_live("/sys/write_only", {.mode = 0200}).ok());
    EXPECT_EQ(open_live("/sys/read_only", O_WRONLY).error(), Errno::Access);
    EXPECT_EQ(open_live("/sys/read_only", O_RDWR).error(), Errno::Access);
    EXPECT_EQ(open_live("/sys/write_only", O_RDONLY).error(), Errno::Access);
}

TEST_F(TreeTest, paths_that_lead_out_of_the_tree_are_not_there) {
    ASSERT_TRUE(tree_->put_link("/sys/out", "/etc").ok());
    EXPECT_EQ(open_live("/sys/out/passwd", O_RDONLY).error(), Errno::NoEnt);
    EXPECT_EQ(open_live("/../../../../../../../etc/passwd", O_RDONLY).error(), Errno::NoEnt);
    EXPECT_EQ(open_live("/sys/nothing", O_RDONLY).error(), Errno::NoEnt);
}

TEST_F(TreeTest, a_file_that_is_not_live_is_not_opened_here) {
    ASSERT_TRUE(tree_->put_file("/sys/dead", "x").ok());
    EXPECT_EQ(open_live("/sys/dead", O_RDONLY).error(), Errno::NoTty);
}

}  // namespace
}  // namespace plugboard::daemon
