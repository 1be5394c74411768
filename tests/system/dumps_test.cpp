// What unmodified clients print on a fresh board equals what they printed on the vkms of the
// profile's kernel, but for a written list of fields; and a change of any other field would be
// noticed.
#include <gtest/gtest.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/reference_files.h"
#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

using Lines = std::vector<std::string>;
using Words = std::vector<std::string>;

/// A field that may differ: the first group of the pattern, in each line that has it.
struct Mask {
    Mask(const char*, const char* expression) : pattern(expression) {}  // what for, and where
    std::regex pattern;
};

struct Dump {
    std::string file;                  // below tests/reference
    std::vector<std::string> command;  // run on a fresh board
    std::vector<Mask> masks;
    size_t masked_fields;  // in the file: the list is exactly this long
    bool json = false;

    friend std::ostream& operator<<(std::ostream& out, const Dump& dump) {
        return out << dump.file;
    }
};

struct Range {
    size_t from = 0, to = 0;
};

std::vector<Range> masked_ranges(const std::string& line, const std::vector<Mask>& masks) {
    std::vector<Range> ranges;
    for (const Mask& mask : masks) {
        for (std::sregex_iterator it(line.begin(), line.end(), mask.pattern), end; it != end; ++it)
            ranges.push_back({static_cast<size_t>(it->position(1)),
                              static_cast<size_t>(it->position(1) + it->length(1))});
    }
    return ranges;
}

std::string masked(const std::string& line, const std::vector<Mask>& masks) {
    std::string text = line;
    for (const Range& range : masked_ranges(line, masks))
        for (size_t i = range.from; i < range.to; i++) text[i] = '\1';
    std::string out;
    for (const char c : text) {
        if (c != '\1') {
            out += c;
        } else if (out.empty() || out.back() != '#') {
            out += '#';
        }
    }
    return out;
}

Lines masked(const Lines& lines, const std::vector<Mask>& masks) {
    Lines result;
    for (const auto& line : lines) result.push_back(masked(line, masks));
    return result;
}

Lines split(const std::string& text) {
    Lines lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

std::string join(const Lines& lines) {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
}

/// JSON as lines "/path = value", so that fields can be masked by path.
Lines flatten(const std::string& text) {
    Lines lines;
    const auto document = nlohmann::json::parse(text).flatten();
    for (const auto& [path, value] : document.items()) lines.push_back(path + " = " + value.dump());
    return lines;
}

Lines expected_lines(const Dump& dump) {
    const Lines lines = reference_lines(dump.file);
    return dump.json ? flatten(join(lines)) : lines;
}

const std::vector<Mask> modetest_masks = {
    {"ids of encoders, connectors, CRTCs and planes", R"(^(\d+)\t)"},
    {"a connector's encoder", R"(x\d+\t+\d+\t(\d+)$)"},
    {"ids of properties", R"(^\t(\d+) [\w -]+:$)"},
};

/// What libdrm's programs print on either kernel.
std::vector<Dump> dumps_of_libdrm(const std::string& kernel, size_t modetest_fields) {
    return {
        {kernel + "/modetest.txt", {"modetest", "-M", "vkms"}, modetest_masks, modetest_fields},
        {kernel + "/modetest-atomic.txt",
         {"modetest", "-M", "vkms", "-a"},
         modetest_masks,
         modetest_fields + 26},
        {kernel + "/modeprint.txt",
         {"modeprint", "vkms"},
         {{"ids", R"(^\tid\s+:\s?(\d+)$)"},
          {"property ids", R"(^\tprops\s+: ([\d ]+)$)"},
          {"a connector's encoders", R"(^\tencoders\s+: (\d+)$)"},
          {"a pointer", R"(^\tmode\s+: (0x[0-9a-f]+|\(nil\))$)"}},
         7},
        {kernel + "/proptest.txt",
         {"proptest", "-M", "vkms"},
         {{"object ids", R"(^(?:Connector|CRTC) (\d+))"},
          {"property ids", R"(^\t(\d+) [\w -]+:$)"}},
         kernel == "linux-6.1" ? 7u : 10u},
    };
}

/// libdrm 2.4.114's drm_info did not see the device of 7.2, on the faux bus.
std::vector<Dump> dumps() {
    auto all = dumps_of_libdrm("linux-6.1", 16);
    std::ranges::move(dumps_of_libdrm("linux-7.2", 25), std::back_inserter(all));
    all.push_back({"linux-6.1/drm_info.txt",
                   {"drm_info"},
                   {{"the card's number", R"(/dev/dri/card(\d))"},
                    {"object ids", R"(Object ID: (\d+))"},
                    {"blob ids", R"(blob = ([1-9]\d*)$)"}},
                   11});
    all.push_back({"linux-6.1/drm_info.json",
                   {"drm_info", "-j"},
                   {{"the card's number", R"(^/~1dev~1dri~1card(\d))"},
                    {"the host's kernel", R"(/driver/kernel/\w+ = (.*)$)"},
                    {"ids", R"(/id = (\d+)$)"},
                    {"a connector's encoders", R"(/encoders/\d+ = (\d+)$)"},
                    {"blob ids", R"(/(?:IN_FORMATS|WRITEBACK_PIXEL_FORMATS)/raw_value = (\d+)$)"}},
                   0,
                   true});
    return all;
}

class DumpTest : public testing::TestWithParam<Dump> {};

TEST_P(DumpTest, a_fresh_board_prints_the_same) {
    const Dump& dump = GetParam();
    const bool is_latest = dump.file.starts_with("linux-7.2");
    const auto run =
        run_on_fresh_board(dump.command, is_latest ? Words{"-c", board_file("latest")} : Words{});
    ASSERT_EQ(run.status, 0) << run.err;
    const Lines ours = dump.json ? flatten(run.out) : split(run.out);
    EXPECT_EQ(join(masked(ours, dump.masks)), join(masked(expected_lines(dump), dump.masks)));
}

TEST_P(DumpTest, only_the_listed_fields_may_differ) {
    const Dump& dump = GetParam();
    const std::regex token(R"([A-Za-z0-9_./:]+)");
    size_t fields = 0;
    for (const std::string& line : expected_lines(dump)) {
        const auto ranges = masked_ranges(line, dump.masks);
        const std::string before = masked(line, dump.masks);
        fields += ranges.size();
        for (std::sregex_iterator it(line.begin(), line.end(), token), end; it != end; ++it) {
            const auto at = static_cast<size_t>(it->position() + it->length() - 1);
            const bool may_differ = std::ranges::any_of(
                ranges, [&](const Range& r) { return at >= r.from && at < r.to; });
            if (may_differ) continue;
            std::string changed = line;
            changed[at] = changed[at] == '0' ? '7' : '0';
            EXPECT_NE(masked(changed, dump.masks), before) << line;
        }
    }
    if (dump.masked_fields != 0) {
        EXPECT_EQ(fields, dump.masked_fields);
    }
}

INSTANTIATE_TEST_SUITE_P(Kernels, DumpTest, testing::ValuesIn(dumps()), [](const auto& test) {
    std::string name = test.param.file;
    std::ranges::replace_if(
        name, [](char c) { return !std::isalnum(c); }, '_');
    return name;
});

TEST(Drmdevice, lists_the_card_as_linux_6_1_did) {
    // The reference machine had a vgem beside the vkms: its lines are left out, the card is card0
    // here.
    Lines expected;
    bool vgem = false;
    for (std::string line : reference_lines("linux-6.1/drmdevice.txt")) {
        if (line.starts_with("device[1]")) vgem = true;
        if (line.starts_with("device[0]") || line.starts_with("---")) vgem = false;
        if (vgem || line.find("/dev/dri/card0") != std::string::npos ||
            line.find("renderD128") != std::string::npos)
            continue;
        line = std::regex_replace(line, std::regex("card1"), "card0");
        line = std::regex_replace(line, std::regex("Devices reported 2"), "Devices reported 1");
        expected.push_back(line);
    }
    const auto run = run_on_fresh_board({"drmdevice"});
    ASSERT_EQ(run.status, 0) << run.err;
    Lines ours = split(run.out);
    std::erase(ours, "");
    std::erase(expected, "");
    EXPECT_EQ(join(ours), join(expected));
}

TEST(Drmdevice, lists_a_vgem_beside_a_vkms_as_linux_6_1_did) {
    // In which order is that of the folder's entries.
    const auto sorted = [](Lines lines) {
        for (std::string& line : lines)
            line = std::regex_replace(line, std::regex(R"(device\[\d\])"), "device[#]");
        std::ranges::sort(lines);
        return join(lines);
    };
    const auto run = run_on_fresh_board({"drmdevice"}, {"-c", board_file("vgem-vkms")});
    ASSERT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(sorted(split(run.out)), sorted(reference_lines("linux-6.1/drmdevice.txt")));
}

}  // namespace
}  // namespace plugboard::tests
