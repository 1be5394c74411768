#include "tests/contract/scene.h"

#include <linux/sync_file.h>

#include <chrono>
#include <future>
#include <utility>

#include "base/wait.h"
#include "drm/gem/dma_buf.h"
#include "drm/gem/dma_buf_ioctl.h"
#include "drm/minors.h"
#include "drm/request.h"
#include "drm/sync/sw_sync.h"
#include "tests/support/comes_true.h"
#include "tests/support/threads.h"
#include "uapi/in_process_memory.h"

namespace plugboard::tests {
namespace {

CardInfo one_screen(const drm::Mode& mode, Switches switches) {
    CardInfo info;
    info.driver.syncobj = true;
    info.driver.dirty_framebuffers = info.driver.cursor_hotspot = info.driver.async_page_flip =
        switches == Switches::Full;
    info.driver.atomic = info.driver.prime = switches != Switches::Old;
    info.screen.modes = [mode] { return std::vector{mode}; };
    return info;
}

}  // namespace

Scene::Scene(Switches switches) : board_(one_screen(mode_, switches), clock) {
    board_.model.platform_bus().add_driver(vgem_driver_).value();
    device::DeviceInfo info;
    info.name = "vgem";
    vgem_device_ = board_.model.add_platform_device(std::move(info)).value();
    vgem_ = board_.model.service<drm::Minors>().find(drm::NodeType::Primary, 1);

    drawer.emplace(board_.drm());
    shown_ = drawer->make_mapped_buffer(side, side, DRM_FORMAT_XRGB8888, 4);
    spare_ = drawer->make_mapped_buffer(side, side, DRM_FORMAT_XRGB8888, 4);
    if (switches != Switches::Old) turn_on();
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
    for (UniqueFd* fd : {&dma_buf_, &timeline_, &sync_file_}) fd->reset();
    fds_.clear();
    special_files().watch().settle();
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

const UniqueFd& Scene::dma_buf() {
    if (!dma_buf_.is_open()) {
        drm_prime_handle prime{.handle = painter->make_buffer(), .flags = DRM_CLOEXEC, .fd = -1};
        EXPECT_EQ(painter->ioctl(DRM_IOCTL_PRIME_HANDLE_TO_FD, prime), 0);
        dma_buf_.reset(prime.fd);
    }
    return dma_buf_;
}

const UniqueFd& Scene::timeline() {
    if (!timeline_.is_open()) timeline_ = drm::open_sw_sync(board_.model, "client").value();
    return timeline_;
}

const UniqueFd& Scene::sync_file() {
    if (!sync_file_.is_open()) {
        drm::SwSyncCreateFence point{.value = 1, .name = {}, .fence = -1};
        EXPECT_EQ(ioctl(timeline(), drm::sw_sync_create_fence, &point).error, 0);
        sync_file_.reset(point.fence);
    }
    return sync_file_;
}

void Scene::join_sync_file_of_another_timeline() {
    sync_file();
    const UniqueFd one = std::exchange(sync_file_, {});
    keep_fd(timeline_.release());
    sync_merge_data merge{};
    merge.fd2 = one.borrow();
    EXPECT_EQ(ioctl(sync_file(), SYNC_IOC_MERGE, &merge).error, 0);
    sync_file_.reset(merge.fence);
}

Answer Scene::ioctl(const UniqueFd& fd, uint32_t command, void* argument) {
    uapi::InProcessMemory memory;
    ThreadSleeper sleeper(clock);
    drm::Request request(memory, sleeper, {.pid = 4242, .uid = 1000, .gid = 1000});
    request.keep_reasons();
    const uapi::UserAddress address{reinterpret_cast<uintptr_t>(argument)};
    const auto file = special_files().find(fd);
    const Result<int> done = file ? (*file)->ioctl(request, command, address)
                                  : drm::gem::ioctl(request, *drm::gem::DmaBuf::find(fd).value(),
                                                    special_files(), command, address);
    memory.end_request(!done.ok());
    return {done.ok() ? 0 : static_cast<int>(done.error()), request.reason()};
}

void Scene::drop_master() {
    EXPECT_EQ(drawer->ioctl(DRM_IOCTL_DROP_MASTER, nullptr), 0);
}

void Scene::turn_on() {
    EXPECT_EQ(
        complete([&] { return drawer->turn_on(crtc(), connector(), mode(), plane(), shown_.fb); }),
        0);
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
