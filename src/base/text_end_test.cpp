#include "base/text_end.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "base/labelled_pair.h"

namespace plugboard {
namespace {

struct Ends {
    TextEnd ours;
    UniqueFd theirs;
};

Ends make_ends(std::string_view content) {
    auto pair = make_labelled_pair({FdKind::Attribute, 1, 1}, PairType::Stream);
    Ends ends{TextEnd(std::move(pair->ours)), std::move(pair->theirs)};
    ends.ours.prepare(content);
    return ends;
}

TEST(TextEnd, a_plain_write_is_kept_until_it_is_taken) {
    Ends ends = make_ends("");
    ASSERT_EQ(write(ends.theirs.borrow(), "auto\n", 5), 5);
    EXPECT_EQ(ends.ours.take_bytes(), "auto\n");
    EXPECT_EQ(ends.ours.take_bytes(), "");
}

TEST(TextEnd, a_reader_gets_the_content_then_the_end) {
    Ends ends = make_ends("on\n");
    char bytes[16];
    EXPECT_EQ(read(ends.theirs.borrow(), bytes, sizeof bytes), 3);
    EXPECT_EQ(read(ends.theirs.borrow(), bytes, sizeof bytes), 0);
}

TEST(TextEnd, more_than_there_is_room_for_fails_and_does_not_block) {
    Ends ends = make_ends("");
    const std::string much(1 << 20, 'x');
    const ssize_t written = write(ends.theirs.borrow(), much.data(), much.size());
    EXPECT_LT(written, static_cast<ssize_t>(much.size()));
    EXPECT_EQ(ends.ours.take_bytes().size(), static_cast<size_t>(written));
}

}  // namespace
}  // namespace plugboard
