#include "drm/debugfs_core.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/drm_client.h"
#include "tests/support/reference_files.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

std::string text_of(Device& device, const std::string& path) {
    for (const DebugFile& file : device.debug_files()) {
        if (file.path == path) return *file.show();
    }
    return "no file " + path;
}

/// The text below "== <heading>" of a reference file.
std::string reference(const char* file, const std::string& heading) {
    std::string text;
    bool inside = false;
    for (const std::string& line : tests::reference_lines(file)) {
        if (line.starts_with("== "))
            inside = line == "== " + heading;
        else if (inside)
            text += line + "\n";
    }
    return text;
}

TEST(DebugfsCore, texts_of_an_idle_card_are_those_of_linux_6_1) {
    Board board(tests::linux_6_1_card());
    for (const char* path : {"clients", "gem_names", "framebuffer", "internal_clients"}) {
        EXPECT_EQ(text_of(board.drm(), path),
                  reference("linux-6.1/debugfs-values.txt", std::string("dri/1/") + path))
            << path;
    }
    EXPECT_EQ(text_of(board.drm(), "name"), "vkms dev=card unique=card\n");
    // Planes and CRTC come first and have the ids of Linux; the connectors stand in 7.2's order.
    const std::string state = reference("linux-6.1/debugfs-values.txt", "dri/1/state");
    ASSERT_FALSE(state.empty());
    EXPECT_TRUE(
        text_of(board.drm(), "state").starts_with(state.substr(0, state.find("connector["))));
}

TEST(DebugfsCore, clients_have_a_line_each_oldest_first) {
    Board board(tests::linux_6_1_card());
    Client first(board.drm(), {.uid = 0, .pid = 35, .command = "modetest"});
    Client second(board.drm());
    EXPECT_EQ(text_of(board.drm(), "clients"),
              "             command   pid dev master a   uid      magic\n"
              "            modetest    35   0   y    y     0          0\n"
              "              client  4242   0   n    n  1000          0\n");
}

TEST(DebugfsCore, clients_of_7_2_have_name_and_id) {
    Board board;
    Client client(board.drm());
    const std::string line = text_of(board.drm(), "clients");
    EXPECT_TRUE(line.starts_with("             command  tgid dev master a   uid      magic" +
                                 std::string(61, ' ') + "name" + std::string(19, ' ') + "id\n"));
    EXPECT_NE(line.find("<unset>"), std::string::npos);
}

TEST(DebugfsCore, encoders_of_7_2_have_lists_of_bridges) {
    const auto count = [](Board& board) {
        return std::ranges::count_if(board.drm().debug_files(), [](const DebugFile& file) {
            return file.path.ends_with("/bridges") && *file.show() == "";
        });
    };
    Board board, older(tests::linux_6_1_card());
    EXPECT_EQ(count(board), 2);
    EXPECT_EQ(count(older), 0);
}

TEST(DebugfsCore, framebuffers_are_described) {
    Board board;
    Client client(board.drm(), {.command = "modetest"});
    const uint32_t fb = client.add_fb();
    const std::string text = text_of(board.drm(), "framebuffer");
    EXPECT_TRUE(
        text.starts_with("framebuffer[" + std::to_string(fb) + "]:\n\tallocated by = modetest\n"));
    EXPECT_NE(text.find("\tformat=XR24 little-endian (0x34325258)\n\tmodifier=0x0\n"
                        "\tsize=1024x768\n\tlayers:\n\t\tsize[0]=1024x768\n\t\tpitch[0]=4096\n"
                        "\t\toffset[0]=0\n\t\tobj[0]:\n\t\t\tname=0\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("\t\t\tsize=3145728\n\t\t\timported=no\n"), std::string::npos);
}

TEST(DebugfsCore, a_device_without_modeset_has_three_files) {
    Board board(tests::vgem_card());
    EXPECT_EQ(board.drm().debug_files().size(), 3u);
    Client client(board.drm());
    drm_set_version version{
        .drm_di_major = 1, .drm_di_minor = 4, .drm_dd_major = -1, .drm_dd_minor = -1};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_SET_VERSION, version), 0);
    EXPECT_EQ(text_of(board.drm(), "name"), "vgem dev=card master=card unique=card\n");
}

}  // namespace
}  // namespace plugboard::drm
