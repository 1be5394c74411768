// A hundred cards of both kinds are pulled at once, by several threads, in the middle of what their
// clients do.
#include <drm.h>
#include <drm_mode.h>
#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "drivers/both_drivers.h"
#include "drivers/vkms/test_board.h"
#include "drm/gem/handles.h"
#include "drm/sync/sync_file.h"
#include "uapi/vgem_drm.h"

namespace plugboard {
namespace {

using vkms::DumbBuffer;
using vkms::TestClient;

constexpr size_t pair_count = 50, puller_count = 4;
constexpr uint32_t width = 64, height = 64;

/// A vgem that is drawing, and a vkms that has been asked to show what is drawn there, or a buffer
/// of its own: then the flip waits for the vblank alone.
class Pair {
  public:
    enum class Shows { Drawn, Own };

    Pair(tests::BothDrivers& machine, size_t number, Shows shows)
        : machine_(machine),
          vgem_(machine.plug_vgem("vgem" + std::to_string(number))),
          vkms_(machine.plug_vkms(
              {.screens = {{.mode = vkms::ScreenMode{.width = width, .height = height}}}},
              "vkms" + std::to_string(number))),
          painter_(*machine.card_on(*vgem_)),
          screen_(*machine.card_on(*vkms_)) {
        buffer_ = screen_.make_mapped_buffer(width, height, DRM_FORMAT_XRGB8888, 4);
        EXPECT_EQ(
            screen_.turn_on(screen_.crtcs[0], screen_.connectors[0],
                            screen_.probe(screen_.connectors[0])[0], screen_.planes[0], buffer_.fb),
            0)
            << screen_.reason();
        draw();
        flip(shows == Shows::Own
                 ? buffer_.fb
                 : screen_.add_fb_of(screen_.import(painter_.share(handle_)), width, height));
    }

    const Ref<device::Device>& vgem() const { return vgem_; }
    const Ref<device::Device>& vkms() const { return vkms_; }

    /// What clients do while cards are pulled. Any thread.
    void use() {
        drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 0};
        for (tests::Client* client : {&painter_, static_cast<tests::Client*>(&screen_)}) {
            const int error = client->ioctl(DRM_IOCTL_GET_CAP, cap);
            EXPECT_TRUE(error == 0 || error == ENODEV) << error;
            const tests::Client next(client->file().device());
            EXPECT_TRUE(next.is_open() || next.open_error() == ENODEV);
        }
    }

    void check_gone() {
        drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 0};
        for (tests::Client* client : {&painter_, static_cast<tests::Client*>(&screen_)}) {
            EXPECT_EQ(client->ioctl(DRM_IOCTL_GET_CAP, cap), ENODEV);
            EXPECT_TRUE(client->events().is_hung_up());
        }
        EXPECT_EQ(screen_.events().unread(), sizeof(drm::EventBytes)) << "the flip's";
        EXPECT_EQ((*drawing_)->status(), -ENODEV);
        EXPECT_EQ((*shown_)->status(), -ENODEV);
        buffer_.bytes[0] = std::byte{7};
        EXPECT_EQ(buffer_.bytes[0], std::byte{7});
    }

  private:
    void draw() {
        handle_ = painter_.make_buffer(width, height);
        drm_vgem_fence_attach attach{
            .handle = handle_, .flags = VGEM_FENCE_WRITE, .out_fence = 0, .pad = 0};
        EXPECT_EQ(painter_.ioctl(DRM_IOCTL_VGEM_FENCE_ATTACH, attach), 0) << painter_.reason();
        const auto object = drm::gem::find_object(painter_.file(), handle_);
        drawing_ = (*object)->memory().fences(drm::gem::Usage::Write).front();
    }
    void flip(uint32_t fb) {
        int32_t slot = -1;
        EXPECT_EQ(
            screen_.atomic({{screen_.planes[0], "FB_ID", fb},
                            {screen_.crtcs[0], "OUT_FENCE_PTR", reinterpret_cast<uint64_t>(&slot)}},
                           DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT),
            0)
            << screen_.reason();
        const UniqueFd fd(slot);
        shown_ = machine_.model.service<drm::SpecialFiles>().import_fence(fd).value();
    }

    tests::BothDrivers& machine_;
    const Ref<device::Device> vgem_, vkms_;
    tests::Client painter_;
    TestClient screen_;
    DumbBuffer buffer_;
    uint32_t handle_ = 0;
    MaybeRef<drm::Fence> drawing_, shown_;
};

TEST(ManyUnplugs, of_100_cards_at_once_end_all_waits_and_leave_nothing) {
    const size_t before = live_object_count();
    {
        FakeClock clock;  // stands still: no flip ever comes
        tests::BothDrivers machine(clock);
        const size_t devices_before = machine.model.devices().size();
        std::vector<std::unique_ptr<Pair>> pairs;
        for (size_t i = 0; i < pair_count; ++i)
            pairs.push_back(std::make_unique<Pair>(
                machine, i, i % 2 == 0 ? Pair::Shows::Drawn : Pair::Shows::Own));

        std::latch all_there(puller_count + 1);
        std::vector<std::thread> threads;
        for (size_t first = 0; first < puller_count; ++first) {
            threads.emplace_back([&, first] {
                all_there.arrive_and_wait();
                for (size_t i = first; i < 2 * pair_count; i += puller_count) {
                    const Pair& pair = *pairs[i / 2];
                    (i % 2 == 0 ? pair.vgem() : pair.vkms())->del();
                }
            });
        }
        threads.emplace_back([&] {
            all_there.arrive_and_wait();
            for (const auto& pair : pairs) pair->use();
        });
        for (std::thread& thread : threads) thread.join();

        for (const auto& pair : pairs) pair->check_gone();
        EXPECT_EQ(machine.model.devices().size(), devices_before);
        pairs.clear();
    }
    EXPECT_EQ(live_object_count(), before);
}

}  // namespace
}  // namespace plugboard
