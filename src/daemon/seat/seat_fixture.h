// A board, and clients of its seat that say what a test wants: for the tests of the seat.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/passed_fd.h"
#include "daemon/board.h"
#include "drm/handlers.h"
#include "tests/support/comes_true.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/unix_address.h"

namespace plugboard::daemon {

inline UniqueFd connect_to(const std::string& path, int type) {
    UniqueFd connected(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    const tests::UnixAddress address(path);
    EXPECT_EQ(connect(connected.borrow(), address.get(), address.size()), 0);
    return connected;
}

/// Waits until there is something to read, or the other end is gone.
inline void wait_for_input(int socket) {
    pollfd waiting{.fd = socket, .events = POLLIN, .revents = 0};
    const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(tests::patience);
    EXPECT_EQ(poll(&waiting, 1, static_cast<int>(limit.count())), 1) << "nothing came";
}

/// Bytes and a descriptor; no bytes: the connection has ended.
struct Received {
    std::string bytes;
    UniqueFd fd;
};

inline Received receive(int socket, size_t at_most) {
    wait_for_input(socket);
    Received received;
    received.bytes.resize(at_most);
    const ssize_t count = receive_with_fd(socket, received.bytes, received.fd, MSG_DONTWAIT);
    received.bytes.resize(count > 0 ? static_cast<size_t>(count) : 0);
    return received;
}

template <class T>
std::string bytes_of(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// One that speaks as libseat does, written with plain numbers.
class SeatdTestClient {
  public:
    struct Answer {
        int type = 0;  // 0: the connection has ended
        std::string body{};
        UniqueFd fd{};
        int number() const {
            int value = 0;
            if (body.size() == sizeof value) std::memcpy(&value, body.data(), sizeof value);
            return value;
        }
    };

    explicit SeatdTestClient(const std::string& board)
        : socket_(connect_to(board + "/seat", SOCK_STREAM)) {}

    void send(const std::string& bytes) const {
        EXPECT_EQ(::send(socket_.borrow(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }
    void request(uint16_t type, const std::string& body = {}) const {
        send(bytes_of(type) + bytes_of(static_cast<uint16_t>(body.size())) + body);
    }
    Answer next() const {
        Answer answer;
        auto head = receive(socket_.borrow(), 4);
        if (head.bytes.size() != 4) return answer;
        std::array<uint16_t, 2> words{};
        std::memcpy(words.data(), head.bytes.data(), sizeof words);
        answer.type = words[0];
        answer.fd = std::move(head.fd);
        if (words[1] > 0) answer.body = receive(socket_.borrow(), words[1]).bytes;
        return answer;
    }
    Answer ask(uint16_t type, const std::string& body = {}) const {
        request(type, body);
        return next();
    }
    Answer open_device(std::string path) const {
        path += '\0';
        return ask(3, bytes_of(static_cast<uint16_t>(path.size())) + path);
    }
    /// OPEN_SEAT, and ENABLE_SEAT when its turn comes at once.
    void enter() const {
        EXPECT_EQ(ask(1).type, 0x8001);
        EXPECT_EQ(next().type, 0x8006);
    }
    void hang_up() { socket_.reset(); }

  private:
    UniqueFd socket_;
};

/// One that speaks as weston 10's weston_launch launcher does.
class WestonTestClient {
  public:
    explicit WestonTestClient(const std::string& board)
        : socket_(connect_to(board + "/weston", SOCK_SEQPACKET)) {}

    void send(const std::string& packet) const {
        EXPECT_EQ(::send(socket_.borrow(), packet.data(), packet.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(packet.size()));
    }
    Received next() const { return receive(socket_.borrow(), 64); }
    Received open(const std::string& path, int flags) const {
        send(bytes_of(0) + bytes_of(flags) + path + std::string(1, '\0'));
        return next();
    }
    void say_gone() const { send(bytes_of(2)); }

  private:
    UniqueFd socket_;
};

/// A board with one card, counted for leaks at the end.
class SeatTest : public testing::Test {
  protected:
    void SetUp() override {
        auto board = Board::create(Config{}, folder_.path());
        ASSERT_TRUE(board.ok());
        board_ = std::move(board.value());
    }
    void TearDown() override {
        if (!board_) return;
        board_->end();
        const Leftovers left = board_->leftovers();
        EXPECT_EQ(left.objects, 0u);
        EXPECT_EQ(left.descriptors, 0u);
    }

    const std::string& directory() const { return board_->directory(); }
    SeatServer& seat() { return board_->seat(); }
    /// Somebody rules the card.
    bool has_master() {
        for (const SlotInfo& slot : board_->slots().all()) {
            if (!slot.drm) continue;
            for (const auto& file : (*slot.drm)->files()) {
                if (drm::is_current_master(*file)) return true;
            }
        }
        return false;
    }

    const tests::TemporaryFolder folder_;
    std::unique_ptr<Board> board_;
};

}  // namespace plugboard::daemon
