#include "daemon/board.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>

#include "daemon/configfs_cards.h"
#include "drivers/vkms/profile.h"
#include "drm/objects/mode_config.h"
#include "tests/support/drm_client.h"
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

/// As configfs makes one, with a screen of its own.
vkms::Config made_by_configfs(const std::string& name) {
    vkms::Config config = vkms::with_profile(vkms::Profile::LinuxLatest);
    config.name = name;
    config.layout = {.planes = {{.type = drm::PlaneType::Primary, .possible_crtcs = 1}},
                     .crtcs = {{}},
                     .encoders = {{.possible_crtcs = 1}},
                     .possible_encoders = {1}};
    return config;
}

TEST_F(BoardTest, gives_cards_of_configfs_names_that_are_no_others) {
    start(0, 1);
    BoardConfigfsCards cards(board_->slots());
    const std::string longest(200, 'x');
    const std::pair<std::string, std::string> names[] = {{"desk", "desk"},
                                                         {"card0", "vkms:card0"},
                                                         {"gpu0", "vkms:gpu0"},
                                                         {"DP-1", "vkms:DP-1"},
                                                         {longest, "vkms:" + longest}};
    for (const auto& [folder, slot] : names) {
        ASSERT_TRUE(cards.create(made_by_configfs(folder)).ok()) << folder;
        const auto card = board_->slots().find_card(slot);
        ASSERT_TRUE(card.ok()) << slot;
        EXPECT_EQ((*card.value().device)->name(), folder);
    }
    for (const char* target : {"card0", "gpu0", "vkms"}) {
        const auto card = board_->slots().find_card(target);
        ASSERT_TRUE(card.ok()) << target;
        EXPECT_EQ((*card.value().device)->name(), "vkms") << target;
    }
    for (const auto& [folder, slot] : names) cards.destroy(folder);
}

TEST_F(BoardTest, keeps_the_status_that_configfs_gave_a_card_that_was_out) {
    start(0, 1);
    BoardConfigfsCards cards(board_->slots());
    ASSERT_TRUE(cards.create(made_by_configfs("desk")).ok());
    const auto status = [&] {
        const Ref<drm::Device> card = *board_->slots().find_card("desk").value().drm;
        tests::Client client(*card);
        drm_mode_get_connector get{};
        {
            drm::ModeConfig& config = card->mode_config();
            MutexLock lock(config.lock());
            get.connector_id = drm::raw(config.connectors.front()->id());
        }
        EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETCONNECTOR, get), 0) << client.reason();
        return get.connection;
    };
    EXPECT_EQ(status(), 1u);
    ASSERT_TRUE(board_->slots().unplug("desk").ok());
    cards.set_screen("desk", 0, {.connected = false});
    ASSERT_TRUE(board_->slots().plug("desk").ok());
    EXPECT_EQ(status(), 2u);
    cards.destroy("desk");
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
