// Faults of ioctls: which calls they hit, and what the caller is told.
#include "drm/fault_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/support/drm_client.h"
#include "uapi/ioctl_names.h"

namespace plugboard::drm {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

uint32_t number_of(const char* ioctl) {
    return uapi::find_ioctl_named(ioctl)->number();
}

class FaultPlanTest : public testing::Test {
  protected:
    uint64_t plant(FaultTrigger trigger, IoctlFault fault = {}) {
        if (fault.number == 0) fault.number = number_of("GET_CAP");
        return faults_of(board_.drm()).add({.trigger = trigger, .what = fault});
    }
    int get_cap() {
        drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 0};
        return client_.ioctl(DRM_IOCTL_GET_CAP, cap);
    }
    std::vector<int> get_caps(size_t count) {
        std::vector<int> answers;
        while (answers.size() < count) answers.push_back(get_cap());
        return answers;
    }
    int create_dumb(uint32_t width) {
        drm_mode_create_dumb dumb{};
        dumb.width = width;
        dumb.height = 1000;
        dumb.bpp = 32;
        return client_.ioctl(DRM_IOCTL_MODE_CREATE_DUMB, dumb);
    }

    FakeClock clock_;
    tests::Board board_{{}, clock_};
    tests::Client client_{board_.drm()};
};

TEST_F(FaultPlanTest, the_third_call_answers_the_error_and_says_why) {
    const uint64_t id = plant({.first = 3, .last = 3}, {.error = Errno::Busy});
    EXPECT_EQ(get_cap(), 0);
    EXPECT_EQ(get_cap(), 0);
    EXPECT_EQ(get_cap(), EBUSY);
    EXPECT_EQ(client_.reason(), "fault " + std::to_string(id) + ": GET_CAP, call 3");
    EXPECT_EQ(get_cap(), 0);
}

TEST_F(FaultPlanTest, a_call_that_is_hit_has_no_effect) {
    plant({}, {.number = number_of("MODE_CREATE_DUMB"), .error = Errno::NoMem});
    drm_mode_create_dumb dumb{};
    dumb.width = dumb.height = 64;
    dumb.bpp = 32;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_CREATE_DUMB, dumb), ENOMEM);
    EXPECT_EQ(dumb.handle, 0u);
    faults_of(board_.drm()).clear();
    EXPECT_EQ(client_.make_buffer(), 1u) << "the first handle is still free";
}

TEST_F(FaultPlanTest, a_range_of_calls_and_every_second_of_it_can_be_hit) {
    plant({.first = 2, .last = 4, .every = 2}, {.error = Errno::Io});
    EXPECT_THAT(get_caps(6), ElementsAre(0, EIO, 0, EIO, 0, 0));
}

TEST_F(FaultPlanTest, all_calls_from_one_on_can_be_hit) {
    plant({.first = 2}, {.error = Errno::Io});
    EXPECT_THAT(get_caps(4), ElementsAre(0, EIO, EIO, EIO));
}

TEST_F(FaultPlanTest, of_two_that_hit_a_call_the_older_answers_and_both_count) {
    plant({.first = 1, .last = 1}, {.error = Errno::Io});
    plant({.first = 1, .last = 2}, {.error = Errno::Busy});
    EXPECT_THAT(get_caps(3), ElementsAre(EIO, EBUSY, 0));
    const auto planted = faults_of(board_.drm()).list();
    ASSERT_EQ(planted.size(), 2u);
    EXPECT_EQ(planted[0].events, 3u);
    EXPECT_EQ(planted[0].hits, 1u);
    EXPECT_EQ(planted[1].hits, 2u);
}

TEST_F(FaultPlanTest, only_one_process_or_program_can_be_hit) {
    plant({}, {.error = Errno::Io, .pid = 77});
    plant({}, {.error = Errno::Busy, .command = "other"});
    EXPECT_EQ(get_cap(), 0);
    drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 0};
    EXPECT_EQ(client_.ioctl_as({.pid = 77, .uid = 1000, .gid = 0}, DRM_IOCTL_GET_CAP, &cap), EIO);
    tests::Client other(board_.drm(), {.command = "other"});
    EXPECT_EQ(other.ioctl(DRM_IOCTL_GET_CAP, cap), EBUSY);
}

TEST_F(FaultPlanTest, only_large_buffers_can_be_hit) {
    plant({},
          {.number = number_of("MODE_CREATE_DUMB"), .error = Errno::NoMem, .min_bytes = 4'000'000});
    EXPECT_EQ(create_dumb(999), 0);
    EXPECT_EQ(create_dumb(1000), ENOMEM);
    EXPECT_EQ(faults_of(board_.drm()).list()[0].events, 1u);
}

TEST_F(FaultPlanTest, hit_in_their_time_only_and_count_from_there) {
    plant({.first = 2, .after = 2s, .until = 4s}, {.error = Errno::Io});
    EXPECT_THAT(get_caps(2), ElementsAre(0, 0));
    clock_.advance(2s);
    EXPECT_THAT(get_caps(3), ElementsAre(0, EIO, EIO));
    clock_.advance(2s);
    EXPECT_EQ(get_cap(), 0);
}

TEST_F(FaultPlanTest, a_call_without_permission_is_refused_for_that_and_does_not_count) {
    plant({.first = 1, .last = 1}, {.number = number_of("MODE_SETCRTC"), .error = Errno::NoSpc});
    tests::Client second(board_.drm());  // the first is master
    drm_mode_crtc set{};
    EXPECT_EQ(second.ioctl(DRM_IOCTL_MODE_SETCRTC, set), EACCES);
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_SETCRTC, set), ENOSPC);
}

TEST_F(FaultPlanTest, are_removed_by_their_id_and_cleared) {
    const uint64_t first = plant({}, {.error = Errno::Io});
    plant({}, {.error = Errno::Busy});
    EXPECT_TRUE(faults_of(board_.drm()).remove(first));
    EXPECT_FALSE(faults_of(board_.drm()).remove(first));
    EXPECT_EQ(get_cap(), EBUSY);
    faults_of(board_.drm()).clear();
    EXPECT_TRUE(faults_of(board_.drm()).is_empty());
    EXPECT_EQ(get_cap(), 0);
}

class Bell final : public Waker {
  public:
    void wake() override {}
};

TEST_F(FaultPlanTest, flips_before_the_first_fault_of_links_do_not_count_for_it) {
    FaultPlan plan(clock_);
    Bell timer;
    plan.set_timer(&timer);
    const Fault at_flips{.trigger = {}, .what = BadLink{.connector = "DP-1", .at_flips = true}};
    const uint64_t first = plan.add(at_flips);
    plan.note_flip(0);
    EXPECT_TRUE(plan.next_due());
    EXPECT_TRUE(plan.remove(first));
    plan.add(at_flips);
    EXPECT_FALSE(plan.next_due());
}

TEST_F(FaultPlanTest, flips_are_not_kept_where_no_timer_would_take_them) {
    FaultPlan plan(clock_);
    plan.add({.trigger = {}, .what = BadLink{.connector = "DP-1", .at_flips = true}});
    plan.note_flip(0);
    EXPECT_FALSE(plan.next_due());
}

TEST_F(FaultPlanTest, a_device_that_is_gone_says_so_first) {
    plant({}, {.error = Errno::Busy});
    board_.unplug();
    EXPECT_EQ(get_cap(), ENODEV);
}

TEST_F(FaultPlanTest, of_two_threads_calls_each_is_counted_once) {
    constexpr int calls = 500;
    plant({.first = 10, .every = 10}, {.error = Errno::Busy});
    std::atomic<int> hits{0};
    const auto work = [&] {
        tests::Client client(board_.drm());
        drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 0};
        for (int i = 0; i < calls; ++i) hits += client.ioctl(DRM_IOCTL_GET_CAP, cap) == EBUSY;
    };
    std::thread first(work), second(work);
    std::thread other([&] {
        for (int i = 0; i < 50; ++i) {
            const uint64_t id = plant({}, {.number = number_of("GEM_CLOSE")});
            faults_of(board_.drm()).remove(id);
        }
    });
    first.join();
    second.join();
    other.join();
    EXPECT_EQ(hits.load(), 2 * calls / 10);
}

}  // namespace
}  // namespace plugboard::drm
