#include "daemon/board.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

class BoardTest : public testing::Test {
  protected:
    void start(size_t vgem_cards, size_t vkms_cards) {
        Config config;
        config.cards.clear();
        for (size_t i = 0; i < vgem_cards + vkms_cards; ++i) {
            config.cards.push_back(
                {.name = "gpu" + std::to_string(i), .driver = i < vgem_cards ? "vgem" : "vkms"});
        }
        auto board = Board::create(std::move(config), folder_.path());
        ASSERT_TRUE(board.ok()) << board.problem().headline();
        board_ = std::move(board.value());
    }
    void TearDown() override {
        if (board_) board_->end();
    }
    bool has(const std::string& path) const {
        return std::filesystem::exists(
            std::filesystem::symlink_status(board_->directory() + "/root" + path));
    }

    const tests::TemporaryFolder folder_;
    std::unique_ptr<Board> board_;
};

TEST_F(BoardTest, names_the_devices_of_each_driver_by_themselves) {
    start(2, 2);
    std::string names;
    for (const SlotInfo& slot : board_->slots().all()) names += (*slot.device)->name() + " ";
    EXPECT_EQ(names, "vgem vgem.1 vkms vkms.1 ");
}

TEST_F(BoardTest, shows_debugfs_of_nodes_beyond_the_64_of_each_kind) {
    start(66, 0);
    // The 65th and 66th render node have 192 and 194 or so: their cards' nodes are made after them.
    for (const char* minor : {"0", "63", "128", "191", "192", "193", "194", "195"})
        EXPECT_TRUE(has(std::string("/sys/kernel/debug/dri/") + minor + "/name")) << minor;
}

TEST_F(BoardTest, plugs_and_pulls_a_vgem_and_leaves_nothing) {
    start(1, 1);
    EXPECT_TRUE(has("/dev/dri/renderD128"));
    EXPECT_TRUE(board_->slots().unplug("vgem").ok());
    EXPECT_FALSE(has("/dev/dri/renderD128"));
    EXPECT_FALSE(has("/sys/kernel/debug/dri/128"));
    EXPECT_FALSE(has("/dev/dri/by-path/platform-vgem-render"));
    EXPECT_TRUE(board_->slots().plug("gpu0").ok());
    EXPECT_TRUE(has("/dev/dri/renderD129"));
    const Leftovers left = board_->leftovers();
    EXPECT_EQ(left.objects, 0u);
    EXPECT_EQ(left.descriptors, 0u);
}

TEST_F(BoardTest, counts_a_device_without_its_driver_as_no_leak) {
    start(1, 1);
    for (const char* card : {"vgem", "vkms"}) {
        EXPECT_TRUE(board_->slots().unbind(card).ok());
        EXPECT_EQ(board_->leftovers().objects, 0u) << card << " unbound";
        EXPECT_TRUE(board_->slots().bind(card).ok());
        EXPECT_EQ(board_->leftovers().objects, 0u) << card << " bound again";
    }
}

}  // namespace
}  // namespace plugboard::daemon
