// What the composing thread holds, and that it says so.
#include "drivers/vkms/frame_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
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

}  // namespace
}  // namespace plugboard::vkms
