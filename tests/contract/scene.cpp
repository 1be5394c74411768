#include "tests/contract/scene.h"

#include <chrono>
#include <future>

#include "drm/minors.h"
#include "drm/sync/sync_file.h"
#include "tests/support/comes_true.h"
#include "tests/support/threads.h"

namespace plugboard::tests {
namespace {

CardInfo one_screen(const drm::Mode& mode) {
    CardInfo info;
    info.driver.syncobj = true;
    info.screen.modes = [mode] { return std::vector{mode}; };
    return info;
}

}  // namespace

Scene::Scene() : board_(one_screen(mode_), clock) {
    board_.model.platform_bus().add_driver(vgem_driver_).value();
    device::DeviceInfo info;
    info.name = "vgem";
    vgem_device_ = board_.model.add_platform_device(std::move(info)).value();
    vgem_ = board_.model.service<drm::Minors>().find(drm::NodeType::Primary, 1);

    drawer.emplace(board_.drm());
    shown_ = drawer->make_mapped_buffer(side, side, DRM_FORMAT_XRGB8888, 4);
    spare_ = drawer->make_mapped_buffer(side, side, DRM_FORMAT_XRGB8888, 4);
    EXPECT_EQ(
        complete([&] { return drawer->turn_on(crtc(), connector(), mode(), plane(), shown_.fb); }),
        0);
    other.emplace(board_.drm());
    painter.emplace(vgem());
    renderer.emplace(vgem(), ClientInfo{.node = drm::NodeType::Render});
}

Scene::~Scene() {
    while (reserved_events_-- > 0) drawer->file().cancel_event();
    complete([&] {
        lessees_.clear();
        other.reset();
        painter.reset();
        renderer.reset();
        drawer->close();
        return 0;
    });
    drawer.reset();
    unplug();
    vgem_.reset();
    fds_.clear();
    board_.model.service<drm::SpecialFiles>().watch().settle();
    board_.model.platform_bus().remove_driver(vgem_driver_).value();
    board_.model.flush();
}

int Scene::complete(const std::function<int()>& run) {
    auto result = std::async(std::launch::async, run);
    const auto end = std::chrono::steady_clock::now() + patience;
    for (wait_until_others_sleep(); !is_ready(result); wait_until_others_sleep()) {
        if (std::chrono::steady_clock::now() > end) {
            ADD_FAILURE() << "a call does not end";
            unplug();
            break;
        }
        clock.advance(Nanos(static_cast<int64_t>(mode_.frame_duration_ns())));
    }
    return result.get();
}

int Scene::call(Client& client, uint32_t command, void* argument) {
    return complete([&] { return client.ioctl(command, argument); });
}

int Scene::call_as_root(Client& client, uint32_t command, void* argument) {
    const uapi::Credentials root{.pid = 4242, .uid = 0, .gid = 0};
    return complete([&] { return client.ioctl_as(root, command, argument); });
}

void Scene::drop_master() {
    EXPECT_EQ(drawer->ioctl(DRM_IOCTL_DROP_MASTER, nullptr), 0);
}

void Scene::turn_off() {
    EXPECT_EQ(complete([&] { return drawer->turn_off(crtc(), connector(), plane()); }), 0);
}

void Scene::fill_event_space() {
    while (drawer->file().reserve_event().ok()) reserved_events_++;
}

uint32_t Scene::gamma_size() {
    drm_mode_crtc crtc_now{};
    crtc_now.crtc_id = crtc();
    EXPECT_EQ(drawer->ioctl(DRM_IOCTL_MODE_GETCRTC, crtc_now), 0);
    return crtc_now.gamma_size;
}

void Scene::unplug() {
    board_.unplug();
    if (vgem_device_) (*vgem_device_)->del();
    vgem_device_.reset();
}

const vkms::TestClient::Property& Scene::property(uint32_t object, const std::string& name) {
    return properties_.emplace_back(drawer->property(object, name));
}

}  // namespace plugboard::tests
