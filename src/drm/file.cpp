#include "drm/file.h"

#include <fcntl.h>

#include <atomic>
#include <cassert>
#include <utility>

#include "device/model.h"
#include "drm/device_state.h"
#include "drm/file_state.h"
#include "drm/gem/handles.h"
#include "drm/handlers.h"
#include "drm/vblank/events.h"

namespace plugboard::drm {
namespace {

constexpr size_t event_space = 4096;  // bytes a file, reserved and unread ones together

uint64_t next_file_id() {
    static std::atomic<uint64_t> next{1};
    return next++;
}

}  // namespace

File::File(Device& device, OpenInfo info, std::unique_ptr<EventSink> sink)
    : device_(Ref<Device>::share(device)),
      id_(next_file_id()),
      info_(std::move(info)),
      sink_(std::move(sink)),
      state_(std::make_unique<State>()) {
    state_->pid = info_.opener.pid;
    state_->uid = info_.opener.uid;
    state_->is_authenticated = info_.opener.is_root();
}

File::~File() = default;

void File::last_put() {
    bool is_released = false;
    {
        MutexLock lock(state_->mutex);
        is_released = state_->is_released;
    }
    if (is_released) {
        delete this;
        return;
    }
    // Not here: releasing may wait for a vblank, and this may be the thread that makes them.
    device_->parent().model().run_later([this] {
        release();
        delete this;
    });
}

Result<Ref<File>> File::open(Device& device, OpenInfo info, std::unique_ptr<EventSink> sink) {
    if (device.is_gone() || !device.is_published()) return Errno::NoDev;
    if (info.flags & O_EXCL) return Errno::Busy;
    if (info.node == NodeType::Render && !device.render_minor()) return Errno::NoDev;

    auto charge = Accounts::instance().of(info.opener.uid).charge(Resource::Files);
    if (!charge.ok()) return Errno::NFile;
    Ref<File> file = make_ref<File>(device, std::move(info), std::move(sink));
    file->state().charge = *std::move(charge);
    {
        MutexLock lock(device.state().files_mutex);
        device.state().files.emplace(file->id(), &*file);
    }
    if (!file->is_render()) open_master(*file);
    // The unplug that hangs up all files may have run before this one was among them.
    if (device.is_gone()) {
        file->release();
        return Errno::NoDev;
    }
    return file;
}

void File::release() {
    std::list<Ref<Framebuffer>> framebuffers;
    std::list<Ref<Blob>> blobs;
    IdTable<Ref<Syncobj>> syncobjs;
    {
        MutexLock lock(state_->mutex);
        if (std::exchange(state_->is_released, true)) return;
    }
    {
        MutexLock lock(device_->state().files_mutex);
        device_->state().files.erase(id_);
    }
    if (device_->has_modeset()) forget_vblank_events(*device_, id_);
    {
        MutexLock lock(state_->mutex);
        framebuffers.swap(state_->framebuffers);
        blobs.swap(state_->blobs);
        std::swap(syncobjs, state_->syncobjs);
    }
    for (const Ref<Framebuffer>& fb : framebuffers) remove_framebuffer(*device_, *fb);
    framebuffers.clear();
    blobs.clear();
    syncobjs = IdTable<Ref<Syncobj>>();

    gem::close_all_handles(*this);
    if (!is_render()) release_master(*this);
    std::unique_ptr<FileData> data;
    MutexLock lock(state_->mutex);
    data.swap(state_->driver_data);
    lock.unlock();
}

FileData& File::data_or(std::unique_ptr<FileData> (*make)()) {
    MutexLock lock(state_->mutex);
    if (!state_->driver_data) state_->driver_data = make();
    return *state_->driver_data;
}

ClientCaps File::caps() const {
    MutexLock lock(state_->mutex);
    return state_->caps;
}

Result<void> File::reserve_event() {
    MutexLock lock(state_->mutex);
    if (state_->reserved_event_bytes + sink_->unread() + sizeof(EventBytes) > event_space)
        return Errno::NoMem;
    state_->reserved_event_bytes += sizeof(EventBytes);
    return {};
}

void File::cancel_event() {
    MutexLock lock(state_->mutex);
    assert(state_->reserved_event_bytes >= sizeof(EventBytes));
    state_->reserved_event_bytes -= sizeof(EventBytes);
}

void File::send_event(const EventBytes& event) {
    sink_->push(event);  // before its reservation goes, so that the sum is never too small
    cancel_event();
}

void File::hang_up() {
    sink_->hang_up();
}

std::string File::label() const {
    return "file " + std::to_string(id_) + " (" + info_.command + ", pid " +
           std::to_string(state_->pid.load()) + ")";
}

void File::visit_refs(RefVisitor& visitor) const {
    visitor.edge(device_, "drm_file.minor");
    {
        MutexLock lock(device_->state().master_mutex);
        if (state_->master) visitor.edge(*state_->master, "drm_file.master");
    }
    MutexLock lock(state_->mutex);
    for (const auto& [handle, object] : state_->handles)
        visitor.edge(object, "handle " + std::to_string(handle));
    for (const Ref<Framebuffer>& fb : state_->framebuffers) visitor.edge(fb, "drm_file.fbs");
    for (const Ref<Blob>& blob : state_->blobs) visitor.edge(blob, "drm_file.blobs");
    for (const auto& [handle, syncobj] : state_->syncobjs)
        visitor.edge(syncobj, "syncobj " + std::to_string(handle));
}

}  // namespace plugboard::drm
