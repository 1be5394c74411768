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
        auto board = Board::create(Config{}, folder_.path());
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
