#include "daemon/session/file_table.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <future>
#include <optional>
#include <utility>

#include "drm/file_state.h"
#include "tests/support/drm_client.h"
#include "tests/support/threads.h"

namespace plugboard::daemon {
namespace {

/// One open file, with a request on it that its client sent.
class FileTableTest : public testing::Test {
  protected:
    void SetUp() override {
        std::array<int, 2> ends{-1, -1};
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
        client_.reset(ends[0]);
        channel_.emplace(UniqueFd(ends[1]));
        auto opened =
            files_->open(board_.drm(), {.flags = O_RDWR, .opener = {}, .command = "test"});
        ASSERT_TRUE(opened.ok());
        theirs_ = std::move(opened->theirs);
        file_ = opened->file;
        auto request = files_->use(opened->number, &*channel_);
        ASSERT_TRUE(request);
        request_.emplace(*std::move(request));
    }

    tests::Board board_;
    MaybeRef<drm::File> file_;
    HangupWatch hangups_;
    Trace trace_{Clock::real()};
    std::optional<FileTable> files_{std::in_place, hangups_, trace_};
    UniqueFd client_, theirs_;
    std::optional<transport::Channel> channel_;
    std::optional<FileTable::Use> request_;
};

TEST_F(FileTableTest, a_file_closed_by_another_thread_lives_until_its_request_ends) {
    theirs_.reset();
    files_->settle();  // does not wait: the client lives
    EXPECT_EQ(files_->size(), 1u);
    request_.reset();
    EXPECT_EQ(files_->size(), 0u);
}

TEST_F(FileTableTest, the_next_open_after_a_kill_waits_until_the_request_has_left) {
    theirs_.reset();
    client_.reset();
    auto left = std::async(std::launch::async, [this] {
        files_->settle();
        return files_->size();
    });
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(left));
    request_.reset();
    EXPECT_EQ(left.get(), 0u);
}

TEST_F(FileTableTest, it_ends_after_the_files_that_are_on_their_way_out) {
    theirs_.reset();
    files_->settle();
    MutexLock held((*file_)->state().mutex);  // the first thing that a release takes
    auto leaving = std::async(std::launch::async, [this] { request_.reset(); });
    tests::wait_until_others_sleep();
    auto ending = std::async(std::launch::async, [this] { files_.reset(); });
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(leaving)) << "it is being released";
    EXPECT_FALSE(tests::is_ready(ending));
    held.unlock();
    leaving.get();
    ending.get();
}

}  // namespace
}  // namespace plugboard::daemon
