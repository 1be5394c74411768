#include "drm/connector_debugfs.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "drm/edid/description.h"
#include "drm/edid/timings.h"
#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

class ConnectorDebugfs : public testing::Test {
  protected:
    DebugFile file(const std::string& name) {
        for (DebugFile& one : board_.drm().debug_files()) {
            if (one.path == board_.screen()->name() + "/" + name) return std::move(one);
        }
        ADD_FAILURE() << "no file " << name;
        return {};
    }
    std::string read(const std::string& name) { return *file(name).show(); }
    Errno write(const std::string& name, std::string_view text) {
        const auto stored = file(name).store(text);
        return stored.ok() ? Errno{} : stored.error();
    }
    /// GETCONNECTOR that probes.
    drm_mode_get_connector probe() {
        drm_mode_get_connector found{};
        found.connector_id = raw(board_.screen()->id());
        EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GETCONNECTOR, found), 0);
        return found;
    }

    Board board_{tests::linux_6_1_card()};
    Client client_{board_.drm()};
};

std::string good_edid() {
    edid::Description description;
    description.width_mm = 600;
    description.height_mm = 340;
    description.timings = {*edid::timings_for(1920, 1080, 60)};
    const auto bytes = *edid::build(description);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST_F(ConnectorDebugfs, a_forced_status_is_that_of_the_next_probe) {
    EXPECT_EQ(read("force"), "unspecified\n");
    const auto before = probe().connection;
    EXPECT_EQ(write("force", "off\n"), Errno{});
    EXPECT_EQ(read("force"), "off\n");
    EXPECT_EQ(probe().connection, 2u);
    EXPECT_EQ(write("force", "on"), Errno{});
    EXPECT_EQ(probe().connection, 1u);
    EXPECT_EQ(write("force", "digital\n"), Errno{});
    EXPECT_EQ(read("force"), "digital\n");
    EXPECT_EQ(write("force", "unspecified"), Errno{});
    EXPECT_EQ(probe().connection, before);
    for (const char* wrong : {"unspecified\n", "detect", "", "ON", "on\n\n"})
        EXPECT_EQ(write("force", wrong), Errno::Inval) << wrong;
    EXPECT_EQ(read("force"), "unspecified\n");
}

TEST_F(ConnectorDebugfs, another_EDID_is_that_of_the_next_probe) {
    const std::string edid = good_edid();
    EXPECT_EQ(read("edid_override"), "");
    EXPECT_EQ(write("force", "on"), Errno{});
    EXPECT_EQ(probe().mm_width, 0u);
    EXPECT_EQ(write("edid_override", edid), Errno{});
    EXPECT_EQ(read("edid_override"), edid);
    EXPECT_EQ(probe().mm_width, 600u);
    EXPECT_EQ(write("edid_override", "reset"), Errno{});
    EXPECT_EQ(read("edid_override"), "");
    EXPECT_EQ(probe().mm_width, 0u);
}

TEST_F(ConnectorDebugfs, a_part_of_an_EDID_is_none) {
    const std::string edid = good_edid();
    std::string broken = edid, announces_more = edid;
    broken[20] = static_cast<char>(broken[20] ^ 1);
    announces_more[126] = static_cast<char>(announces_more[126] + 1);
    announces_more[127] = static_cast<char>(announces_more[127] - 1);
    for (const std::string& wrong :
         {std::string(), std::string("reset\n"), edid.substr(1), edid.substr(0, edid.size() - 1),
          edid + edid, broken, announces_more})
        EXPECT_EQ(write("edid_override", wrong), Errno::Inval) << wrong.size();
    EXPECT_EQ(read("edid_override"), "");
}

TEST_F(ConnectorDebugfs, what_a_screen_can_is_told_while_it_is_there) {
    EXPECT_EQ(write("force", "on"), Errno{});
    probe();
    EXPECT_EQ(read("output_bpc"), "Maximum: 0\n");
    EXPECT_EQ(read("vrr_range"), "Min: 0\nMax: 0\n");
    EXPECT_EQ(write("force", "off"), Errno{});
    probe();
    EXPECT_EQ(file("output_bpc").show().error(), Errno::NoDev);
    EXPECT_EQ(file("vrr_range").show().error(), Errno::NoDev);
    EXPECT_FALSE(file("vrr_range").store);
    EXPECT_EQ(file("vrr_range").mode, 0444u);
    EXPECT_EQ(file("force").mode, 0644u);
}

}  // namespace
}  // namespace plugboard::drm
