// Sessions whose client was killed in the middle of a request: what the others are told.
#include "daemon/session/session.h"

#include <drm.h>
#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <string>

#include "daemon/board.h"
#include "drm/request.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/threads.h"
#include "transport/client.h"

namespace plugboard::daemon {
namespace {

using transport::MessageType;

/// A client's channel to a board.
class BoardClient {
  public:
    explicit BoardClient(const std::string& directory)
        : channel_(transport::connect_channel((directory + "/shim").c_str(), board_)),
          socket_(channel_.borrow()) {}

    UniqueFd open(MessageType type, std::string path) {
        const iovec tail{path.data(), path.size()};
        transport::ClientCall call(socket_, ++sequence_, transport::Signals::Ignored);
        call.send(type, transport::OpenBody{.flags = O_RDONLY}, {}, {&tail, 1});
        const auto answer = call.wait(-1, true);
        EXPECT_EQ(answer.error, 0) << path;
        return UniqueFd(answer.fd);
    }
    /// One without an argument; does not wait for the answer.
    void start_ioctl(uint64_t file, uint32_t command) {
        transport::ClientCall call(socket_, ++sequence_, transport::Signals::Ignored);
        call.send(MessageType::Ioctl,
                  transport::IoctlBody{
                      .file = {.number = file, .kind = static_cast<uint32_t>(FdKind::Card)},
                      .command = command});
    }

  private:
    uint64_t board_ = 0;
    const UniqueFd channel_;
    const std::atomic<int> socket_;
    uint32_t sequence_ = transport::hello_sequence;
};

/// A client was killed; its request is held, before it takes effect.
class SessionAfterKill : public testing::Test {
  protected:
    void SetUp() override {
        auto board = Board::create(Config{}, folder_.path());
        ASSERT_TRUE(board.ok()) << board.problem().headline();
        board_ = std::move(board.value());
        const auto card = board_->slots().find_card("gpu0");
        ASSERT_TRUE(card.ok() && card.value().drm);
        node_ = (*card.value().drm)->primary_minor();
        drm::stop_hook = &hook_;
        BoardClient client(folder_.path());
        const UniqueFd file =
            client.open(MessageType::Open, "/dev/dri/card" + std::to_string(node_));
        ASSERT_EQ(board_->open_files().size(), 1u);
        client.start_ioctl(board_->open_files()[0].number, DRM_IOCTL_DROP_MASTER);
        is_held_.wait();
    }
    void TearDown() override {
        if (board_) board_->end();
        drm::stop_hook = nullptr;
    }

    const tests::TemporaryFolder folder_;
    std::latch is_held_{1}, may_go_on_{1};
    const drm::StopHook hook_ = [this](drm::Device&, const uapi::Ioctl&, drm::StopPoint point) {
        if (point != drm::StopPoint::Entry) return;
        is_held_.count_down();
        may_go_on_.wait();
    };
    std::unique_ptr<Board> board_;
    uint32_t node_ = 0;
};

TEST_F(SessionAfterKill, what_the_request_used_is_no_leak) {
    auto left = std::async(std::launch::async, [this] { return board_->leftovers(); });
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(left));
    may_go_on_.count_down();
    const Leftovers found = left.get();
    EXPECT_EQ(found.objects, 0u) << (found.labels.empty() ? "" : found.labels[0]);
    EXPECT_EQ(found.descriptors, 0u);
}

TEST_F(SessionAfterKill, the_dead_has_no_open_file) {
    auto files = std::async(std::launch::async, [this] { return board_->open_files().size(); });
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(files));
    may_go_on_.count_down();
    EXPECT_EQ(files.get(), 0u);
}

TEST_F(SessionAfterKill, its_card_may_be_pulled_meanwhile) {
    EXPECT_TRUE(board_->slots().unplug("gpu0").ok()) << "it waits for no request";
    may_go_on_.count_down();
    const Leftovers found = board_->leftovers();
    EXPECT_EQ(found.objects, 0u) << (found.labels.empty() ? "" : found.labels[0]);
    EXPECT_EQ(found.descriptors, 0u);
    EXPECT_TRUE(board_->slots().plug("gpu0").ok());
}

TEST_F(SessionAfterKill, a_live_file_is_opened_when_the_request_has_left) {
    BoardClient next(folder_.path());
    auto opened = std::async(std::launch::async, [&] {
        return next.open(MessageType::OpenLive,
                         "/sys/kernel/debug/dri/" + std::to_string(node_) + "/clients");
    });
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(opened));
    may_go_on_.count_down();
    EXPECT_TRUE(opened.get().is_open());
}

}  // namespace
}  // namespace plugboard::daemon
