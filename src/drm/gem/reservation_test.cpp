// The fences of a buffer.
#include "drm/gem/reservation.h"

#include <gtest/gtest.h>

#include <vector>

#include "drm/gem/dma_buf.h"

namespace plugboard::drm::gem {
namespace {

struct ReservationTest : testing::Test {
    Ref<Fence> make(FenceContext context = next_fence_context(), uint64_t seqno = 1) {
        return Fence::create(
            Clock::real(),
            {.context = context, .seqno = seqno, .driver = "test", .timeline = "test"});
    }
    std::vector<const Fence*> pending(Usage upto) {
        std::vector<const Fence*> found;
        for (const Ref<Fence>& fence : reservation.pending(upto)) found.push_back(&*fence);
        return found;
    }
    Reservation reservation;
};

using Fences = std::vector<const Fence*>;

TEST_F(ReservationTest, who_reads_waits_for_writers_and_who_writes_for_all_but_bookkeeping) {
    const auto kernel = make(), write = make(), read = make(), bookkeep = make();
    reservation.add(bookkeep, Usage::Bookkeep);
    reservation.add(read, Usage::Read);
    reservation.add(write, Usage::Write);
    reservation.add(kernel, Usage::Kernel);
    EXPECT_EQ(pending(waits_of(false)), (Fences{&*write, &*kernel}));
    EXPECT_EQ(pending(waits_of(true)), (Fences{&*read, &*write, &*kernel}));
    EXPECT_EQ(pending(Usage::Bookkeep).size(), 4u);
    EXPECT_EQ(pending(Usage::Kernel), (Fences{&*kernel}));
    write->signal();
    EXPECT_EQ(pending(waits_of(false)), (Fences{&*kernel}));
}

TEST_F(ReservationTest, later_fence_of_a_timeline_takes_the_place_of_an_earlier) {
    const FenceContext context = next_fence_context();
    const auto first = make(context, 1), second = make(context, 2), other = make();
    reservation.add(first, Usage::Read);
    reservation.add(other, Usage::Read);
    reservation.add(second, Usage::Write);  // stronger: it stands for both
    EXPECT_EQ(pending(Usage::Read), (Fences{&*second, &*other}));
    const auto third = make(context, 3);
    reservation.add(third, Usage::Read);  // weaker: the write is still waited for
    EXPECT_EQ(pending(Usage::Read), (Fences{&*second, &*other, &*third}));
    const auto late = make(context, 1);
    reservation.add(late, Usage::Read);  // older than what is there
    EXPECT_EQ(pending(Usage::Read).size(), 4u);
}

TEST_F(ReservationTest, numbers_of_a_timeline_wrap) {
    const FenceContext context = next_fence_context();
    const auto last = make(context, 0xffffffff), next = make(context, 0);
    reservation.add(last, Usage::Read);
    reservation.add(next, Usage::Read);
    EXPECT_EQ(pending(Usage::Read), (Fences{&*next}));
    reservation.add(last, Usage::Read);
    EXPECT_EQ(pending(Usage::Read), (Fences{&*next, &*last})) << "the later one stays";
}

TEST_F(ReservationTest, fence_that_excludes_others_is_added_to_an_idle_buffer_only) {
    const auto read = make(), write = make();
    EXPECT_TRUE(reservation.add_if_idle(read, Usage::Read, waits_of(false)));
    EXPECT_TRUE(reservation.add_if_idle(make(), Usage::Read, waits_of(false)));
    EXPECT_FALSE(reservation.add_if_idle(write, Usage::Write, waits_of(true)));
    for (const Ref<Fence>& fence : reservation.pending(Usage::Read)) fence->signal();
    EXPECT_TRUE(reservation.add_if_idle(write, Usage::Write, waits_of(true)));
    EXPECT_FALSE(reservation.add_if_idle(read, Usage::Read, waits_of(false)));
    EXPECT_EQ(pending(Usage::Bookkeep), (Fences{&*write}));
}

TEST_F(ReservationTest, fences_that_have_signalled_are_let_go) {
    const size_t before = live_object_count();
    for (int i = 0; i < 4; i++) reservation.add(make(), Usage::Write);
    (*reservation.first_pending(Usage::Write))->signal();
    reservation.note_signaled();
    EXPECT_EQ(live_object_count(), before + 4);
    (*reservation.first_pending(Usage::Write))->signal();
    reservation.note_signaled();  // half of all
    EXPECT_EQ(live_object_count(), before + 2);
}

TEST_F(ReservationTest, buffer_without_handles_is_found_with_its_fences_until_they_signal) {
    const size_t before = live_object_count();
    const auto fence = make();
    UniqueFd client;  // what a client has kept
    {
        const auto buffer = DmaBuf::create(4096, 1).value();
        buffer->add_fence(fence, Usage::Write);
        client = buffer->open(true).value();
    }
    {
        const auto again = DmaBuf::find(client).value();
        EXPECT_EQ(again->fences(Usage::Write).size(), 1u);
    }
    fence->signal();
    EXPECT_EQ(live_object_count(), before + 1) << "the fence alone";
    EXPECT_TRUE(DmaBuf::find(client).value()->fences(Usage::Bookkeep).empty());
}

}  // namespace
}  // namespace plugboard::drm::gem
