// What real clients do, in a trace: a line for each ioctl, the reasons of refusals, the sums.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/system/own_boards.h"

namespace plugboard::tests {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;

constexpr const char* connector_of =
    "connector=$(modetest -M vkms -c | awk '$4 == \"Virtual-1\" { print $1 }'); ";
const std::string modeset =
    std::string(connector_of) + "modetest -M vkms -s $connector:1024x768 </dev/null; ";
const std::string refused =
    std::string(connector_of) +
    "property=$(modetest -M vkms -c | awk '$2 == \"link-status:\" { print $1; exit }'); "
    "proptest -M vkms $connector connector $property 77; ";

class TraceTest : public OwnBoards {
  protected:
    std::string text_of(const std::string& file) const {
        std::ifstream in(folder_.path() + "/" + file);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::string path(const std::string& file) const { return folder_.path() + "/" + file; }
};

const std::regex call_line(
    R"(\d+\.\d{6} \S+\[\d+\] (card\d+|dma_buf|sync_file) [A-Za-z]\S*( .*)? = (0|-E[A-Z0-9]+) \(\d+ us\)(: .+)?)");
const std::regex sum_line(
    R"(\S+\[\d+\]: \d+ ioctls, \d+\.\d{3} ms| +\d+ +\d+\.\d{3} ms  [A-Z_0-9]+)");

/// Every line is one of a call or, at the end, of the sums. The number of calls.
size_t check_lines(const std::string& text) {
    EXPECT_TRUE(text.ends_with('\n'));
    size_t calls = 0;
    bool in_sums = false;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        in_sums = in_sums || std::regex_match(line, sum_line);
        EXPECT_TRUE(std::regex_match(line, in_sums ? sum_line : call_line)) << line;
        if (!in_sums) calls++;
    }
    EXPECT_TRUE(in_sums);
    return calls;
}

TEST_F(TraceTest, of_a_modeset_has_each_step_with_its_arguments) {
    const auto result = plugboard({"run", "--trace=" + path("trace"), "--", "bash", "-c", modeset});
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.err.find("card0"), std::string::npos) << "it is in the file alone";
    const std::string text = text_of("trace");
    EXPECT_GT(check_lines(text), 50u);
    EXPECT_THAT(text, ContainsRegex("modetest\\[[0-9]+\\] card0 open O_RDWR\\|O_CLOEXEC = 0"));
    EXPECT_THAT(text, ContainsRegex("card0 MODE_CREATE_DUMB width=1024 height=768 bpp=32 -> "
                                    "handle=1 pitch=4096 size=3145728 = 0"));
    EXPECT_THAT(text, ContainsRegex("card0 mmap offset=0x[0-9a-f]+ length=3145728 "
                                    "PROT_READ\\|PROT_WRITE MAP_SHARED = 0"));
    EXPECT_THAT(text, ContainsRegex("card0 MODE_ADDFB2 width=1024 height=768 pixel_format=XR24 "
                                    "handles=\\[1\\] pitches=\\[4096\\] offsets=\\[0\\] -> "
                                    "fb_id=[0-9]+ = 0"));
    EXPECT_THAT(text, ContainsRegex("card0 MODE_SETCRTC crtc_id=[0-9]+ fb_id=[0-9]+ x=0 y=0 "
                                    "mode_valid=1 mode=1024x768@60 connectors=\\[[0-9]+\\] = 0"));
    EXPECT_THAT(text, ContainsRegex("card0 close = 0"));
    EXPECT_THAT(text, ContainsRegex("\nmodetest\\[[0-9]+\\]: [0-9]+ ioctls, "));
}

TEST_F(TraceTest, of_a_refused_ioctl_has_the_reason_without_debug) {
    const auto result = plugboard({"run", "--trace", "--", "bash", "-c", refused});
    EXPECT_THAT(result.err,
                ContainsRegex("proptest\\[[0-9]+\\] card0 MODE_OBJ_SETPROPERTY "
                              "Virtual-1 \\([0-9]+\\): link-status=77 = -EINVAL \\([0-9]+ "
                              "us\\): Virtual-1 \\([0-9]+\\): link-status = 77: not a value "
                              "of the property\n"))
        << result.out;
    EXPECT_EQ(result.err.find("[plugboard:"), std::string::npos) << result.err;
}

TEST_F(TraceTest, of_an_atomic_client_names_properties) {
    const std::string atomic = std::string(connector_of) +
                               "crtc=$(modetest -M vkms -p | awk '/^CRTCs:/ { getline; getline; "
                               "print $1 }'); plane=$(modetest -M vkms -p | awk '/^Planes:/ { "
                               "getline; getline; print $1 }'); modetest -M vkms -a -s "
                               "$connector@$crtc:1024x768 -P $plane@$crtc:1024x768 </dev/null";
    const auto result = plugboard({"run", "--trace=" + path("trace"), "--", "bash", "-c", atomic});
    const std::string text = text_of("trace");
    EXPECT_THAT(text, ContainsRegex("MODE_CREATEPROPBLOB length=68 mode=1024x768@60 -> blob_id="));
    EXPECT_THAT(text, ContainsRegex("MODE_ATOMIC flags=ALLOW_MODESET [^\n]*crtc-0 \\([0-9]+\\): "
                                    "[^\n]*MODE_ID=blob [0-9]+ \\(1024x768@60\\)"));
    EXPECT_THAT(text, ContainsRegex("plane-0 \\([0-9]+\\): [^\n]*SRC_W=1024.0"));
}

TEST_F(TraceTest, of_a_board_that_stays_is_in_its_log_until_it_ends) {
    ASSERT_EQ(plugboard({"up", "-b", "ci", "--trace"}).status, 0);
    ASSERT_EQ(plugboard({"run", "-b", "ci", "--", "modetest", "-M", "vkms", "-c"}).status, 0);
    EXPECT_EQ(plugboard({"trace", "on", "-b", "ci"}).status, 1) << "it is on";
    const auto off = plugboard({"trace", "off", "-b", "ci"});
    EXPECT_EQ(off.status, 0);
    EXPECT_THAT(off.out, ContainsRegex("modetest\\[[0-9]+\\]: [0-9]+ ioctls"));
    check_lines(text_of("plugboard/ci/log"));
    const auto again = plugboard({"trace", "off", "-b", "ci"});
    EXPECT_EQ(again.status, 1);
    EXPECT_THAT(again.err, HasSubstr("the board is not traced"));
}

TEST_F(TraceTest, of_a_run_ends_with_it_on_a_board_that_goes_on) {
    ASSERT_EQ(plugboard({"up", "-b", "ci"}).status, 0);
    const auto run = plugboard(
        {"run", "-b", "ci", "--trace=" + path("trace"), "--", "modetest", "-M", "vkms", "-c"});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_THAT(run.err, ContainsRegex("modetest\\[[0-9]+\\]: [0-9]+ ioctls"));
    const std::string text = text_of("trace");
    check_lines(text);
    ASSERT_EQ(
        plugboard({"run", "-b", "ci", "--strict", "--", "modetest", "-M", "vkms", "-c"}).status, 0);
    EXPECT_EQ(text_of("trace"), text);
}

TEST_F(TraceTest, of_a_file_that_cannot_be_written_is_refused) {
    const auto result = plugboard({"run", "--trace=/nowhere/trace", "--", "true"});
    EXPECT_EQ(result.status, 125);
    EXPECT_THAT(result.err, HasSubstr("the trace cannot be written to /nowhere/trace: ENOENT"));
    EXPECT_THAT(result.err, HasSubstr("remedy: "));
}

TEST_F(TraceTest, status_counts_the_ioctls_of_each_open_file_without_a_trace) {
    const auto result = plugboard(
        {"run", "--", "bash", "-c", modeset + "exec 9</dev/dri/card0; plugboard status --json"});
    ASSERT_EQ(result.status, 0) << result.err;
    const json status = json::parse(result.out.substr(result.out.find("\n{") + 1));
    ASSERT_EQ(status.at("files").size(), 1u);
    EXPECT_EQ(status["files"][0].at("ioctls"), 0);
    EXPECT_EQ(status["files"][0].at("ioctl_ns"), 0);

    ASSERT_EQ(plugboard({"up", "-b", "busy"}).status, 0);
    Running flips(line({"run", "-b", "busy", "--", client_program("flips"), "100000"}));
    ASSERT_EQ(plugboard({"wait", "flips=10", "-b", "busy", "--timeout", "30s"}).status, 0);
    const json busy = json::parse(plugboard({"status", "-b", "busy", "--json"}).out);
    ASSERT_EQ(busy.at("files").size(), 1u);
    EXPECT_GE(busy["files"][0].at("ioctls"), 10);
    EXPECT_GT(busy["files"][0].at("ioctl_ns"), 0);
    flips.send_signal(SIGINT);
    flips.finish();
}

}  // namespace
}  // namespace plugboard::tests
