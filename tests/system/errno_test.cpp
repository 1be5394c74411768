// What each ioctl answers to wrong arguments equals, line by line, what running kernels answered:
// but for two written lists, of lines that the kernels disagree on and of lines we answer
// differently.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/reference_files.h"
#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

using Lines = std::vector<std::string>;

enum class Follow { Linux61, Linux72 };

/// Lines of kms-errno.txt in which the two kernels differ, runs of blanks squeezed to one. An empty
/// text: that kernel has no such line.
struct Decision {
    const char* linux_6_1;
    const char* linux_7_2;
    Follow follow;
    const char* reason;
};

constexpr const char* caps = "caps follow the profile";
constexpr const char* limits = "sizes, pitches and formats follow the profile";
constexpr const char* core_rule = "what the core refuses follows the newest kernel";
constexpr const char* gamma_reason = "the profile's CRTC has no gamma table";
constexpr const char* covers = "the profile's primary plane must cover the mode";
constexpr const char* no_rotation = "the profile's planes have no rotation property";

/// Most are of the profile's side.
constexpr Decision decisions[] = {
    {"SET_CLIENT_CAP 6 = 0 EINVAL", "SET_CLIENT_CAP 6 = 0 EOPNOTSUPP", Follow::Linux61, caps},
    {"SET_CLIENT_CAP 6 = 1 EINVAL", "SET_CLIENT_CAP 6 = 1 EOPNOTSUPP", Follow::Linux61, caps},
    {"SET_CLIENT_CAP 6 = 2 EINVAL", "SET_CLIENT_CAP 6 = 2 EOPNOTSUPP", Follow::Linux61, caps},
    {"GET_CAP 0x15 EINVAL", "GET_CAP 0x15 ok 0", Follow::Linux61, caps},
    {"CREATE_DUMB 64x64x7 ok pitch 56 size 4096", "CREATE_DUMB 64x64x7 ok pitch 64 size 4096",
     Follow::Linux61, limits},
    {"ADDFB2 width 10 height 10 EINVAL", "ADDFB2 width 10 height 10 ok", Follow::Linux61, limits},
    {"ADDFB2 flag MODIFIERS, I915_X ok", "ADDFB2 flag MODIFIERS, I915_X EINVAL", Follow::Linux72,
     core_rule},
    {"ADDFB2 format C8 ok", "ADDFB2 format C8 EINVAL", Follow::Linux72, core_rule},
    {"ADDFB bpp 32 depth 30 ok", "ADDFB bpp 32 depth 30 EINVAL", Follow::Linux72, core_rule},
    {"ADDFB bpp 8 depth 8 ok", "ADDFB bpp 8 depth 8 EINVAL", Follow::Linux72, core_rule},
    {"GETGAMMA 256 EINVAL", "GETGAMMA 256 ok", Follow::Linux61, gamma_reason},
    {"SETGAMMA 255 ENOSYS", "SETGAMMA 255 EINVAL", Follow::Linux61, gamma_reason},
    {"SETGAMMA bad pointer ENOSYS", "SETGAMMA bad pointer EFAULT", Follow::Linux61, gamma_reason},
    {" GETCRTC gamma_size 0 mode_valid 1 fb set 1 x 0 y 0",
     " GETCRTC gamma_size 256 mode_valid 1 fb set 1 x 0 y 0", Follow::Linux61, gamma_reason},
    {"ATOMIC SRC_W and CRTC_W half (windowed primary) EINVAL",
     "ATOMIC SRC_W and CRTC_W half (windowed primary) ok", Follow::Linux61, covers},
    {"ATOMIC CRTC_W 0 EINVAL", "ATOMIC CRTC_W 0 ok", Follow::Linux61, covers},
    {"ATOMIC CRTC_X 1 EINVAL", "ATOMIC CRTC_X 1 ok", Follow::Linux61, covers},
    {"ATOMIC CRTC_X -1 EINVAL", "ATOMIC CRTC_X -1 ok", Follow::Linux61, covers},
    {"", "ATOMIC rotation 90, size kept ERANGE", Follow::Linux61, no_rotation},
    {"", "ATOMIC rotation two angles EINVAL", Follow::Linux61, no_rotation},
    {"", "ATOMIC rotation none EINVAL", Follow::Linux61, no_rotation},
    {"", "ATOMIC rotation 180 ok", Follow::Linux61, no_rotation},
};

/// A line that we answer differently: whole lines.
struct OwnAnswer {
    std::string theirs;
    std::string ours;
    const char* reason;
};

std::string kms_line(const std::string& label, const std::string& result) {
    return label + std::string(63 - label.size(), ' ') + result;
}

std::vector<OwnAnswer> own_in_kms() {
    return {
        {kms_line("ADDFB bpp 24 depth 24", "ok"), kms_line("ADDFB bpp 24 depth 24", "EINVAL"),
         "the newest kernel's rule with the profile's formats, which have no RG24"},
    };
}

std::string squeezed(const std::string& line) {
    return std::regex_replace(line, std::regex(" +"), " ");
}

const std::string* find_squeezed(const Lines& lines, const std::string& text) {
    const auto found =
        std::ranges::find_if(lines, [&](const auto& line) { return squeezed(line) == text; });
    return found == lines.end() ? nullptr : &*found;
}

/// The file of 7.2 with each line of the decisions as `follow` says; `used` counts them.
template <class FollowOf>
Lines merge(FollowOf follow, size_t* used = nullptr) {
    const Lines linux_6_1 = reference_lines("linux-6.1/kms-errno.txt");
    Lines merged;
    for (const auto& line : reference_lines("linux-7.2/kms-errno.txt")) {
        const auto* row =
            std::ranges::find(decisions, squeezed(line), [](const auto& d) { return d.linux_7_2; });
        if (row == std::end(decisions)) {
            merged.push_back(line);
            continue;
        }
        if (used) ++*used;
        if (follow(*row) == Follow::Linux72) {
            merged.push_back(line);
        } else if (*row->linux_6_1) {
            const auto* other = find_squeezed(linux_6_1, row->linux_6_1);
            merged.push_back(other ? *other : "linux-6.1 has no line: " + line);
        }
    }
    return merged;
}

/// Replaces them; a line that is not there becomes an error in the result.
Lines with_own(Lines lines, const std::vector<OwnAnswer>& own) {
    for (const OwnAnswer& row : own) {
        const auto found = std::ranges::find(lines, row.theirs);
        if (found == lines.end()) {
            lines.push_back("the reference has no line: " + row.theirs);
        } else {
            *found = row.ours;
        }
    }
    return lines;
}

Lines expected_kms() {
    return with_own(merge([](const Decision& row) { return row.follow; }), own_in_kms());
}

Lines expected_ioctls() {
    const bool root = getuid() == 0;
    Lines lines;
    for (const auto& line : reference_lines("linux-7.2/ioctl-errno.txt")) {
        if (root || line.find(", user") != std::string::npos) lines.push_back(line);
    }
    return lines;
}

Lines split(const std::string& text) {
    Lines lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// What is not equal, for people; empty if nothing is.
std::string differences(const Lines& ours, const Lines& expected) {
    std::string text;
    for (size_t i = 0; i < std::max(ours.size(), expected.size()); i++) {
        const std::string our = i < ours.size() ? ours[i] : "(no line)";
        const std::string wanted = i < expected.size() ? expected[i] : "(no line)";
        if (our != wanted) {
            text += std::to_string(i + 1) + ": expected: " + wanted + "\n";
            text += std::to_string(i + 1) + ":      got: " + our + "\n";
        }
    }
    return text;
}

// The lists

TEST(ErrnoLists, every_line_that_the_kernels_disagree_on_is_decided) {
    size_t used = 0;
    const auto merged = merge([](const auto&) { return Follow::Linux61; }, &used);
    EXPECT_EQ(differences(merged, reference_lines("linux-6.1/kms-errno.txt")), "");
    EXPECT_EQ(used, std::size(decisions));
    for (const Decision& row : decisions) EXPECT_STRNE(row.linux_6_1, row.linux_7_2);
}

TEST(ErrnoLists, every_line_we_answer_differently_is_in_the_reference_once) {
    const Lines kms = merge([](const Decision& row) { return row.follow; });
    for (const OwnAnswer& row : own_in_kms()) EXPECT_EQ(std::ranges::count(kms, row.theirs), 1);
}

/// Each single change of what a client printed is seen: an answer, a lost line, an added one.
void expect_changes_noticed(const Lines& expected) {
    ASSERT_FALSE(expected.empty());
    EXPECT_EQ(differences(expected, expected), "");
    for (size_t i = 0; i < expected.size(); i++) {
        Lines changed = expected;
        changed[i] += "?";
        EXPECT_NE(differences(changed, expected), "") << expected[i];
        const size_t answer = expected[i].find_last_of(' ') + 1;
        changed[i] =
            expected[i].substr(0, answer) + (expected[i].ends_with("ok") ? "EINVAL" : "ok");
        EXPECT_NE(differences(changed, expected), "") << expected[i];
    }
    Lines shorter(expected.begin(), expected.end() - 1);
    EXPECT_NE(differences(shorter, expected), "");
    EXPECT_NE(differences(expected, shorter), "");
}

TEST(ErrnoLists, a_changed_line_is_noticed) {
    expect_changes_noticed(expected_kms());
    expect_changes_noticed(expected_ioctls());
}

// The board

TEST(Errno, one_wrong_argument_at_a_time_is_answered_as_by_the_kernel) {
    const auto run = run_on_fresh_board({client_program("kms_errno")},
                                        {"--check-leaks", "-c", board_file("overlays")});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(differences(split(run.out), expected_kms()), "");
}

TEST(Errno, under_the_newest_profile_each_answer_is_that_of_linux_7_2) {
    const auto run = run_on_fresh_board({client_program("kms_errno")},
                                        {"--check-leaks", "-c", board_file("latest-overlays")});
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(differences(split(run.out), reference_lines("linux-7.2/kms-errno.txt")), "");
}

TEST(Errno, every_ioctl_answers_each_kind_of_opener_as_the_kernel_does) {
    const auto run = run_on_fresh_board({client_program("ioctl_errno")},
                                        {"--check-leaks", "-c", board_file("vgem-vkms")},
                                        std::chrono::seconds(300));
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(differences(split(run.out), expected_ioctls()), "");
}

// The reasons

/// "[plugboard:atomic] MODE_ATOMIC: EINVAL: plane-0: ...": Request::refuse's line; not the ioctl
/// category's, which ends with the errno.
bool is_reason(const std::string& line) {
    static const std::regex pattern(R"(\[plugboard:(\w+)\] [\w ]+: E\w+: .+)");
    std::smatch match;
    return std::regex_match(line, match, pattern) && match[1] != "ioctl";
}

TEST(Errno, each_refusal_has_exactly_one_reason) {
    const auto run = run_on_fresh_board({client_program("kms_errno"), "--marks"},
                                        {"--debug", "all", "-c", board_file("overlays")});
    ASSERT_EQ(run.status, 0) << run.err;
    size_t refusals = 0;
    Lines reasons;
    for (const auto& line : split(run.err)) {
        if (is_reason(line)) {
            reasons.push_back(line);
        } else if (line.starts_with("refused: ")) {
            refusals++;
            std::string text;
            for (const auto& reason : reasons) text += "\n" + reason;
            EXPECT_EQ(reasons.size(), 1u) << line << text;
            reasons.clear();
        }
    }
    size_t refused = 0;  // of the expected lines, those of ioctls
    for (const auto& line : expected_kms()) {
        const std::string answer = line.size() > 63 ? line.substr(63) : "";
        const bool is_ioctl = !line.starts_with("mmap ") && !line.starts_with("write ");
        if (is_ioctl && std::regex_match(answer, std::regex(" *(\\d+ then )?E[A-Z]+"))) refused++;
    }
    EXPECT_GE(refusals, refused);  // more if the flips had to be tried again
}

}  // namespace
}  // namespace plugboard::tests
