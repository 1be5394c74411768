#include "drm/device.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include "device/model.h"
#include "drm/atomic/commit_worker.h"
#include "drm/debugfs_core.h"
#include "drm/device_state.h"
#include "drm/file.h"
#include "drm/objects/mode_config.h"
#include "drm/publication.h"

namespace plugboard::drm {
namespace {

uint64_t next_device_number() {
    static std::atomic<uint64_t> next{1};
    return next++;
}

}  // namespace

Result<Ref<Device>> Device::create_on(device::Device& parent, DriverInfo info) {
    Minors& minors = parent.model().service<Minors>();
    Ref<Device> device = make_ref<Device>(parent, std::move(info));
    device->state_->primary.emplace(TRY(minors.reserve(NodeType::Primary, device->info().minors)));
    if (device->info().render_node)
        device->state_->render.emplace(
            TRY(minors.reserve(NodeType::Render, device->info().minors)));
    add_core_debug_files(*device);
    return device;
}

Result<Ref<Device>> Device::create(device::Bound& bound, DriverInfo info) {
    Ref<Device> device = TRY(create_on(bound.device(), std::move(info)));
    TRY(bound.manage<DevicePut>(device));
    return device;
}

Result<Ref<Device>> Device::create(device::Device& parent, DriverInfo info) {
    Ref<Device> device = TRY(create_on(parent, std::move(info)));
    TRY(parent.devres().add_put("drm_dev_put", device));
    return device;
}

Device::Device(device::Device& parent, DriverInfo info)
    : parent_(Ref<device::Device>::share(parent)),
      info_(std::move(info)),
      state_(std::make_unique<State>(next_device_number(), clock())),
      mode_config_(info_.modeset ? std::make_unique<ModeConfig>(*this) : nullptr) {}

Device::~Device() = default;

void Device::last_put() {
    // A commit's last reference may be dropped on the device's own worker, which cannot end itself.
    if (mode_config_ && mode_config_->worker().is_current_thread()) {
        parent_->model().run_later([this] { destroy(); });
        return;
    }
    destroy();
}

void Device::destroy() {
    std::vector<DebugFile> debug_files;
    {
        MutexLock lock(state_->debug_mutex);
        debug_files.swap(state_->debug_files);
    }
    debug_files.clear();
    if (mode_config_) mode_config_->drop_connectors();
    managed_.release_all();
    delete this;  // the numbers of its nodes are free before the parent's reference goes
}

Result<void> Device::publish(device::Bound& bound) {
    assert(!is_published() && &bound.device() == &*parent_);
    TRY(bound.manage<Publication>(*this));
    return {};
}

Result<void> Device::publish() {
    assert(!is_published());
    // In a std::function, which must be copyable; the action runs once.
    Publication* publication = TRY(Publication::create(*this)).release();
    TRY(parent_->devres().add_action_or_reset("drm publication",
                                              [publication] { delete publication; }));
    return {};
}

Clock& Device::clock() const {
    return parent_->model().clock();
}

std::string Device::card_name() const {
    return "card" + std::to_string(primary_minor());
}

uint32_t Device::primary_minor() const {
    return state_->primary ? state_->primary->number() : 0;
}

std::optional<uint32_t> Device::render_minor() const {
    if (!state_->render) return std::nullopt;
    return state_->render->number();
}

bool Device::is_published() const {
    return state_->is_published.load();
}

MaybeRef<File> Device::find_file(uint64_t id) const {
    MutexLock lock(state_->files_mutex);
    const auto found = state_->files.find(id);
    if (found == state_->files.end()) return std::nullopt;
    return Ref<File>::try_share(*found->second);
}

std::vector<Ref<File>> Device::files() const {
    std::vector<Ref<File>> files;
    MutexLock lock(state_->files_mutex);
    for (const auto& [id, file] : state_->files) {
        if (auto shared = Ref<File>::try_share(*file)) files.push_back(*std::move(shared));
    }
    return files;
}

void Device::add_debug_file(DebugFile file) {
    MutexLock lock(state_->debug_mutex);
    state_->debug_files.push_back(std::move(file));
}

std::vector<DebugFile> Device::debug_files() const {
    MutexLock lock(state_->debug_mutex);
    return state_->debug_files;
}

void Device::remove_debug_files(std::string_view folder) {
    std::vector<DebugFile> removed;  // declared first, so dropped after the lock
    MutexLock lock(state_->debug_mutex);
    auto& files = state_->debug_files;
    const auto first = std::stable_partition(
        files.begin(), files.end(),
        [&](const DebugFile& file) { return !file.path.starts_with(folder); });
    removed.assign(std::make_move_iterator(first), std::make_move_iterator(files.end()));
    files.erase(first, files.end());
}

void Device::send_uevent(std::vector<std::pair<std::string, std::string>> keys) {
    MaybeRef<device::Device> card;
    {
        MutexLock lock(state_->nodes_mutex);
        card = state_->card;
    }
    if (card) (*card)->send_uevent("change", std::move(keys));
}

void Device::connector_changed(const Connector& connector) {
    MaybeRef<device::Device> shown;
    {
        MutexLock lock(state_->nodes_mutex);
        const auto found = state_->connectors.find(raw(connector.id()));
        if (found != state_->connectors.end()) shown = found->second;
    }
    if (shown) (*shown)->attributes_changed();
}

std::string Device::label() const {
    return card_name() + " (" + info_.name + ")";
}

void Device::visit_refs(RefVisitor& visitor) const {
    visitor.edge(parent_, "drm_device.dev");
    {
        MutexLock lock(state_->master_mutex);
        if (state_->master) visitor.edge(*state_->master, "drm_device.master");
    }
    {
        MutexLock lock(state_->nodes_mutex);
        if (state_->card) visitor.edge(*state_->card, "drm_minor.kdev");
        if (state_->render_node) visitor.edge(*state_->render_node, "drm_minor.kdev");
        for (const auto& [id, connector] : state_->connectors)
            visitor.edge(connector, "drm_connector.kdev");
    }
    state_->names.visit_refs(visitor);
    managed_.visit_refs(visitor);
    if (mode_config_) mode_config_->visit_refs(visitor);
}

}  // namespace plugboard::drm
