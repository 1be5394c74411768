// Random paths to the channel of a board: each is opened or refused, and who asks properly
// afterwards is served.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/errno.h"
#include "daemon/board.h"
#include "tests/support/garble.h"
#include "tests/support/temporary_folder.h"
#include "transport/client.h"

namespace plugboard::daemon {
namespace {

using tests::Dice;
using transport::MessageType;

const std::vector<std::string> good_paths = {
    "/dev/dri/card0",
    "/dev/dri/card00",  // nearly good
    "/sys/bus/platform/drivers/vkms/bind",
    "/sys/class/drm/card0/device/driver/unbind",
    "/sys/kernel/debug/sync/sw_sync",
    "/sys/class/drm/version",
};

const std::vector<std::string> path_parts = {"/",
                                             "//",
                                             ".",
                                             "..",
                                             "../../..",
                                             "/dev/dri",
                                             "/dev/dri/card",
                                             "0",
                                             "card",
                                             "00",
                                             "renderD",
                                             "128",
                                             "/sys",
                                             "/etc/passwd",
                                             "/proc/self/fd",
                                             "1048576",
                                             "-1",
                                             "+0",
                                             " 0",
                                             "\n",
                                             "/dev/null",
                                             "\x7f\xff",
                                             "/device",
                                             "%s%n",
                                             "0x0",
                                             "/root",
                                             "/tmp",
                                             "/shim",
                                             std::string(1, '\0'),
                                             std::string(300, 'x'),
                                             std::string(4096, '/')};

std::string random_path(Dice& dice) {
    std::string path = tests::garble(dice, dice.one_of(good_paths), path_parts, 5);
    path.resize(std::min(path.size(), transport::max_payload));
    return path;
}

bool is_errno(int error) {
    return error > 0 && error != static_cast<int>(Errno::ProbeDefer) &&
           std::string(errno_name(static_cast<Errno>(error))) != "E?";
}

/// A board with one card, and a channel to it.
class Host {
  public:
    Host() {
        Config config;
        config.cards[0].device = vkms::with_profile(vkms::Profile::LinuxLatest);  // has a configfs
        auto board = Board::create(std::move(config), folder_.path());
        EXPECT_TRUE(board.ok());
        board_ = std::move(board.value());
        uint64_t id = 0;
        channel_.reset(transport::connect_channel((folder_.path() + "/shim").c_str(), id));
        socket_ = channel_.borrow();
    }
    ~Host() {
        channel_.reset();
        board_->end();
    }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    /// What an open(2) of a board's file asks for.
    transport::Answer open(MessageType type, std::string path, uint32_t flags = O_RDONLY) {
        const iovec tail{path.data(), path.size()};
        transport::ClientCall call(socket_, ++sequence_, transport::Signals::Ignored);
        EXPECT_EQ(call.send(type, transport::OpenBody{.flags = flags}, {}, {&tail, 1}), 0);
        transport::Answer answer = call.wait(-1, true);
        if (answer.fd >= 0) close(answer.fd);
        return answer;
    }

    /// What mkdir(2) and the like ask for. `size`: where the path in the tail is said to end.
    transport::Answer change(transport::ChangeNamesBody body, std::string tail) {
        const iovec part{tail.data(), tail.size()};
        transport::ClientCall call(socket_, ++sequence_, transport::Signals::Ignored);
        EXPECT_EQ(call.send(MessageType::ChangeNames, body, {}, {&part, 1}), 0);
        return call.wait(-1, true);
    }
    transport::Answer make_folder(const std::string& path) {
        return change({.path_size = static_cast<uint32_t>(path.size())}, path);
    }
    bool has(const std::string& path) const {
        return access((folder_.path() + "/root" + path).c_str(), F_OK) == 0;
    }

  private:
    const tests::TemporaryFolder folder_;
    std::unique_ptr<Board> board_;
    UniqueFd channel_;
    std::atomic<int> socket_{-1};
    uint32_t sequence_ = transport::hello_sequence;
};

/// What is wrong with the answer to an open of the path as a node or a live file.
std::optional<std::string> mistake_of(MessageType type, const std::string& path,
                                      const transport::Answer& answer) {
    if (answer.broken) return "the channel has ended";
    if ((answer.error == 0) != (answer.fd >= 0)) return "neither an error nor a descriptor";
    if (answer.error != 0 && !is_errno(answer.error))
        return fmt::format("no errno: {}", answer.error);
    const bool is_node = path == "/dev/dri/card0";
    if (type == MessageType::Open && answer.error == 0 && !is_node) return "it opens the card";
    return std::nullopt;
}

TEST(PathBytes, are_opened_or_refused_and_the_card_opens_afterwards) {
    Host host;
    const bool holds = rc::check([&] {
        const auto numbers = *tests::any_numbers(24);
        Dice dice(numbers);
        const auto type = dice.below(2) ? MessageType::Open : MessageType::OpenLive;
        const uint32_t flags = dice.below(4) ? dice.below(3) : dice.any();
        const std::string path = random_path(dice);
        if (const auto mistake = mistake_of(type, path, host.open(type, path, flags)))
            RC_FAIL(*mistake + ": " + path);
    });
    EXPECT_TRUE(holds);
    EXPECT_EQ(host.open(MessageType::Open, "/dev/dri/card0", O_RDWR).error, 0);
    EXPECT_EQ(host.open(MessageType::OpenLive, good_paths[2], O_WRONLY).error, 0);
}

const std::vector<std::string> configfs_paths = {
    "/sys/kernel/config/vkms/d", "/sys/kernel/config/vkms/d/planes/p",
    "/sys/kernel/config/vkms/d/crtcs/c", "/sys/kernel/config/vkms/d/planes/p/possible_crtcs/c",
    "/sys/kernel/config/vkms/d/planes/p/possible_crtcs/c/../../../x"};

TEST(NameBytes, change_configfs_or_are_refused_and_nothing_else_changes) {
    Host host;
    const bool holds = rc::check([&] {
        const auto numbers = *tests::any_numbers(40);
        Dice dice(numbers);
        const auto any_path = [&] {
            std::string path =
                tests::garble(dice, dice.one_of(configfs_paths), path_parts, dice.below(3) + 1);
            path.resize(std::min<size_t>(path.size(), 20000));
            return path;
        };
        const std::string path = any_path();
        transport::ChangeNamesBody body{.change = dice.below(5),
                                        .path_size = static_cast<uint32_t>(path.size())};
        if (dice.one_in(8)) body.change = dice.any();
        if (dice.one_in(8)) body.path_size = dice.any();
        if (dice.one_in(8)) body.target_error = static_cast<int32_t>(dice.any());
        const auto answer = host.change(body, path + any_path());
        if (answer.broken) RC_FAIL("the channel has ended");
        if (answer.error != 0 && !is_errno(answer.error)) RC_FAIL(std::to_string(answer.error));
        RC_ASSERT(host.has("/sys/class/drm/card0") && host.has("/sys/kernel/config/vkms"));
    });
    EXPECT_TRUE(holds);
    EXPECT_EQ(host.make_folder("/sys/kernel/config/vkms/after").error, 0);
    EXPECT_TRUE(host.has("/sys/kernel/config/vkms/after/planes"));
}

TEST(NameBytes, make_nothing_outside_of_configfs) {
    Host host;
    for (const char* path : {"/sys/x", "/sys/kernel/config/../x", "/dev/dri/x", "/sys/class/drm/x"})
        EXPECT_EQ(host.make_folder(path).error, EPERM) << path;
    for (const char* path : {"/../x", "x", "", "/", "/../../../../../../tmp/x"})
        EXPECT_NE(host.make_folder(path).error, 0) << path;
    EXPECT_EQ(host.make_folder("/sys/kernel/config/vkms/../vkms/d/.").error, ENOENT);
}

TEST(PathBytes, a_number_with_zeroes_before_it_names_no_card) {
    Host host;
    EXPECT_EQ(host.open(MessageType::Open, "/dev/dri/card00").error, ENOENT);
}

TEST(PathBytes, the_judge_finds_a_namesake_of_the_card_that_opens) {
    Host host;
    const auto answer = host.open(MessageType::Open, "/dev/dri/card0");
    EXPECT_EQ(mistake_of(MessageType::Open, "/dev/dri/card0", answer), std::nullopt);
    EXPECT_NE(mistake_of(MessageType::Open, "/dev/dri//card0", answer), std::nullopt);
}

}  // namespace
}  // namespace plugboard::daemon
