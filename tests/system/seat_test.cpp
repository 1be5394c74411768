// The seat of a board, for clients of libseat and for weston and sway as they are shipped.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/comes_true.h"
#include "tests/support/run.h"
#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

/// What our client of libseat finds is as it should be, and it leaves nothing behind.
void expect_all_holds(const std::string& what, const std::vector<std::string>& variables = {}) {
    std::vector<std::string> command = {"env"};
    command.insert(command.end(), variables.begin(), variables.end());
    command.insert(command.end(), {client_program("seat"), what});
    const auto run = run_on_fresh_board(command, {"--check-leaks"});
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_NE(run.err.find("left behind: 0 objects, 0 fds, 0 processes"), std::string::npos)
        << run.err;
}

TEST(Seat, gives_libseat_the_card_and_takes_it_back) {
    expect_all_holds("steps");
}

TEST(Seat, pauses_and_resumes_a_client_of_libseat) {
    expect_all_holds("pause");
}

TEST(Seat, a_card_is_pulled_while_a_client_has_it) {
    expect_all_holds("pull");
}

TEST(Seat, two_clients_take_turns) {
    expect_all_holds("turns");
}

TEST(Seat, libseats_builtin_backend_has_a_seat_of_its_own) {
    expect_all_holds("steps", {"LIBSEAT_BACKEND=builtin"});
}

TEST(Seat, libseat_does_not_hang_where_it_cannot_have_the_seat) {
    const auto run = run_on_fresh_board(
        {"env", "SEATD_SOCK=/nowhere", client_program("seat"), "steps"}, {"--check-leaks"});
    EXPECT_EQ(run.status, 1);
    EXPECT_NE(run.err.find("libseat_open_seat"), std::string::npos) << run.err;
}

/// The command as an ordinary user runs it: sway does not let root.
std::vector<std::string> as_user(std::vector<std::string> command) {
    if (geteuid() != 0) return command;
    command.insert(command.begin(), {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                     "env", "-u", "XDG_RUNTIME_DIR"});
    return command;
}

/// A compositor on a board, both an ordinary user's; ended by us.
class Compositor {
  public:
    explicit Compositor(const std::vector<std::string>& command) {
        static int number = 0;
        name_ = "seat-" + std::to_string(getpid()) + "-" + std::to_string(number++);
        RunOptions options{
            .command = {plugboard_command(), "run", "-b", name_, "--check-leaks", "--"},
            .environment = {{"HOME", "/tmp"}},
            .input = Input::Silent,
            .limit = 2 * patience};
        options.command.insert(options.command.end(), command.begin(), command.end());
        options.command = as_user(options.command);
        running_.emplace(options);
    }

    RunResult plugboard(std::vector<std::string> words) const {
        words.insert(words.begin(), plugboard_command());
        words.insert(words.end(), {"-b", name_});
        return run({.command = as_user(words), .limit = patience});
    }
    nlohmann::json status() const {
        return nlohmann::json::parse(plugboard({"status", "--json"}).out, nullptr, false);
    }
    uint64_t flips() const {
        const auto now = status();
        return now.is_object() ? now["cards"][0].value("flip_count", uint64_t{0}) : 0;
    }
    std::string state() const {
        const auto now = status();
        if (!now.is_object() || now["seat"]["clients"].empty()) return "";
        return now["seat"]["clients"][0].value("state", "");
    }
    RunResult end() {
        running_->send_signal(SIGTERM);
        return running_->finish();
    }

  private:
    std::string name_;
    std::optional<Running> running_;
};

void expect_pause_and_resume(Compositor& compositor) {
    ASSERT_TRUE(comes_true([&] { return compositor.flips() > 0; }));
    EXPECT_EQ(compositor.state(), "active");
    const auto paused = compositor.plugboard({"seat", "pause"});
    EXPECT_EQ(paused.status, 0) << paused.err;
    EXPECT_EQ(paused.err, "");
    EXPECT_EQ(compositor.state(), "away");
    const uint64_t before = compositor.flips();
    EXPECT_EQ(compositor.plugboard({"seat", "resume"}).status, 0);
    EXPECT_TRUE(comes_true([&] { return compositor.flips() > before; })) << "it draws anew";
    EXPECT_EQ(compositor.state(), "active");
    const auto ended = compositor.end();
    EXPECT_NE(ended.err.find("left behind: 0 objects, 0 fds"), std::string::npos)
        << ended.out << ended.err;
}

TEST(Seat, pauses_and_resumes_weston) {
    Compositor weston({"weston", "--backend=drm-backend.so", "--use-pixman",
                       "--continue-without-input", "--no-config"});
    expect_pause_and_resume(weston);
}

TEST(Seat, pauses_and_resumes_sway) {
    Compositor sway({"env", "WLR_RENDERER=pixman", "sway", "-c", "/dev/null"});
    expect_pause_and_resume(sway);
}

TEST(Seat, who_has_a_card_without_it_is_named_when_nobody_can_be_paused) {
    Compositor other({"bash", "-c", "exec 3<>/dev/dri/card0; exec cat"});
    ASSERT_TRUE(comes_true([&] {
        const auto now = other.status();
        return now.is_object() && now["files"].size() == 1;
    }));
    const auto refused = other.plugboard({"seat", "pause"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("has card0 without it"), std::string::npos) << refused.err;
    other.end();
}

}  // namespace
}  // namespace plugboard::tests
