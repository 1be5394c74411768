#include "drm/request.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/support/drm_client.h"
#include "uapi/in_process_memory.h"

namespace plugboard::drm {
namespace {

using tests::Board;

class RequestWait : public testing::Test {
  protected:
    FakeClock clock_;
    Board board_{{}, clock_};
    ThreadSleeper sleeper_{clock_};
    uapi::InProcessMemory memory_;
    Request request_{memory_, sleeper_, {}};
    WaitQueue queue_;
    std::atomic<bool> ready_{false};
};

TEST_F(RequestWait, ends_when_it_is_ready) {
    std::thread other([&] {
        ready_ = true;
        queue_.wake_all();
    });
    EXPECT_TRUE(request_.wait(board_.drm(), queue_, [&] { return ready_.load(); }).ok());
    other.join();
}

TEST_F(RequestWait, ends_with_ENODEV_at_unplug_and_says_why) {
    request_.keep_reasons();
    std::thread other([&] { board_.unplug(); });
    const auto ended = request_.wait(
        board_.drm(), queue_, [] { return false; }, std::nullopt, Interrupts::Ignored);
    other.join();
    ASSERT_FALSE(ended.ok());
    EXPECT_EQ(ended.error(), Errno::NoDev);
    EXPECT_EQ(request_.reason(), "card0 went away during the wait");
}

TEST_F(RequestWait, what_the_end_of_a_device_makes_true_is_ENODEV) {
    const auto ended = request_.wait(board_.drm(), queue_, [&] {
        board_.unplug();
        return true;
    });
    EXPECT_EQ(ended.error(), Errno::NoDev);
}

TEST_F(RequestWait, ends_with_ETIME_at_the_deadline) {
    const Time deadline = clock_.now() + std::chrono::seconds(1);
    std::thread other([&] { clock_.advance(std::chrono::seconds(2)); });
    const auto ended = request_.wait(
        board_.drm(), queue_, [] { return false; }, deadline);
    other.join();
    EXPECT_EQ(ended.error(), Errno::Time);
}

TEST_F(RequestWait, deadline_comes_before_a_signal) {
    sleeper_.interrupt();
    const auto ended = request_.wait(
        board_.drm(), queue_, [] { return false; }, clock_.now());
    EXPECT_EQ(ended.error(), Errno::Time);
}

TEST_F(RequestWait, ends_with_EINTR_at_a_signal_unless_that_is_ignored) {
    sleeper_.interrupt();
    EXPECT_EQ(request_.wait(board_.drm(), queue_, [] { return false; }).error(), Errno::Intr);
    ready_ = true;
    EXPECT_TRUE(request_
                    .wait(
                        board_.drm(), queue_, [&] { return ready_.load(); }, std::nullopt,
                        Interrupts::Ignored)
                    .ok());
}

TEST(Request, keeps_the_first_reason_only) {
    FakeClock clock;
    ThreadSleeper sleeper(clock);
    uapi::InProcessMemory memory;
    Request request(memory, sleeper, {});
    EXPECT_EQ(request.refuse(log::Category::Kms, Errno::Inval, "not asked for"), Errno::Inval);
    EXPECT_EQ(request.reason(), "");
    request.keep_reasons();
    EXPECT_EQ(request.refuse(log::Category::Kms, Errno::Range, "first {}", 1), Errno::Range);
    EXPECT_EQ(request.refuse(log::Category::Kms, Errno::Inval, "second"), Errno::Inval);
    EXPECT_EQ(request.reason(), "first 1");
}

}  // namespace
}  // namespace plugboard::drm
