#include "base/passed_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>

namespace plugboard {
namespace {

class PassedFdTest : public testing::Test {
  protected:
    PassedFdTest() {
        std::array<int, 2> ends{};
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
        here_.reset(ends[0]);
        there_.reset(ends[1]);
    }

    UniqueFd here_, there_, passed_;
    std::array<std::byte, 3> bytes_{};
    std::array<char, 8> received_{};
};

TEST_F(PassedFdTest, comes_beside_the_bytes_and_is_closed_at_an_exec) {
    ASSERT_EQ(send_with_fd(here_.borrow(), bytes_, STDERR_FILENO, 0), 3);
    EXPECT_EQ(receive_with_fd(there_.borrow(), received_, passed_), 3);
    EXPECT_EQ(fcntl(passed_.borrow(), F_GETFD), FD_CLOEXEC);
}

TEST_F(PassedFdTest, is_the_one_before_where_none_comes) {
    passed_.reset(dup(STDERR_FILENO));
    const int before = passed_.borrow();
    ASSERT_EQ(send_with_fd(here_.borrow(), bytes_, -1, 0), 3);
    EXPECT_EQ(receive_with_fd(there_.borrow(), received_, passed_), 3);
    EXPECT_EQ(passed_.borrow(), before);
    EXPECT_EQ(receive_with_fd(there_.borrow(), received_, passed_, MSG_DONTWAIT), -1);
    EXPECT_EQ(passed_.borrow(), before);
}

}  // namespace
}  // namespace plugboard
