#include "cli/control_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "cli/failure.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/unix_address.h"

namespace plugboard::cli {
namespace {

/// A board whose control socket does what the test says.
class ControlClientTest : public testing::Test {
  protected:
    void SetUp() override {
        const tests::UnixAddress address(folder_.path() + "/control");
        listener_.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(bind(listener_.borrow(), address.get(), address.size()), 0);
        ASSERT_EQ(listen(listener_.borrow(), 1), 0);
    }

    std::string failure_of_asking(Timeout timeout) const {
        try {
            ask_board(folder_.path(), {{"op", "status"}}, timeout);
        } catch (const Failure& failure) {
            EXPECT_NE(failure.remedy(), "");
            return failure.what();
        }
        return "answered";
    }

    const tests::TemporaryFolder folder_;
    UniqueFd listener_;
};

TEST_F(ControlClientTest, a_board_that_does_not_answer_is_not_waited_for_for_ever) {
    EXPECT_EQ(failure_of_asking(std::chrono::milliseconds(20)), "the board does not answer");
}

TEST_F(ControlClientTest, a_refusal_is_told_though_the_request_was_never_read) {
    std::thread board([this] {
        const UniqueFd client(accept4(listener_.borrow(), nullptr, nullptr, SOCK_CLOEXEC));
        const std::string line = "{\"ok\": false, \"error\": \"no room\", \"remedy\": \"wait\"}\n";
        send(client.borrow(), line.data(), line.size(), MSG_NOSIGNAL);
    });
    EXPECT_EQ(failure_of_asking(answer_time), "no room");
    board.join();
}

TEST_F(ControlClientTest, a_board_that_ends_in_the_middle_is_told) {
    std::thread board(
        [this] { UniqueFd(accept4(listener_.borrow(), nullptr, nullptr, SOCK_CLOEXEC)).reset(); });
    EXPECT_EQ(failure_of_asking(answer_time), "the board closed the connection");
    board.join();
}

}  // namespace
}  // namespace plugboard::cli
