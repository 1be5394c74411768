#include "daemon/session/trace.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <iterator>
#include <string>

#include "daemon/control/trace_command.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

using namespace std::chrono_literals;

TracedCall ioctl_call(std::string name, Nanos took) {
    return {.pid = 4711,
            .command = "weston",
            .node = "card0",
            .name = std::move(name),
            .took = took,
            .kind = TracedCall::Kind::Ioctl};
}

class TraceTest : public testing::Test {
  protected:
    void SetUp() override {
        std::array<int, 2> ends{-1, -1};
        ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
        reader_.reset(ends[0]);
        writer_.reset(ends[1]);
    }
    std::string written() const {
        std::array<char, 4096> bytes{};
        const ssize_t count = read(reader_.borrow(), bytes.data(), bytes.size());
        return {bytes.data(), static_cast<size_t>(count > 0 ? count : 0)};
    }

    FakeClock clock_;
    Trace trace_{clock_};
    UniqueFd reader_, writer_;
};

TEST_F(TraceTest, a_call_is_a_line_with_the_time_since_the_start) {
    ASSERT_TRUE(trace_.start(std::move(writer_)));
    clock_.advance(1203417us);
    TracedCall call = ioctl_call("MODE_CREATE_DUMB", 35us);
    call.argument = "width=64";
    call.answer = "handle=1";
    call.start = trace_.now();
    trace_.write(call);
    EXPECT_EQ(written(),
              "1.203417 weston[4711] card0 MODE_CREATE_DUMB width=64 -> handle=1 = 0 (35 us)\n");
}

TEST_F(TraceTest, a_refusal_has_its_reason_at_the_end) {
    TracedCall call = ioctl_call("MODE_RMFB", 35us);
    call.argument = "fb_id=40";
    call.error = Errno::NoEnt;
    call.reason = "no such framebuffer";
    EXPECT_EQ(
        trace_line(call, {}),
        "0.000000 weston[4711] card0 MODE_RMFB fb_id=40 = -ENOENT (35 us): no such framebuffer");
}

TEST_F(TraceTest, a_line_stays_a_line_whatever_a_client_calls_itself) {
    TracedCall call = ioctl_call("VERSION", 0us);
    call.command = "a\nb\x1b[1m\xff";
    EXPECT_EQ(trace_line(call, {}), "0.000000 a?b?[1m?[4711] card0 VERSION = 0 (0 us)");
}

TEST_F(TraceTest, nothing_is_written_before_its_start_and_after_its_end) {
    trace_.write(ioctl_call("VERSION", 1us));
    ASSERT_TRUE(trace_.start(UniqueFd(dup(writer_.borrow()))));
    EXPECT_EQ(trace_.descriptors(), 1u);
    EXPECT_EQ(trace_.stop(), "");
    trace_.write(ioctl_call("VERSION", 1us));
    EXPECT_EQ(written(), "");
    EXPECT_EQ(trace_.descriptors(), 0u);
}

TEST_F(TraceTest, two_traces_at_a_time_are_refused) {
    ASSERT_TRUE(trace_.start(UniqueFd(dup(writer_.borrow()))));
    EXPECT_FALSE(trace_.start(UniqueFd(dup(writer_.borrow()))));
    (void)trace_.stop();
    EXPECT_TRUE(trace_.start(UniqueFd(dup(writer_.borrow()))));
}

TEST_F(TraceTest, the_summary_has_the_five_most_frequent_ioctls_of_each_client) {
    ASSERT_TRUE(trace_.start(std::move(writer_)));
    int count = 1;
    for (const char* name : {"A", "B", "C", "D", "E", "F"}) {
        for (int i = 0; i < count; i++) trace_.write(ioctl_call(name, 1500us));
        count++;
    }
    TracedCall other = ioctl_call("A", 2ms);
    other.pid = 12;
    trace_.write(other);
    other.name = "open";
    other.kind = TracedCall::Kind::Other;
    trace_.write(other);
    const std::string lines = written();
    const std::string summary = trace_.stop();
    EXPECT_EQ(summary,
              "weston[12]: 1 ioctls, 2.000 ms\n"
              "       1      2.000 ms  A\n"
              "weston[4711]: 21 ioctls, 31.500 ms\n"
              "       6      9.000 ms  F\n"
              "       5      7.500 ms  E\n"
              "       4      6.000 ms  D\n"
              "       3      4.500 ms  C\n"
              "       2      3.000 ms  B\n");
    EXPECT_EQ(written(), summary);
}

TEST_F(TraceTest, the_summary_of_very_many_clients_and_ioctls_ends_with_the_others) {
    ASSERT_TRUE(trace_.start(UniqueFd(open("/dev/null", O_WRONLY | O_CLOEXEC))));
    for (int pid = 1; pid <= 1030; pid++) {
        TracedCall call = ioctl_call("VERSION", 1ms);
        call.pid = pid;
        trace_.write(call);
    }
    for (int number = 1; number <= 260; number++) {
        TracedCall call = ioctl_call(std::to_string(number), 0us);
        call.pid = 1;
        trace_.write(call);
    }
    const std::string summary = trace_.stop();
    EXPECT_EQ(std::ranges::count(summary, '['), 1024 + 1);
    EXPECT_TRUE(
        summary.starts_with("others[0]: 6 ioctls, 6.000 ms\n"
                            "       6      6.000 ms  VERSION\n"))
        << summary.substr(0, 200);
    EXPECT_NE(summary.find("weston[1]: 261 ioctls, 1.000 ms\n       5      0.000 ms  others\n"),
              std::string::npos);
}

TEST_F(TraceTest, a_reader_that_has_stopped_is_waited_for_once) {
    Trace impatient(clock_, 1ms);
    const std::string line(PIPE_BUF, 'x');
    while (write(writer_.borrow(), line.data(), line.size()) > 0) continue;
    ASSERT_TRUE(impatient.start(std::move(writer_)));
    impatient.write(ioctl_call("VERSION", 1ms));
    for (std::string text = written(); !text.empty(); text = written())
        EXPECT_EQ(text.find_first_not_of('x'), std::string::npos) << text;
    impatient.write(ioctl_call("VERSION", 1ms));
    EXPECT_EQ(impatient.stop(),
              "weston[4711]: 2 ioctls, 2.000 ms\n       2      2.000 ms  VERSION\n");
    EXPECT_EQ(written(), "") << "a trace with a hole in it would mislead";
}

TEST_F(TraceTest, a_reader_that_is_gone_ends_the_lines_and_not_the_board) {
    const auto old = signal(SIGPIPE, SIG_IGN);
    ASSERT_TRUE(trace_.start(std::move(writer_)));
    reader_.reset();
    trace_.write(ioctl_call("VERSION", 1ms));
    EXPECT_EQ(trace_.stop(), "weston[4711]: 1 ioctls, 1.000 ms\n       1      1.000 ms  VERSION\n");
    signal(SIGPIPE, old);
}

/// The file of a trace, as the command names it.
class TraceFile : public testing::Test {
  protected:
    std::string content() const {
        std::ifstream stream(file_);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    FakeClock clock_;
    Trace trace_{clock_};
    const tests::TemporaryFolder folder_;
    const std::string file_ = folder_.path() + "/trace";
};

TEST_F(TraceFile, begins_afresh_with_each_trace) {
    std::ofstream(file_) << "an old one\n";
    ASSERT_TRUE(start_trace(trace_, file_).ok());
    TracedCall call = ioctl_call("VERSION", 1us);
    call.start = trace_.now();
    trace_.write(call);
    EXPECT_EQ(content(), "0.000000 weston[4711] card0 VERSION = 0 (1 us)\n");
}

TEST_F(TraceFile, of_a_trace_that_is_refused_is_left_as_it_is) {
    std::ofstream(file_) << "an old one\n";
    ASSERT_TRUE(start_trace(trace_, folder_.path() + "/other").ok());
    EXPECT_FALSE(start_trace(trace_, file_).ok());
    EXPECT_EQ(content(), "an old one\n");
}

TEST_F(TraceFile, that_is_a_fifo_without_a_reader_is_refused_and_not_waited_for) {
    ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
    const auto started = start_trace(trace_, file_);
    ASSERT_FALSE(started.ok());
    EXPECT_EQ(started.problem().message, "the trace cannot be written to " + file_ + ": ENXIO");
    EXPECT_FALSE(trace_.is_on());
}

}  // namespace
}  // namespace plugboard::daemon
