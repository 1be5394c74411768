#include "base/hangup_watch.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "base/labelled_pair.h"
#include "tests/support/shortage.h"

namespace plugboard {
namespace {

LabelledPair make_pair(PairType type = PairType::Stream) {
    static uint64_t number = 0;
    auto pair = make_labelled_pair({FdKind::Card, own_board_id(), ++number}, type);
    EXPECT_TRUE(pair.ok());
    EXPECT_TRUE(HangupWatch::mark_other_end(pair->theirs.borrow()).ok());
    return std::move(pair).value();
}

struct Watched {
    LabelledPair pair;
    std::atomic<int> closed = 0;
    HangupWatch watch;  // ends before what it watches

    explicit Watched(PairType type = PairType::Stream) : pair(make_pair(type)) {
        EXPECT_TRUE(watch.add(pair.ours.borrow(), [this] { closed++; }).ok());
    }
};

/// Closes the other end and binds its name before the watch can look.
class CloseWithNameTaken {
  public:
    explicit CloseWithNameTaken(Watched& it) {
        sockaddr_un name{};
        socklen_t length = sizeof name;
        EXPECT_EQ(getsockname(it.pair.theirs.borrow(), reinterpret_cast<sockaddr*>(&name), &length),
                  0);
        LabelledPair other = make_pair();
        std::promise<void> watch_waits, name_is_taken;
        EXPECT_TRUE(it.watch
                        .add(other.ours.borrow(),
                             [&] {
                                 watch_waits.set_value();
                                 name_is_taken.get_future().wait();
                             })
                        .ok());
        other.theirs.reset();
        watch_waits.get_future().wait();
        it.pair.theirs.reset();
        EXPECT_EQ(bind(socket_.borrow(), reinterpret_cast<const sockaddr*>(&name), length), 0);
        name_is_taken.set_value();
        it.watch.settle();  // `other` is not used any more
    }

  private:
    UniqueFd socket_{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

TEST(HangupWatch, settle_handles_a_close_that_has_happened) {
    Watched it;
    it.watch.settle();
    EXPECT_EQ(it.closed, 0);
    it.pair.theirs.reset();
    it.watch.settle();
    EXPECT_EQ(it.closed, 1);
}

TEST(HangupWatch, only_the_last_copy_counts) {
    Watched it;
    const UniqueFd copy(dup(it.pair.theirs.borrow()));
    it.pair.theirs.reset();
    it.watch.settle();
    EXPECT_EQ(it.closed, 0);
}

TEST(HangupWatch, our_shutdown_is_no_close) {
    Watched it;
    HangupWatch::shut_down(it.pair.ours.borrow());
    it.watch.settle();
    EXPECT_EQ(it.closed, 0);
    it.pair.theirs.reset();
    it.watch.settle();
    EXPECT_EQ(it.closed, 1);
}

TEST(HangupWatch, a_close_right_after_our_shutdown_is_seen) {
    for (int i = 0; i < 200; i++) {
        Watched it;
        std::thread closer([&] { it.pair.theirs.reset(); });
        HangupWatch::shut_down(it.pair.ours.borrow());
        closer.join();
        it.watch.settle();
        EXPECT_EQ(it.closed, 1);
    }
}

TEST(HangupWatch, the_clients_own_shutdown_is_a_close) {
    Watched it;
    shutdown(it.pair.theirs.borrow(), SHUT_RDWR);
    it.watch.settle();
    EXPECT_EQ(it.closed, 1);
}

TEST(HangupWatch, a_close_is_seen_though_somebody_else_takes_the_name) {
    Watched it;
    const CloseWithNameTaken taken(it);
    it.watch.settle();
    EXPECT_EQ(it.closed, 1);
}

TEST(HangupWatch, a_close_after_our_shutdown_is_seen_when_the_name_is_let_go) {
    Watched it;
    HangupWatch::shut_down(it.pair.ours.borrow());
    {
        const CloseWithNameTaken taken(it);
        it.watch.settle();
        EXPECT_EQ(it.closed, 0);
    }
    it.watch.settle();
    EXPECT_EQ(it.closed, 1);
}

TEST(HangupWatch, a_close_among_many_that_are_in_use_is_seen_at_once) {
    std::vector<LabelledPair> pairs;
    std::atomic<int> closed = 0;
    HangupWatch watch;
    for (int i = 0; i < 50; i++) {
        pairs.push_back(make_pair());
        ASSERT_TRUE(watch.add(pairs.back().ours.borrow(), [&] { closed++; }).ok());
        HangupWatch::shut_down(pairs.back().ours.borrow());
    }
    watch.settle();
    EXPECT_EQ(closed, 0);
    for (int i = 0; i < 50; i++) {
        pairs[static_cast<size_t>(i * 7 % 50)].theirs.reset();
        watch.settle();
        EXPECT_EQ(closed, i + 1);
    }
}

TEST(HangupWatch, settle_asks_for_the_other_end_of_datagrams) {
    Watched it(PairType::Datagrams);
    UniqueFd copy(dup(it.pair.theirs.borrow()));
    it.pair.theirs.reset();
    ASSERT_EQ(send(it.pair.ours.borrow(), "unread", 6, MSG_NOSIGNAL), 6);
    it.watch.settle();
    EXPECT_EQ(it.closed, 0) << "a copy is left";
    copy.reset();
    it.watch.settle();
    EXPECT_EQ(it.closed, 1);
}

TEST(HangupWatch, a_close_of_datagrams_is_seen_after_a_send_that_was_refused) {
    Watched it(PairType::Datagrams);
    it.pair.theirs.reset();
    EXPECT_EQ(send(it.pair.ours.borrow(), "x", 1, MSG_NOSIGNAL), -1);
    it.watch.settle();
    EXPECT_EQ(it.closed, 1);
}

TEST(HangupWatch, shutdown_is_no_close_of_datagrams) {
    Watched it(PairType::Datagrams);
    shutdown(it.pair.theirs.borrow(), SHUT_RDWR);
    it.watch.settle();
    EXPECT_EQ(it.closed, 0);
}

TEST(HangupWatch, removed_descriptors_are_not_told) {
    Watched it;
    it.watch.remove(it.pair.ours.borrow());
    it.pair.theirs.reset();
    it.watch.settle();
    EXPECT_EQ(it.closed, 0);
}

TEST(HangupWatch, the_callback_may_close_our_end_and_add_another) {
    HangupWatch watch;
    LabelledPair first = make_pair();
    LabelledPair second = make_pair();
    std::atomic<int> closed = 0;
    ASSERT_TRUE(watch
                    .add(first.ours.borrow(),
                         [&] {
                             watch.remove(first.ours.borrow());
                             first.ours.reset();
                             EXPECT_TRUE(watch.add(second.ours.borrow(), [&] { closed++; }).ok());
                         })
                    .ok());
    first.theirs.reset();
    watch.settle();
    second.theirs.reset();
    watch.settle();
    EXPECT_EQ(closed, 1);
}

TEST(HangupWatch, the_thread_tells_without_settle) {
    LabelledPair pair = make_pair();
    std::promise<void> closed;
    HangupWatch watch;  // gone first
    ASSERT_TRUE(watch.add(pair.ours.borrow(), [&] { closed.set_value(); }).ok());
    pair.theirs.reset();
    closed.get_future().wait();
}

TEST(HangupWatch, a_close_is_seen_without_a_free_descriptor) {
    Watched first, second;
    const tests::NoDescriptors none;
    for (Watched* it : {&first, &second}) {
        it->pair.theirs.reset();
        const UniqueFd taken(dup(STDERR_FILENO));
        EXPECT_TRUE(taken.is_open());
        it->watch.settle();
        EXPECT_EQ(it->closed, 1);
    }
}

TEST(HangupWatch, no_close_is_lost_while_others_take_every_descriptor) {
    constexpr int count = 50;
    std::vector<LabelledPair> pairs;
    for (int i = 0; i < count; i++) pairs.push_back(make_pair());
    std::atomic<int> closed = 0;
    HangupWatch watch;
    for (LabelledPair& pair : pairs)
        ASSERT_TRUE(watch.add(pair.ours.borrow(), [&] { closed++; }).ok());
    {
        const tests::NoDescriptors none;
        std::atomic<bool> is_over{false};
        std::thread greedy([&] {
            std::vector<UniqueFd> taken;
            while (!is_over) {
                UniqueFd fd(dup(STDERR_FILENO));
                if (fd.is_open()) taken.push_back(std::move(fd));
            }
        });
        for (LabelledPair& pair : pairs) {
            pair.theirs.reset();
            watch.settle();
        }
        is_over = true;
        greedy.join();
    }
    watch.settle();
    EXPECT_EQ(closed, count);
}

TEST(HangupWatch, without_descriptors_it_watches_nothing_and_ends) {
    LabelledPair pair = make_pair();
    HangupWatch watch;
    {
        const tests::NoDescriptors none;
        EXPECT_EQ(watch.add(pair.ours.borrow(), [] { FAIL(); }).error(), Errno::MFile);
        watch.settle();
    }
    EXPECT_TRUE(watch.add(pair.ours.borrow(), [] { FAIL(); }).ok());
    watch.remove(pair.ours.borrow());
}

TEST(HangupWatch, without_a_thread_it_watches_nothing_until_there_is_one) {
    LabelledPair pair = make_pair();
    HangupWatch watch;
    {
        const tests::NoThreads none;
        EXPECT_EQ(watch.add(pair.ours.borrow(), [] { FAIL(); }).error(), Errno::Again);
        watch.settle();
    }
    std::promise<void> closed;
    ASSERT_TRUE(watch.add(pair.ours.borrow(), [&] { closed.set_value(); }).ok());
    pair.theirs.reset();
    closed.get_future().wait();
}

}  // namespace
}  // namespace plugboard
