// Both ends of a channel in one process: what the shim's end does with real pointers and signals.
#include "transport/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <climits>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/temporary_folder.h"
#include "tests/support/threads.h"
#include "tests/support/unix_address.h"
#include "transport/client.h"

namespace plugboard::transport {
namespace {

/// A client end here, and a daemon's end whose thread serves one request with `serve`.
class ChannelTest : public testing::Test {
  protected:
    void SetUp() override {
        int ends[2];
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        client_ = ends[0];
        server_.emplace(UniqueFd(ends[1]));
    }
    void TearDown() override {
        server_->shut_down();
        if (thread_.joinable()) thread_.join();
        ::close(client_);
    }

    void serve(std::function<void(Channel&, const Channel::Received&)> handler) {
        thread_ = std::thread([this, handler = std::move(handler)] {
            const auto received = server_->receive();
            if (received) handler(*server_, *received);
        });
    }
    static void reply(Channel& channel, int result, std::span<const Range> ranges = {},
                      std::span<const std::byte> bytes = {}, int error = 0, int fd = -1) {
        channel.send(Outgoing(MessageType::Reply, 1, ReplyBody{.result = result, .error = error},
                              ranges.size(), bytes.size()),
                     ranges, bytes, fd);
    }
    Answer call(Signals signals = Signals::Ignored, int own_fd = -1) {
        ClientCall call(client_, 1, signals);
        call.prepare_signals();
        EXPECT_EQ(call.send(MessageType::Ioctl, IoctlBody{}), 0);
        const Answer answer = call.wait(own_fd, true);
        thread_.join();  // what the handler has written may be read now
        return answer;
    }
    /// Calls that follow each other at once, so that both ends look instead of sleeping.
    void call_quickly(int count) {
        for (int i = 0; i < count; i++) {
            ClientCall call(client_, 1, Signals::Ignored, &busy_poll_);
            ASSERT_EQ(call.send(MessageType::Ioctl, IoctlBody{}), 0);
            ASSERT_EQ(call.wait(-1, true).result, i);
        }
    }

    std::atomic<int> client_ = -1;
    BusyPoll busy_poll_{true};
    std::optional<Channel> server_;
    std::thread thread_;
};

template <class T>
uint64_t address_of(T& object) {
    return reinterpret_cast<uintptr_t>(&object);
}

TEST_F(ChannelTest, a_reply_writes_into_the_callers_memory) {
    std::array<uint32_t, 2> here{};
    uint64_t there = 0;
    serve([&](Channel& channel, const Channel::Received&) {
        const std::array<Range, 2> ranges{Range{address_of(here), 8}, Range{address_of(there), 8}};
        const std::array<uint64_t, 2> data{0x0000000200000001, 77};
        reply(channel, 3, ranges, std::as_bytes(std::span(data)));
    });
    const Answer answer = call();
    EXPECT_EQ(answer.result, 3);
    EXPECT_EQ(here[1], 2u);
    EXPECT_EQ(there, 77u);
}

TEST_F(ChannelTest, a_reply_to_a_bad_address_is_efault) {
    serve([&](Channel& channel, const Channel::Received&) {
        const std::array<Range, 1> ranges{Range{0x10, 8}};
        const uint64_t data = 1;
        reply(channel, 0, ranges, std::as_bytes(std::span(&data, 1)));
    });
    EXPECT_EQ(call().error, EFAULT);
}

TEST_F(ChannelTest, sending_a_bad_address_is_efault_and_sends_nothing) {
    ClientCall bad(client_, 1, Signals::Ignored);
    const Range range{0x10, 8};
    const iovec part{reinterpret_cast<void*>(0x10), 8};
    EXPECT_EQ(bad.send(MessageType::Ioctl, IoctlBody{}, {&range, 1}, {&part, 1}), EFAULT);
    char byte;
    EXPECT_EQ(recv(server_->poll_fd(), &byte, 1, MSG_DONTWAIT), -1);
}

TEST_F(ChannelTest, pull_gives_memory_or_a_fault) {
    const std::array<char, 5> text{"abcd"};
    std::string pulled;
    int fault = 0;
    serve([&](Channel& channel, const Channel::Received&) {
        channel.send(Outgoing(MessageType::Pull, 1, PullBody{{address_of(text), 4}}));
        auto answer = channel.receive_answer(MessageType::Data, 1);
        ASSERT_TRUE(answer);
        const auto data = answer->message.payload();
        pulled.assign(reinterpret_cast<const char*>(data.data()), data.size());
        channel.send(Outgoing(MessageType::Pull, 1, PullBody{{0x10, 4}}));
        answer = channel.receive_answer(MessageType::Data, 1);
        ASSERT_TRUE(answer);
        fault = answer->message.body<DataBody>().error;
        reply(channel, 0);
    });
    EXPECT_EQ(call().error, 0);
    EXPECT_EQ(pulled, "abcd");
    EXPECT_EQ(fault, EFAULT);
}

TEST_F(ChannelTest, push_is_written_before_it_is_acknowledged) {
    uint32_t value = 0;
    uint32_t seen = 0;
    int fault = 0;
    serve([&](Channel& channel, const Channel::Received&) {
        const uint32_t data = 55;
        const auto bytes = std::as_bytes(std::span(&data, 1));
        channel.send(Outgoing(MessageType::Push, 1, PushBody{address_of(value)}, 0, 4), {}, bytes);
        auto answer = channel.receive_answer(MessageType::Ack, 1);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->message.body<AckBody>().error, 0);
        seen = value;
        channel.send(Outgoing(MessageType::Push, 1, PushBody{0x10}, 0, 4), {}, bytes);
        answer = channel.receive_answer(MessageType::Ack, 1);
        ASSERT_TRUE(answer);
        fault = answer->message.body<AckBody>().error;
        reply(channel, 0);
    });
    call();
    EXPECT_EQ(seen, 55u);
    EXPECT_EQ(fault, EFAULT);
}

/// Installs a descriptor, then answers with `error`; the number it got.
int install(Channel& channel) {
    const UniqueFd memory(memfd_create("test", MFD_CLOEXEC));
    channel.send(Outgoing(MessageType::InstallFd, 1, InstallFdBody{}), {}, {}, memory.borrow());
    const auto answer = channel.receive_answer(MessageType::Ack, 1);
    return answer ? answer->message.body<AckBody>().value : -1;
}

TEST_F(ChannelTest, an_installed_descriptor_stays_when_the_call_succeeds) {
    int number = -1;
    serve([&](Channel& channel, const Channel::Received&) {
        number = install(channel);
        reply(channel, 0);
    });
    EXPECT_EQ(call().error, 0);
    EXPECT_EQ(fcntl(number, F_GETFD), FD_CLOEXEC);
    ::close(number);
}

TEST_F(ChannelTest, an_installed_descriptor_goes_when_the_call_fails) {
    int number = -1;
    serve([&](Channel& channel, const Channel::Received&) {
        number = install(channel);
        reply(channel, -1, {}, {}, EINVAL);
    });
    EXPECT_EQ(call().error, EINVAL);
    EXPECT_GE(number, 0);
    EXPECT_EQ(fcntl(number, F_GETFD), -1);
}

TEST_F(ChannelTest, an_installed_descriptor_goes_when_the_daemon_dies) {
    int number = -1;
    serve([&](Channel& channel, const Channel::Received&) {
        number = install(channel);
        channel.end();
    });
    EXPECT_TRUE(call().broken);
    EXPECT_GE(number, 0);
    EXPECT_EQ(fcntl(number, F_GETFD), -1);
}

/// Answers request after request, each after a Pull, with how many there were before it.
void answer_all(Channel& channel, int most) {
    const std::array<char, 4> text{"abc"};
    for (int i = 0; i < most; i++) {
        if (i > 0 && !channel.receive()) return;
        channel.send(Outgoing(MessageType::Pull, 1, PullBody{{address_of(text), text.size()}}));
        if (!channel.receive_answer(MessageType::Data, 1)) return;
        channel.send(Outgoing(MessageType::Reply, 1, ReplyBody{.result = i}));
    }
}

TEST_F(ChannelTest, quick_calls_are_answered_one_by_one) {
    serve([](Channel& channel, const Channel::Received&) { answer_all(channel, 3000); });
    call_quickly(3000);
}

TEST_F(ChannelTest, a_quick_daemon_sees_the_client_hang_up) {
    serve([](Channel& channel, const Channel::Received&) {
        answer_all(channel, INT_MAX);
        EXPECT_TRUE(channel.is_over());
    });
    call_quickly(100);
    ::shutdown(client_, SHUT_RDWR);
    thread_.join();
}

TEST_F(ChannelTest, a_quick_daemon_is_shut_down_from_another_thread) {
    serve([](Channel& channel, const Channel::Received&) { answer_all(channel, INT_MAX); });
    call_quickly(100);
    server_->shut_down();
    thread_.join();
    EXPECT_TRUE(server_->is_over());
}

TEST_F(ChannelTest, a_quick_client_sees_the_daemon_die) {
    serve([](Channel& channel, const Channel::Received&) {
        answer_all(channel, 100);
        channel.receive();
        channel.end();
    });
    call_quickly(100);
    ClientCall last(client_, 1, Signals::Ignored, &busy_poll_);
    ASSERT_EQ(last.send(MessageType::Ioctl, IoctlBody{}), 0);
    EXPECT_TRUE(last.wait(-1, true).broken);
}

TEST_F(ChannelTest, pull_fd_gives_the_callers_descriptor) {
    const UniqueFd memory(memfd_create("test", MFD_CLOEXEC));
    bool given = false;
    int error = 0;
    serve([&](Channel& channel, const Channel::Received&) {
        channel.send(Outgoing(MessageType::PullFd, 1, PullFdBody{memory.borrow()}));
        auto answer = channel.receive_answer(MessageType::Fd, 1);
        ASSERT_TRUE(answer);
        given = answer->fd.is_open();
        channel.send(Outgoing(MessageType::PullFd, 1, PullFdBody{100000}));
        answer = channel.receive_answer(MessageType::Fd, 1);
        ASSERT_TRUE(answer);
        error = answer->message.body<FdBody>().error;
        reply(channel, 0);
    });
    EXPECT_EQ(call().error, 0);
    EXPECT_TRUE(given);
    EXPECT_EQ(error, EBADF);
}

TEST_F(ChannelTest, the_sender_is_the_kernels_word) {
    int pid = 0;
    serve([&](Channel& channel, const Channel::Received& received) {
        pid = received.sender.pid;
        reply(channel, 0);
    });
    call();
    EXPECT_EQ(pid, getpid());
}

TEST_F(ChannelTest, a_hang_up_is_told_as_the_devices_end) {
    serve([](Channel& channel, const Channel::Received&) { channel.end(); });
    const Answer answer = call();
    EXPECT_TRUE(answer.broken);
    EXPECT_EQ(answer.error, ENODEV);
}

TEST_F(ChannelTest, two_descriptors_in_one_message_end_the_channel) {
    serve([](Channel&, const Channel::Received&) { ADD_FAILURE() << "was received"; });
    union {
        cmsghdr align;
        std::array<char, CMSG_SPACE(2 * sizeof(int))> bytes;
    } control{};
    Outgoing out(MessageType::Proof, 1, ProofBody{});
    iovec part{const_cast<std::byte*>(out.bytes().data()), out.bytes().size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.bytes.data();
    header.msg_controllen = control.bytes.size();
    cmsghdr* message = CMSG_FIRSTHDR(&header);
    message->cmsg_level = SOL_SOCKET;
    message->cmsg_type = SCM_RIGHTS;
    message->cmsg_len = CMSG_LEN(2 * sizeof(int));
    const std::array<int, 2> fds{0, 1};
    std::memcpy(CMSG_DATA(message), fds.data(), sizeof fds);
    ASSERT_GT(sendmsg(client_, &header, 0), 0);
    thread_.join();
    EXPECT_TRUE(server_->is_over());
}

TEST_F(ChannelTest, a_surplus_message_during_a_wait_ends_the_channel) {
    ClientCall call(client_, 1, Signals::Ignored);
    ASSERT_EQ(call.send(MessageType::Ioctl, IoctlBody{}), 0);
    ASSERT_EQ(call.send(MessageType::Ioctl, IoctlBody{}), 0);
    ASSERT_TRUE(server_->receive());
    server_->look_for_cancel(1);
    EXPECT_TRUE(server_->is_cancelled(1));
    EXPECT_TRUE(server_->is_over());
}

TEST_F(ChannelTest, an_old_cancel_interrupts_nothing) {
    ClientCall old(client_, 1, Signals::Ignored);
    ASSERT_EQ(old.send(MessageType::Cancel, CancelBody{}), 0);
    server_->look_for_cancel(2);
    EXPECT_FALSE(server_->is_cancelled(2));
    EXPECT_TRUE(server_->is_cancelled(1));
}

/// A daemon that takes one channel and then does as it is told.
class ConnectTest : public testing::Test {
  protected:
    void SetUp() override {
        const tests::UnixAddress address(path_);
        listener_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        ASSERT_EQ(bind(listener_.borrow(), address.get(), address.size()), 0);
        ASSERT_EQ(listen(listener_.borrow(), 1), 0);
    }
    int connect_while(std::function<void()> serve) {
        std::thread daemon(std::move(serve));
        uint64_t board = 0;
        const int result = connect_channel(path_.c_str(), board);
        daemon.join();
        return result;
    }
    UniqueFd accept_one() const {
        return UniqueFd(accept4(listener_.borrow(), nullptr, nullptr, SOCK_CLOEXEC));
    }

    const tests::TemporaryFolder folder_;
    const std::string path_ = folder_.path() + "/shim";
    UniqueFd listener_;
};

TEST_F(ConnectTest, a_refusal_is_told_though_the_hello_stays_unread) {
    EXPECT_EQ(connect_while([this] {
                  const UniqueFd client = accept_one();
                  pollfd hello{client.borrow(), POLLIN, 0};
                  poll(&hello, 1, -1);  // it is there, so closing resets the client
                  const Outgoing out(MessageType::Reply, hello_sequence,
                                     ReplyBody{.result = -1, .error = EMFILE});
                  send(client.borrow(), out.bytes().data(), out.bytes().size(), MSG_NOSIGNAL);
              }),
              -EMFILE);
}

TEST_F(ConnectTest, a_hang_up_ends_the_wait_for_hello) {
    EXPECT_EQ(connect_while([this] {
                  const UniqueFd client = accept_one();
                  pollfd hello{client.borrow(), POLLIN, 0};
                  poll(&hello, 1, -1);
              }),
              -ENODEV);
    EXPECT_EQ(connect_while([this] { accept_one(); }), -ENODEV) << "at once, too";
}

TEST_F(ConnectTest, a_daemon_that_ends_before_it_accepts_ends_the_wait) {
    std::thread client([&] {
        uint64_t board = 0;
        EXPECT_LT(connect_channel(path_.c_str(), board), 0);
    });
    pollfd waiting{listener_.borrow(), POLLIN, 0};
    poll(&waiting, 1, -1);
    listener_.reset();
    client.join();
}

void ignore_signal(int) {}

/// Until the thread sleeps in a system call, after it was given every signal that was sent to it.
void wait_until_asleep(pid_t thread) {
    while (tests::thread_status(thread).pending_signals != "0000000000000000")
        std::this_thread::yield();
    // It runs when it is given one: this is a later sleep.
    while (!tests::thread_status(thread).state.starts_with('S')) std::this_thread::yield();
}

struct SignalCase {
    Signals signals;
    int flags;
    bool cancels;
};

class SignalTest : public ChannelTest, public testing::WithParamInterface<SignalCase> {};

TEST_P(SignalTest, cancels_as_the_kernel_would) {
    struct sigaction action {};
    action.sa_handler = ignore_signal;
    action.sa_flags = GetParam().flags;
    sigaction(SIGUSR1, &action, nullptr);
    const pthread_t caller = pthread_self();
    const pid_t caller_id = gettid();
    bool cancelled = false;
    serve([&](Channel& channel, const Channel::Received&) {
        wait_until_asleep(caller_id);
        pthread_kill(caller, SIGUSR1);
        wait_until_asleep(caller_id);
        channel.look_for_cancel(1);
        cancelled = channel.is_cancelled(1);
        reply(channel, 0);
    });
    EXPECT_EQ(call(GetParam().signals).error, 0);  // the reply decides, not the signal
    EXPECT_EQ(cancelled, GetParam().cancels);
}

INSTANTIATE_TEST_SUITE_P(Rows, SignalTest,
                         testing::Values(SignalCase{Signals::Ignored, 0, false},
                                         SignalCase{Signals::Eintr, 0, true},
                                         SignalCase{Signals::Eintr, SA_RESTART, true},
                                         SignalCase{Signals::Restart, 0, true},
                                         SignalCase{Signals::Restart, SA_RESTART, false}));

}  // namespace
}  // namespace plugboard::transport
