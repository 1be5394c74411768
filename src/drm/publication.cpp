#include "drm/publication.h"

#include <utility>
#include <vector>

#include "drm/atomic/commit_worker.h"
#include "drm/connector_registration.h"
#include "drm/debugfs_core.h"
#include "drm/device_state.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {
namespace {

std::string node_name(NodeType node, uint32_t minor) {
    return (node == NodeType::Primary ? "card" : "renderD") + std::to_string(minor);
}

}  // namespace

Result<std::unique_ptr<Publication>> Publication::create(Device& device) {
    if (device.has_modeset()) TRY(device.mode_config().worker().start());
    add_encoder_debug_files(device);
    std::unique_ptr<Publication> publication(new Publication(device));
    // From here on the destructor undoes what has been done, also when a step fails.
    device.state().is_published = true;
    if (device.render_minor()) TRY(publication->show_node(NodeType::Render));
    TRY(publication->show_node(NodeType::Primary));
    if (device.has_modeset()) TRY(publication->show_connectors());
    return publication;
}

Publication::~Publication() {
    Device::State& state = device_.state();
    device_.gone_ = true;
    device_.gone_queue_.wake_all();
    if (device_.has_modeset()) {
        for (Crtc* crtc : device_.mode_config().crtcs) crtc->vblank().queue().wake_all();
    }
    state.is_published = false;
    hide_nodes();
    if (device_.has_modeset()) device_.mode_config().worker().shut_down();
    for (const Ref<File>& file : device_.files()) file->hang_up();
    remove_nodes();  // who hears of it finds the files hung up and the events sent
}

Result<void> Publication::show_node(NodeType node) {
    Device::State& state = device_.state();
    const uint32_t minor =
        node == NodeType::Primary ? device_.primary_minor() : *device_.render_minor();
    const std::string name = node_name(node, minor);
    auto& model = device_.parent().model();
    device::DeviceInfo info;
    info.name = name;
    info.parent = &device_.parent();
    info.device_class = &model.service<Minors>().device_class();
    info.is_deleted_by_owner = true;
    info.devtype = "drm_minor";
    info.node = device::DeviceNode{Minors::major, minor, "dri/" + name};
    const auto made = TRY(device::Device::create(model, std::move(info)));
    TRY(made->add());
    {
        MutexLock lock(state.nodes_mutex);
        (node == NodeType::Primary ? state.card : state.render_node) = made;
    }
    // After the node is there, as in Linux: who opens it too early gets an error.
    model.service<Minors>().show(minor, node, device_);
    return {};
}

Result<void> Publication::show_connectors() {
    std::vector<Ref<Connector>> connectors;
    {
        ModeConfig& config = device_.mode_config();
        MutexLock lock(config.lock());
        connectors = config.connectors;
    }
    for (const Ref<Connector>& connector : connectors) TRY(show_connector(device_, *connector));
    return {};
}

void Publication::hide_nodes() {
    Minors& minors = device_.parent().model().service<Minors>();
    minors.hide(device_.primary_minor());
    if (device_.render_minor()) minors.hide(*device_.render_minor());
}

void Publication::remove_nodes() {
    Device::State& state = device_.state();
    std::map<uint32_t, Ref<device::Device>> connectors;
    MaybeRef<device::Device> card, render_node;
    {
        MutexLock lock(state.nodes_mutex);
        connectors.swap(state.connectors);
        card.swap(state.card);
        render_node.swap(state.render_node);
    }
    for (auto& [id, connector] : connectors) connector->del();
    if (card) (*card)->del();
    if (render_node) (*render_node)->del();
}

}  // namespace plugboard::drm
