// Ioctls made of the input, against a vkms and a vgem card that may be pulled at any of them: each
// is answered with 0 or an errno, nothing is left behind, and every sanitizer is content.
#include <fmt/format.h>

#include <array>
#include <memory>
#include <string>

#include "base/clock.h"
#include "drivers/vgem/driver.h"
#include "drivers/vkms/test_board.h"
#include "drm/minors.h"
#include "drm/objects/mode.h"
#include "drm/request.h"
#include "drm/sync/sync_file.h"
#include "drm/trace/ioctl_text.h"
#include "fuzz/answer.h"
#include "fuzz/input.h"
#include "fuzz/pump_sleeper.h"
#include "tests/support/drm_random_ioctl.h"

namespace plugboard::fuzz {
namespace {

constexpr uint32_t side = 64;  // pixels

vkms::Config one_screen() {
    vkms::Config config;
    config.overlays = 8;
    config.screens = {{.mode = vkms::ScreenMode{.width = side, .height = side}}};
    return config;
}

/// Both cards in one model, on a clock that only sleepers and steps move.
class Machine {
  public:
    Machine() {
        board_.model.platform_bus().add_driver(vgem_driver_).value();
        device::DeviceInfo info;
        info.name = "vgem";
        vgem_ = board_.model.add_platform_device(std::move(info)).value();
        const Ref<drm::Device> vkms = board_.drm();
        const auto vgem = board_.model.service<drm::Minors>().find(drm::NodeType::Primary, 1);
        learn(*vkms);
        callers_[0] = std::make_unique<Caller>(*vkms, drm::NodeType::Primary);
        callers_[1] = std::make_unique<Caller>(*vkms, drm::NodeType::Primary);
        callers_[2] = std::make_unique<Caller>(**vgem, drm::NodeType::Render);
        callers_[0]->client.set_cap(DRM_CLIENT_CAP_ATOMIC);
        callers_[0]->client.set_cap(DRM_CLIENT_CAP_WRITEBACK_CONNECTORS);
        for (size_t i = 0; i < 2; i++) {
            for (int k = 0; k < 2; k++) callers_[i]->client.make_buffer(side, side, 32);
        }
    }
    ~Machine() {
        for (auto& caller : callers_) close(*caller);
        unplug();
        callers_ = {};
        board_.model.service<drm::SpecialFiles>().watch().settle();
        board_.model.platform_bus().remove_driver(vgem_driver_).value();
        board_.model.flush();
    }
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    void play(tests::Dice dice, size_t steps) {
        for (size_t i = 0; i < steps; i++) step(dice);
    }

  private:
    struct Caller {
        Caller(drm::Device& device, drm::NodeType node) : client(device, {.node = node}) {}
        tests::Client client;
        tests::CallerMemory memory;
        bool is_open = true;
    };

    void learn(drm::Device& vkms) {
        vkms::TestClient client(vkms);
        known_.planes = client.planes;
        known_.crtcs = client.crtcs;
        known_.connectors = client.connectors;
        known_.encoders = client.encoders;
        known_.mode = mode_.to_user(drm::AspectBits::Hide);
        known_.framebuffers = {0};
        known_.blobs = {0};
        for (const auto* ids : {&known_.planes, &known_.crtcs, &known_.connectors}) {
            for (const uint32_t id : *ids) {
                for (const auto& found : client.properties(id))
                    known_.properties[id].push_back({found.id, found.value});
            }
        }
    }

    void step(tests::Dice& dice) {
        Caller& caller = *callers_[dice.below(callers_.size())];
        switch (dice.below(64)) {
            case 0: return unplug();
            case 1: return close(caller);
            case 2: clock_.advance(frame_); return;
            case 3: clock_.advance(std::chrono::seconds(11)); return;
            case 4: caller.client.events().take(); return;
            default: break;
        }
        if (!caller.is_open) return;
        const uint32_t uid = dice.one_in(8) ? 0 : 1000;
        const tests::RandomCall call = tests::make_call(dice, known_, caller.memory);
        if (ioctl(caller, call, uid) == 0) remember(caller, call);
    }

    int ioctl(Caller& caller, const tests::RandomCall& call, uint32_t uid) {
        PumpSleeper sleeper(clock_, frame_);
        drm::Request request(caller.memory, sleeper, {.pid = 4242, .uid = uid, .gid = uid});
        drm::IoctlText text;  // a trace's
        request.describe_into(text);
        const auto done =
            caller.client.file().ioctl(request, call.command, uapi::UserAddress{call.address});
        caller.memory.end_request(!done.ok());
        return answer_of(request, call.command, done);
    }

    void remember(Caller& caller, const tests::RandomCall& call) {
        if (call.address != tests::CallerMemory::base) return;
        if (call.command == DRM_IOCTL_MODE_ADDFB2 || call.command == DRM_IOCTL_MODE_ADDFB)
            known_.framebuffers.push_back(caller.memory.peek<uint32_t>(call.address));
        if (call.command == DRM_IOCTL_MODE_CREATEPROPBLOB)
            known_.blobs.push_back(
                caller.memory.peek<drm_mode_create_blob>(call.address).blob_id);
    }

    void close(Caller& caller) {
        if (caller.is_open) caller.client.close();
        caller.is_open = false;
    }
    void unplug() {
        board_.unplug();
        if (vgem_) (*vgem_)->del();
        vgem_.reset();
    }

    const drm::Mode mode_ = drm::Mode::cvt(side, side, 60);
    const Nanos frame_{static_cast<int64_t>(mode_.frame_duration_ns())};
    FakeClock clock_;
    vkms::TestBoard board_{one_screen(), clock_};
    vgem::Driver vgem_driver_;
    MaybeRef<device::Device> vgem_;
    tests::Known known_;
    std::array<std::unique_ptr<Caller>, 3> callers_;
};

}  // namespace
}  // namespace plugboard::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    using namespace plugboard;
    const tests::Numbers numbers = fuzz::numbers_of(bytes, size);
    const size_t objects = live_object_count();
    fuzz::Machine().play(tests::Dice(numbers), numbers.size() / 8);
    if (live_object_count() != objects) {
        fuzz::found(fmt::format("{} objects are left", live_object_count() - objects));
    }
    return 0;
}
