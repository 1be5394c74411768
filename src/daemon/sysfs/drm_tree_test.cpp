#include "daemon/sysfs/drm_tree.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "device/bus.h"
#include "drivers/vkms/config.h"
#include "drivers/vkms/driver.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

namespace fs = std::filesystem;

class DrmTreeTest : public testing::Test {
  protected:
    void SetUp() override {
        auto tree = Tree::create(folder_.path());
        ASSERT_TRUE(tree.ok());
        tree_ = std::move(*tree);
        ASSERT_TRUE(model_.platform_bus().add_driver(driver_).ok());
    }
    void TearDown() override { EXPECT_TRUE(model_.platform_bus().remove_driver(driver_).ok()); }
    static device::DeviceInfo vkms(bool render_node = false) {
        vkms::Config config{.profile = vkms::Profile::LinuxLatest};
        config.features.render_node = render_node;
        device::DeviceInfo info;
        info.name = "vkms";
        info.platform_data = config;
        return info;
    }
    fs::path dri(const std::string& path) const {
        return tree_->root() + "/sys/kernel/debug/dri/" + path;
    }
    bool has(const std::string& path) const { return fs::exists(fs::symlink_status(dri(path))); }
    std::string link(const std::string& name) const {
        return fs::is_symlink(dri(name)) ? fs::read_symlink(dri(name)).string() : "no link";
    }

    const tests::TemporaryFolder folder_;
    device::Model model_;
    vkms::Driver driver_;
    std::unique_ptr<Tree> tree_;
};

TEST_F(DrmTreeTest, folders_of_devices_have_links_from_each_minor) {
    const DrmTree shown(model_, *tree_, DebugFolders::OfDevices);
    const auto card = model_.add_platform_device(vkms(true));
    ASSERT_TRUE(card.ok());
    EXPECT_TRUE(has("vkms/state"));
    EXPECT_EQ(link("0"), "vkms");
    EXPECT_EQ(link("128"), "vkms");
    (*card)->del();
    for (const char* name : {"0", "128", "vkms"}) EXPECT_FALSE(has(name)) << name;
    EXPECT_TRUE(has("bridges"));
}

TEST_F(DrmTreeTest, folders_of_minors_are_no_links) {
    const DrmTree shown(model_, *tree_, DebugFolders::OfMinors);
    const auto card = model_.add_platform_device(vkms(true));
    ASSERT_TRUE(card.ok());
    for (const char* name : {"0", "128"}) {
        EXPECT_TRUE(has(std::string(name) + "/state")) << name;
        EXPECT_EQ(link(name), "no link");
    }
    EXPECT_FALSE(has("vkms") || has("bridges"));
    (*card)->del();
    EXPECT_FALSE(has("0") || has("128"));
}

TEST_F(DrmTreeTest, of_two_devices_of_one_name_the_second_has_no_folder) {
    const DrmTree shown(model_, *tree_, DebugFolders::OfDevices);
    const auto first = model_.add_platform_device(vkms());
    const auto second = model_.add_faux_device(vkms(), &driver_);
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(link("0"), "vkms");
    EXPECT_FALSE(has("1"));
    (*second)->del();
    EXPECT_EQ(link("0"), "vkms");
    EXPECT_TRUE(has("vkms/state")) << "it is the first one's";
    (*first)->del();
    EXPECT_FALSE(has("0") || has("vkms"));
}

}  // namespace
}  // namespace plugboard::daemon
