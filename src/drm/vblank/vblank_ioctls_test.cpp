// The waits and the events of WAIT_VBLANK and CRTC_QUEUE_SEQUENCE.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>

#include "drm/atomic/atomic_fixture.h"
#include "drm/vblank/vblank_timer.h"

namespace plugboard::drm::atomic {
namespace {

using atomic::comes_true;
using atomic::Waiting;
using namespace std::chrono_literals;

class VblankIoctls : public testing::Test {
  protected:
    VblankIoctls() { EXPECT_EQ(client.set_crtc(client.add_fb()), 0); }
    drm_wait_vblank wait(uint32_t type, uint32_t sequence) {
        drm_wait_vblank argument{};
        argument.request.type = static_cast<drm_vblank_seq_type>(type);
        argument.request.sequence = sequence;
        return argument;
    }
    uint64_t now() { return board.crtc().vblank().current().sequence; }

    Board board;
    Client client{board};
};

TEST_F(VblankIoctls, relative_0_is_a_query_that_starts_the_timer) {
    auto argument = wait(_DRM_VBLANK_RELATIVE, 0);
    EXPECT_EQ(client.ioctl(DRM_IOCTL_WAIT_VBLANK, &argument), 0);
    EXPECT_EQ(argument.reply.sequence, now());
    EXPECT_TRUE(board.crtc().vblank().next_due());
}

TEST_F(VblankIoctls, without_a_vblank_for_3_s_it_is_busy_and_says_the_count) {
    auto argument = wait(_DRM_VBLANK_RELATIVE, 1);
    Waiting waiting(client, [&] { return client.ioctl(DRM_IOCTL_WAIT_VBLANK, &argument); });
    board.clock.advance(3s);  // and nobody handles the vblanks
    EXPECT_EQ(waiting.result(), EBUSY);
    EXPECT_EQ(argument.reply.sequence, now());
}

TEST_F(VblankIoctls, type_with_a_bit_that_the_enum_has_no_room_for_is_refused) {
    drm_wait_vblank argument{};
    const uint32_t type = 0x80000000;
    std::memcpy(&argument.request.type, &type, sizeof(type));
    EXPECT_EQ(client.ioctl(DRM_IOCTL_WAIT_VBLANK, &argument), EINVAL);
}

TEST_F(VblankIoctls, interrupted_wait_has_been_made_absolute) {
    const uint64_t before = now();
    auto argument = wait(_DRM_VBLANK_RELATIVE, 3);
    Waiting waiting(client, [&] { return client.ioctl(DRM_IOCTL_WAIT_VBLANK, &argument); });
    client.interrupt();
    EXPECT_EQ(waiting.result(), EINTR);
    EXPECT_EQ(static_cast<uint32_t>(argument.request.type) & _DRM_VBLANK_RELATIVE, 0u);
    EXPECT_EQ(argument.request.sequence, before + 3);
}

TEST_F(VblankIoctls, interrupted_wait_says_so) {
    auto argument = wait(_DRM_VBLANK_RELATIVE, 3);
    Waiting waiting(client, [&] { return client.ioctl(DRM_IOCTL_WAIT_VBLANK, &argument); });
    client.interrupt();
    EXPECT_EQ(waiting.result(), EINTR);
    EXPECT_EQ(client.reason(), "a signal ended the wait");
}

TEST_F(VblankIoctls, wait_ends_well_when_the_crtc_goes_off) {
    auto argument = wait(_DRM_VBLANK_RELATIVE, 100);
    Waiting waiting(client, [&] { return client.ioctl(DRM_IOCTL_WAIT_VBLANK, &argument); });
    board.crtc().vblank().turn_off();
    EXPECT_EQ(waiting.result(), 0);
    EXPECT_EQ(argument.reply.sequence, now());
}

TEST_F(VblankIoctls, wait_ends_with_nodev_at_unplug) {
    auto argument = wait(_DRM_VBLANK_RELATIVE, 100);
    Waiting waiting(client, [&] { return client.ioctl(DRM_IOCTL_WAIT_VBLANK, &argument); });
    board.unplug();
    EXPECT_EQ(waiting.result(), ENODEV);
}

TEST_F(VblankIoctls, event_comes_at_its_vblank_and_the_reply_is_the_target) {
    const uint64_t before = now();
    auto argument = wait(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_EVENT, 2);
    argument.request.signal = 99;
    ASSERT_EQ(client.ioctl(DRM_IOCTL_WAIT_VBLANK, &argument), 0);
    EXPECT_EQ(argument.reply.sequence, before + 2);
    board.vblank();
    EXPECT_EQ(client.event_count(), 0u);
    board.vblank();
    const auto events = client.vblank_events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].base.type, uint32_t{DRM_EVENT_VBLANK});
    EXPECT_EQ(events[0].user_data, 99u);
    EXPECT_EQ(events[0].sequence, before + 2);
    EXPECT_EQ(events[0].crtc_id, raw(board.crtc().id()));
}

TEST_F(VblankIoctls, absolute_target_of_32_bits_is_the_nearest_one) {
    auto argument = wait(_DRM_VBLANK_ABSOLUTE | _DRM_VBLANK_EVENT, static_cast<uint32_t>(-5));
    ASSERT_EQ(client.ioctl(DRM_IOCTL_WAIT_VBLANK, &argument), 0);
    EXPECT_EQ(argument.reply.sequence, now());  // a little in the past
    EXPECT_EQ(client.event_count(), 1u);
}

TEST_F(VblankIoctls, next_on_miss_waits_for_the_next) {
    const uint64_t before = now();
    auto argument = wait(_DRM_VBLANK_ABSOLUTE | _DRM_VBLANK_NEXTONMISS | _DRM_VBLANK_EVENT,
                         static_cast<uint32_t>(before));
    ASSERT_EQ(client.ioctl(DRM_IOCTL_WAIT_VBLANK, &argument), 0);
    EXPECT_EQ(argument.reply.sequence, before + 1);
    EXPECT_EQ(client.event_count(), 0u);
}

TEST_F(VblankIoctls, sequence_event_has_64_bits_and_ns) {
    drm_crtc_queue_sequence queue{};
    queue.crtc_id = raw(board.crtc().id());
    queue.flags = DRM_CRTC_SEQUENCE_RELATIVE;
    queue.sequence = 1;
    queue.user_data = 5;
    ASSERT_EQ(client.ioctl(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, &queue), 0);
    board.vblank();
    const auto events = client.vblank_events();
    ASSERT_EQ(events.size(), 1u);
    drm_event_crtc_sequence event;
    std::memcpy(&event, &events[0], sizeof event);
    EXPECT_EQ(event.base.type, uint32_t{DRM_EVENT_CRTC_SEQUENCE});
    EXPECT_EQ(event.user_data, 5u);
    EXPECT_EQ(event.sequence, queue.sequence);
    EXPECT_EQ(event.time_ns, board.crtc().vblank().current().time.time_since_epoch().count());
}

TEST_F(VblankIoctls, crtc_going_off_sends_what_is_waited_for) {
    auto argument = wait(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_EVENT, 50);
    ASSERT_EQ(client.ioctl(DRM_IOCTL_WAIT_VBLANK, &argument), 0);
    drm_mode_crtc off{};
    off.crtc_id = raw(board.crtc().id());
    ASSERT_EQ(client.pumped(DRM_IOCTL_MODE_SETCRTC, &off), 0) << client.reason();
    EXPECT_EQ(client.event_count(), 1u);
}

TEST_F(VblankIoctls, unplug_sends_what_is_waited_for) {
    auto argument = wait(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_EVENT, 50);
    ASSERT_EQ(client.ioctl(DRM_IOCTL_WAIT_VBLANK, &argument), 0);
    drm_crtc_queue_sequence queue{};
    queue.crtc_id = raw(board.crtc().id());
    queue.flags = DRM_CRTC_SEQUENCE_RELATIVE;
    queue.sequence = 50;
    ASSERT_EQ(client.ioctl(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, &queue), 0);
    EXPECT_EQ(client.event_count(), 0u);
    board.unplug();
    EXPECT_EQ(client.event_count(), 2u);
    EXPECT_TRUE(client.events().is_hung_up());
}

TEST_F(VblankIoctls, timer_thread_follows_the_clock) {
    const auto timer = VblankTimer::create(board.drm());
    ASSERT_TRUE(timer.ok());
    const uint64_t before = now();
    auto argument = wait(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_EVENT, 3);
    ASSERT_EQ(client.ioctl(DRM_IOCTL_WAIT_VBLANK, &argument), 0);
    board.clock.advance(board.crtc().vblank().period() * 3);
    EXPECT_TRUE(comes_true([&] { return client.event_count() == 1; }));
    EXPECT_EQ(now(), before + 3);
}

}  // namespace
}  // namespace plugboard::drm::atomic
