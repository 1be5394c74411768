// What the composing thread holds, and that it says so.
#include "drivers/vkms/frame_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "device/explainer/explainer.h"
#include "drivers/vkms/test_board.h"
#include "tests/support/comes_true.h"

namespace plugboard::vkms {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

/// Why each object is held, by its label.
class Reasons final : public RefVisitor {
  public:
    void edge(const Object& target, std::string_view reason) override {
        all.emplace(target.label(), reason);
    }
    std::multimap<std::string, std::string> all;
};

TEST(FrameWorker, names_the_matrix_and_the_curve_of_what_is_shown) {
    TestBoard board(with_profile(Profile::Full));
    const Ref<drm::Device> drm = board.drm();
    TestClient client(*drm);
    const auto mode = client.probe(client.connectors[0]).front();
    const uint32_t fb =
        client.make_mapped_buffer(mode.hdisplay, mode.vdisplay, DRM_FORMAT_XRGB8888, 4).fb;
    ASSERT_EQ(client.turn_on(client.crtcs[0], client.connectors[0], mode, client.planes[0], fb), 0)
        << client.reason();
    const std::vector<drm_color_lut> curve(256);
    const drm_color_ctm matrix{};
    const uint32_t degamma = client.add_blob(curve.data(), curve.size() * sizeof(curve[0]));
    const uint32_t ctm = client.add_blob(&matrix, sizeof(matrix));
    ASSERT_EQ(client.atomic(
                  {{client.crtcs[0], "DEGAMMA_LUT", degamma}, {client.crtcs[0], "CTM", ctm}}, 0),
              0)
        << client.reason();
    const auto graph = device::Graph::capture();
    const auto held = [&](uint32_t blob) { return graph.explain("blob " + std::to_string(blob)); };
    EXPECT_THAT(held(degamma), HasSubstr("shown on crtc-0: degamma"));
    EXPECT_THAT(held(ctm), HasSubstr("shown on crtc-0: ctm"));
}

TEST(FrameWorker, names_what_is_composed_and_what_waits_for_it) {
    Config config;
    config.crtcs = 2;
    TestBoard board(config);
    const Ref<drm::Device> drm = board.drm();
    TestClient client(*drm);
    const auto framebuffer = [&] {
        const auto made = client.make_mapped_buffer(64, 48, DRM_FORMAT_XRGB8888, 4);
        return *drm::find_framebuffer(*drm, drm::ObjectId{made.fb});
    };
    const Ref<drm::Framebuffer> shown = framebuffer(), target = framebuffer();
    const Ref<drm::Fence> first = drm::Fence::create(drm->clock(), {});
    const Ref<drm::Fence> second = drm::Fence::create(drm->clock(), {});
    std::atomic<bool> has_begun{false}, may_end{false};
    first->on_signal([&] {  // on the composing thread
        has_begun = true;
        while (!may_end) std::this_thread::yield();
    });
    const auto worker = FrameWorker::create(*drm, 2, {64, 48}, 1).value();
    Frame frame{.size = {64, 48}, .planes = {}};
    frame.planes.push_back({.fb = shown, .source = {}, .destination = {}});
    worker->show(0, frame, {{.fb = target, .done = first}});
    worker->handle_vblank(0, 1);
    EXPECT_TRUE(tests::comes_true([&] { return has_begun.load(); }));

    worker->show(1, frame, {{.fb = target, .done = second}});
    worker->handle_vblank(1, 1);
    Reasons reasons;
    worker->visit_refs(reasons);
    may_end = true;
    EXPECT_THAT(reasons.all, Contains(Pair(shown->label(), "being composed on crtc-0")));
    EXPECT_THAT(reasons.all, Contains(Pair(shown->label(), "to be composed on crtc-1")));
    EXPECT_THAT(reasons.all, Contains(Pair(target->label(), "writeback")));
    EXPECT_THAT(reasons.all, Contains(Pair(second->label(), "writeback")));
}

TEST(FrameWorker, a_screen_does_not_wait_until_another_one_is_composed) {
    Config config;
    config.crtcs = 2;
    TestBoard board(config);
    const Ref<drm::Device> drm = board.drm();
    TestClient client(*drm);
    const auto made = client.make_mapped_buffer(64, 48, DRM_FORMAT_XRGB8888, 4);
    const Ref<drm::Framebuffer> target = *drm::find_framebuffer(*drm, drm::ObjectId{made.fb});
    std::atomic<bool> has_begun{false}, other_is_done{false};
    const auto worker = FrameWorker::create(*drm, 2, {64, 48}, 2).value();
    const auto compose = [&](uint32_t crtc, std::function<void()> at_the_end) {
        const Ref<drm::Fence> done = drm::Fence::create(drm->clock(), {});
        done->on_signal(std::move(at_the_end));
        worker->show(crtc, Frame{.size = {64, 48}, .planes = {}}, {{.fb = target, .done = done}});
        worker->handle_vblank(crtc, 1);
    };
    compose(0, [&] {
        has_begun = true;
        EXPECT_TRUE(tests::comes_true([&] { return other_is_done.load(); }));
    });
    EXPECT_TRUE(tests::comes_true([&] { return has_begun.load(); }));
    compose(1, [&] { other_is_done = true; });
    EXPECT_TRUE(tests::comes_true([&] { return other_is_done.load(); }));
}

/// A worker of two screens and one hand, and frames whose composition ends when the test says so.
class ReleasedFrames : public testing::Test {
  protected:
    static Config two_screens() {
        Config config;
        config.crtcs = 2;
        return config;
    }
    ~ReleasedFrames() override { may_end = UINT32_MAX; }

    /// The CRTC's frame is being composed or about to be, and so until may_end is at least
    /// `number`.
    void begin(uint32_t crtc, uint32_t number) {
        const Ref<drm::Fence> done = drm::Fence::create(drm->clock(), {});
        done->on_signal([this, number] {
            begun = number;
            while (may_end < number) std::this_thread::yield();
        });
        worker->show(crtc, frame, {{.fb = target, .done = done}});
        worker->handle_vblank(crtc, number);
    }
    bool has_begun(uint32_t number) {
        return tests::comes_true([&] { return begun == number; });
    }

    TestBoard board{two_screens()};
    const Ref<drm::Device> drm = board.drm();
    TestClient client{*drm};
    const Ref<drm::Framebuffer> target = *drm::find_framebuffer(
        *drm, drm::ObjectId{client.make_mapped_buffer(64, 48, DRM_FORMAT_XRGB8888, 4).fb});
    const Frame frame{.size = {64, 48}, .planes = {}};
    std::atomic<uint32_t> begun{0}, may_end{0};
    std::unique_ptr<FrameWorker> worker = FrameWorker::create(*drm, 2, {64, 48}, 1).value();
};

TEST_F(ReleasedFrames, who_shows_another_one_need_not_wait_until_it_is_composed) {
    EXPECT_FALSE(worker->show(0, frame, {}));
    begin(0, 1);
    ASSERT_TRUE(has_begun(1));
    EXPECT_FALSE(worker->show(1, frame, {})) << "a screen of which nothing is composed";
    const auto release = worker->show(0, frame, {});
    ASSERT_TRUE(release);
    EXPECT_FALSE((*release)->is_signaled());
    Reasons reasons;
    worker->visit_refs(reasons);
    EXPECT_THAT(reasons.all, Contains(Pair((*release)->label(), "crtc-0 is composed")));
    may_end = 1;
    EXPECT_TRUE(tests::comes_true([&] { return (*release)->is_signaled(); }));
    EXPECT_EQ((*release)->status(), 1);
    EXPECT_FALSE(worker->show(0, frame, {}));
}

TEST_F(ReleasedFrames, are_released_one_after_the_other) {
    begin(0, 1);
    ASSERT_TRUE(has_begun(1));
    begin(0, 2);
    const auto both = worker->show(0, frame, {});
    begin(0, 3);
    ASSERT_TRUE(both);
    may_end = 1;
    ASSERT_TRUE(has_begun(2));
    EXPECT_FALSE((*both)->is_signaled());
    may_end = 2;
    ASSERT_TRUE(has_begun(3)) << "which does not hold up those before it";
    EXPECT_TRUE(tests::comes_true([&] { return (*both)->is_signaled(); }));
}

TEST_F(ReleasedFrames, are_released_when_the_worker_ends) {
    begin(0, 1);
    ASSERT_TRUE(has_begun(1));
    begin(1, 2);  // which is composed only if the worker has not ended before
    const auto of_begun = worker->show(0, frame, {}), of_waiting = worker->show(1, frame, {});
    ASSERT_TRUE(of_begun && of_waiting);
    std::thread end([&] { worker.reset(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // it waits for the first one
    may_end = 2;
    end.join();
    EXPECT_TRUE((*of_begun)->is_signaled());
    EXPECT_TRUE((*of_waiting)->is_signaled());
}

}  // namespace
}  // namespace plugboard::vkms
