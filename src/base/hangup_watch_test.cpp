#include "base/hangup_watch.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include "base/labelled_pair.h"

namespace plugboard {
namespace {

LabelledPair make_pair() {
    static uint64_t number = 0;
    auto pair = make_labelled_pair({FdKind::Card, own_board_id(), ++number}, PairType::Stream);
    EXPECT_TRUE(pair.ok());
    EXPECT_TRUE(HangupWatch::mark_other_end(pair->theirs.borrow()).ok());
    return std::move(pair).value();
}

struct Watched {
    HangupWatch watch;
    LabelledPair pair = make_pair();
    std::atomic<int> closed = 0;

    Watched() {
        EXPECT_TRUE(watch.add(pair.ours.borrow(), [this] { closed++; }).ok());
    }
};

TEST(HangupWatch, SettleHandlesACloseThatHasHappened) {
    Watched it;
    it.watch.settle();
    EXPECT_EQ(it.closed, 0);
    it.pair.theirs.reset();
    it.watch.settle();
    EXPECT_EQ(it.closed, 1);
}

TEST(HangupWatch, OnlyTheLastCopyCounts) {
    Watched it;
    const UniqueFd copy(dup(it.pair.theirs.borrow()));
    it.pair.theirs.reset();
    it.watch.settle();
    EXPECT_EQ(it.closed, 0);
}

TEST(HangupWatch, OurShutdownIsNoClose) {
    Watched it;
    shutdown(it.pair.ours.borrow(), SHUT_RDWR);
    it.watch.settle();
    EXPECT_EQ(it.closed, 0);
    it.pair.theirs.reset();
    it.watch.settle();
    EXPECT_EQ(it.closed, 1);
}

TEST(HangupWatch, ACloseRightAfterOurShutdownIsSeen) {
    for (int i = 0; i < 200; i++) {
        Watched it;
        std::thread closer([&] { it.pair.theirs.reset(); });
        shutdown(it.pair.ours.borrow(), SHUT_RDWR);
        closer.join();
        it.watch.settle();
        EXPECT_EQ(it.closed, 1);
    }
}

TEST(HangupWatch, TheClientsOwnShutdownIsNoClose) {
    Watched it;
    shutdown(it.pair.theirs.borrow(), SHUT_RDWR);
    it.watch.settle();
    EXPECT_EQ(it.closed, 0);
}

TEST(HangupWatch, RemovedDescriptorsAreNotTold) {
    Watched it;
    it.watch.remove(it.pair.ours.borrow());
    it.pair.theirs.reset();
    it.watch.settle();
    EXPECT_EQ(it.closed, 0);
}

TEST(HangupWatch, TheCallbackMayCloseOurEndAndAddAnother) {
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

TEST(HangupWatch, TheThreadTellsWithoutSettle) {
    LabelledPair pair = make_pair();
    std::promise<void> closed;
    HangupWatch watch;  // gone first
    ASSERT_TRUE(watch.add(pair.ours.borrow(), [&] { closed.set_value(); }).ok());
    pair.theirs.reset();
    closed.get_future().wait();
}

}  // namespace
}  // namespace plugboard
