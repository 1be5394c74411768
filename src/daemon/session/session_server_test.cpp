// What clients see whom the daemon has no room for: an answer, and the others are served on.
#include "daemon/session/session_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>

#include "base/log.h"
#include "daemon/board.h"
#include "daemon/session/trace.h"
#include "tests/support/shortage.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/unix_address.h"
#include "transport/client.h"

namespace plugboard::daemon {
namespace {

struct EmptyWorld final : World {
    Result<Ref<drm::Device>> find_node(drm::NodeType, uint32_t) override { return Errno::NoEnt; }
    Result<UniqueFd> open_live_file(std::string_view, int, const uapi::Credentials&) override {
        return Errno::NoEnt;
    }
    Result<void> change_names(NameChange, std::string_view, const Result<std::string>&,
                              const uapi::Credentials&) override {
        return Errno::Perm;
    }
    Result<UniqueFd> open_uevents(int, int) override { return Errno::NFile; }
    drm::SpecialFiles& special_files() override { return model.service<drm::SpecialFiles>(); }
    void note_open(drm::File&) override {}

    device::Model model;
};

class SessionServerTest : public testing::Test {
  protected:
    void SetUp() override {
        auto listener = Listener::create(folder_.path() + "/shim", Listener::Type::Packets);
        ASSERT_TRUE(listener.ok());
        old_sink_ = log::set_sink([this](log::Category, std::string_view) { ++log_lines_; });
        auto server = SessionServer::create(world_, hangups_, std::move(*listener), trace_);
        ASSERT_TRUE(server.ok());
        server_ = std::move(*server);
    }
    void TearDown() override {
        if (server_) server_->shut_down();
        server_.reset();
        log::set_sink(std::move(old_sink_));
    }

    /// A channel, or minus the errno.
    int connect_channel() const {
        uint64_t board = 0;
        return transport::connect_channel((folder_.path() + "/shim").c_str(), board);
    }
    /// What HELLO is answered on a socket that was made before descriptors ran out.
    transport::Answer say_hello(const UniqueFd& client) const {
        const tests::UnixAddress address(folder_.path() + "/shim");
        EXPECT_EQ(connect(client.borrow(), address.get(), address.size()), 0);
        const std::atomic<int> fd(client.borrow());
        transport::ClientCall call(fd, transport::hello_sequence, transport::Signals::Ignored);
        call.send(transport::MessageType::Hello, transport::HelloBody{});
        return call.wait(-1, true);
    }

    const tests::TemporaryFolder folder_;
    Trace trace_{Clock::real()};
    log::Sink old_sink_;
    std::atomic<int> log_lines_ = 0;
    EmptyWorld world_;
    HangupWatch hangups_;
    std::unique_ptr<SessionServer> server_;
};

TEST_F(SessionServerTest, a_client_is_told_that_descriptors_have_run_out) {
    const UniqueFd first(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    const UniqueFd second(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    {
        const tests::NoDescriptors shortage;
        for (const UniqueFd* client : {&first, &second}) {
            const auto answer = say_hello(*client);
            EXPECT_EQ(answer.error, ENFILE) << "the daemon's own, not the client's";
            EXPECT_FALSE(answer.broken) << "an answer, not a hang-up";
        }
    }
    const UniqueFd later(connect_channel());
    EXPECT_TRUE(later.is_open()) << "served again when there are descriptors";
    EXPECT_EQ(log_lines_, 1) << "one line, however many were refused";
}

TEST_F(SessionServerTest, a_client_whose_requests_could_not_wait_is_refused) {
    const UniqueFd client(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    UniqueFd last(open("/dev/null", O_RDONLY | O_CLOEXEC));
    {
        const tests::NoDescriptors shortage;
        last.reset();  // for the channel; the session's own event finds none
        const auto answer = say_hello(client);
        EXPECT_EQ(answer.error, ENFILE);
        EXPECT_FALSE(answer.broken) << "an answer, not a hang-up";
    }
    const UniqueFd later(connect_channel());
    EXPECT_TRUE(later.is_open());
    EXPECT_EQ(log_lines_, 1);
}

TEST_F(SessionServerTest, all_descriptors_of_an_idle_client_are_counted) {
    const size_t others = count_descriptors() - server_->descriptors();
    const UniqueFd client(connect_channel());
    EXPECT_EQ(count_descriptors(), others + 1 + server_->descriptors());
}

TEST_F(SessionServerTest, a_client_without_a_thread_is_refused_and_the_daemon_lives) {
    {
        const tests::NoThreads shortage;
        // Many: the answer must be had wherever between its parts the daemon closes the channel.
        for (int i = 0; i < 300; i++) ASSERT_EQ(connect_channel(), -ENOMEM) << i;
    }
    const UniqueFd later(connect_channel());
    EXPECT_TRUE(later.is_open());
    EXPECT_EQ(log_lines_, 1);
}

}  // namespace
}  // namespace plugboard::daemon
