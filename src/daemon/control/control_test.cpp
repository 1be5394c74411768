#include "daemon/control/control.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "base/passed_fd.h"
#include "tests/support/comes_true.h"
#include "tests/support/shortage.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/unix_address.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

Commands test_commands() {
    Commands commands;
    commands.add("echo", [](const JsonPlace& request) -> Outcome<Reply> {
        Reply reply;
        reply.body["text"] = request.at("text").text(100);
        return reply;
    });
    commands.add("fail", [](const JsonPlace&) -> Outcome<Reply> {
        return Problem{.message = "it does not work", .remedy = "do not do it"};
    });
    commands.add("memory", [](const JsonPlace&) -> Outcome<Reply> {
        Reply reply;
        reply.attachment.reset(memfd_create("test", MFD_CLOEXEC));
        return reply;
    });
    return commands;
}

json answer(std::string_view line) {
    ThreadSleeper caller(Clock::real());
    return test_commands().answer(line, caller).body;
}

/// One that waits until its server ends, and uses it then.
TEST(ControlServer, a_command_under_way_at_its_end_uses_it) {
    const tests::TemporaryFolder folder;
    std::unique_ptr<ControlServer> server;
    std::atomic<bool> has_begun = false;
    Commands commands;
    commands.add_waiting("count", [&](const JsonPlace&, Sleeper& caller) -> Outcome<Reply> {
        has_begun = true;
        (void)caller.sleep(std::nullopt, Interrupts::Allowed);
        Reply reply;
        reply.body["count"] = server->count_others();
        return reply;
    });
    server = ControlServer::create(folder.path() + "/control", commands).value();
    ASSERT_TRUE(server->start().ok());
    const UniqueFd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const tests::UnixAddress address(folder.path() + "/control");
    ASSERT_EQ(connect(client.borrow(), address.get(), address.size()), 0);
    constexpr std::string_view request = "{\"op\": \"count\"}\n";
    ASSERT_EQ(send(client.borrow(), request.data(), request.size(), MSG_NOSIGNAL),
              ssize_t{request.size()});
    ASSERT_TRUE(tests::comes_true([&] { return has_begun.load(); }));
    server->end();
    std::array<char, 256> answer{};
    ASSERT_GT(recv(client.borrow(), answer.data(), answer.size() - 1, 0), 0);
    EXPECT_NE(std::string_view(answer.data()).find("\"count\""), std::string_view::npos);
}

TEST(Commands, a_good_request_is_answered_ok_and_versioned) {
    const json body = answer(R"({"op": "echo", "text": "hello"})");
    EXPECT_EQ(body, json::parse(R"({"plugboard": 1, "ok": true, "text": "hello"})"));
}

TEST(Commands, a_problem_is_told_with_its_remedy) {
    const json body = answer(R"({"plugboard": 1, "op": "fail"})");
    EXPECT_EQ(body, json::parse(R"({"plugboard": 1, "ok": false, "error": "it does not work",
                                    "remedy": "do not do it"})"));
}

class BadLine : public testing::TestWithParam<const char*> {};

TEST_P(BadLine, is_refused_with_a_remedy) {
    const json body = answer(GetParam());
    EXPECT_EQ(body.at("ok"), false);
    EXPECT_NE(body.at("error").get<std::string>(), "");
    EXPECT_NE(body.at("remedy").get<std::string>(), "");
}

INSTANTIATE_TEST_SUITE_P(All, BadLine,
                         testing::Values("", "hello", "{", "[]", "1", "null", R"({})",
                                         R"({"op": 1})", R"({"op": "nothing"})",
                                         R"({"op": "echo"})", R"({"op": "echo", "text": 1})",
                                         R"({"plugboard": 2, "op": "echo", "text": ""})",
                                         R"({"plugboard": "1", "op": "echo", "text": ""})"));

TEST(Commands, an_unknown_op_is_answered_with_the_known_ones) {
    EXPECT_EQ(answer(R"({"op": "nothing"})").at("remedy"), "use one of: echo, fail, memory");
}

class ControlServerTest : public testing::Test {
  protected:
    void SetUp() override {
        auto server = ControlServer::create(folder_.path() + "/control", commands_);
        ASSERT_TRUE(server.ok());
        server_ = std::move(*server);
        ASSERT_TRUE(server_->start().ok());
    }
    void TearDown() override { server_.reset(); }

    UniqueFd connect_to_it() const {
        UniqueFd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        connect_it(client);
        return client;
    }
    void connect_it(const UniqueFd& client) const {
        const tests::UnixAddress address(folder_.path() + "/control");
        EXPECT_EQ(connect(client.borrow(), address.get(), address.size()), 0);
    }
    static void send_text(const UniqueFd& client, std::string_view text) {
        while (!text.empty()) {
            const ssize_t count = send(client.borrow(), text.data(), text.size(), MSG_NOSIGNAL);
            if (count <= 0) return;
            text.remove_prefix(static_cast<size_t>(count));
        }
    }
    /// One line; empty at the end of the stream.
    static std::string read_line(const UniqueFd& client) {
        std::string line;
        for (char c = 0; read(client.borrow(), &c, 1) == 1 && c != '\n';) line += c;
        return line;
    }

    const Commands commands_ = test_commands();
    const tests::TemporaryFolder folder_;
    std::unique_ptr<ControlServer> server_;
};

TEST_F(ControlServerTest, answers_each_line_of_a_connection) {
    const auto client = connect_to_it();
    send_text(client, "{\"op\": \"echo\", \"text\": \"1\"}\n{\"op\": \"echo\", \"te");
    EXPECT_EQ(json::parse(read_line(client)).at("text"), "1");
    send_text(client, "xt\": \"2\"}\nnonsense\n");
    EXPECT_EQ(json::parse(read_line(client)).at("text"), "2");
    EXPECT_EQ(json::parse(read_line(client)).at("ok"), false);
}

TEST_F(ControlServerTest, serves_connections_side_by_side) {
    const auto silent = connect_to_it();
    const auto other = connect_to_it();
    send_text(other, "{\"op\": \"echo\", \"text\": \"1\"}\n");
    EXPECT_EQ(json::parse(read_line(other)).at("text"), "1");
}

TEST_F(ControlServerTest, refuses_a_line_without_end) {
    const auto client = connect_to_it();
    send_text(client, std::string(longest_control_line + 1, 'x'));
    EXPECT_NE(read_line(client).find("has over"), std::string::npos);
    EXPECT_EQ(read_line(client), "") << "and closes the connection";
}

TEST_F(ControlServerTest, passes_a_descriptor_with_the_answer) {
    const auto client = connect_to_it();
    send_text(client, "{\"op\": \"memory\"}\n");
    char first = 0;
    UniqueFd memory;
    ASSERT_EQ(receive_with_fd(client.borrow(), {&first, 1}, memory), 1);
    EXPECT_GE(fcntl(memory.borrow(), F_GET_SEALS), 0) << "it is a memfd";
}

TEST_F(ControlServerTest, says_that_descriptors_have_run_out) {
    const UniqueFd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    {
        const tests::NoDescriptors shortage;
        connect_it(client);
        const json refused = json::parse(read_line(client));
        EXPECT_EQ(refused.at("ok"), false);
        EXPECT_NE(refused.at("error").get<std::string>().find("EMFILE"), std::string::npos);
    }
    const auto later = connect_to_it();
    send_text(later, "{\"op\": \"echo\", \"text\": \"1\"}\n");
    EXPECT_EQ(json::parse(read_line(later)).at("text"), "1");
}

TEST_F(ControlServerTest, lives_on_when_it_gets_no_thread) {
    {
        const tests::NoThreads shortage;
        const auto client = connect_to_it();
        EXPECT_EQ(json::parse(read_line(client)).at("ok"), false);
        EXPECT_EQ(read_line(client), "") << "and closes the connection";
    }
    const auto later = connect_to_it();
    send_text(later, "{\"op\": \"echo\", \"text\": \"1\"}\n");
    EXPECT_EQ(json::parse(read_line(later)).at("text"), "1");
}

TEST_F(ControlServerTest, ends_while_clients_are_connected) {
    const auto client = connect_to_it();
    send_text(client, "{\"op\": \"echo\", \"text\": \"1\"}\n");
    read_line(client);
    server_.reset();
    EXPECT_EQ(read_line(client), "");
}

TEST_F(ControlServerTest, counts_the_others_exactly_while_connections_come_and_go) {
    std::array<UniqueFd, 50> clients;
    for (UniqueFd& client : clients) client.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const size_t others = server_->count_others();
    std::atomic<bool> done = false;
    std::set<size_t> counts;
    std::thread counting([&] {
        for (; !done; std::this_thread::sleep_for(std::chrono::microseconds(100)))
            counts.insert(server_->count_others());
    });
    for (const UniqueFd& client : clients) {
        connect_it(client);
        send_text(client, "{\"op\": \"echo\", \"text\": \"\"}\n");
        EXPECT_NE(read_line(client), "");
        shutdown(client.borrow(), SHUT_RDWR);
    }
    done = true;
    counting.join();
    counts.insert(server_->count_others());
    EXPECT_EQ(counts, std::set<size_t>{others});
}

TEST_F(ControlServerTest, a_path_that_is_too_long_is_refused) {
    const auto server = ControlServer::create("/tmp/" + std::string(200, 'x'), commands_);
    ASSERT_FALSE(server.ok());
    EXPECT_EQ(server.error(), Errno::NameTooLong);
}

}  // namespace
}  // namespace plugboard::daemon
