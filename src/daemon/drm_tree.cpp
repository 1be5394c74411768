#include "daemon/drm_tree.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "base/log.h"
#include "daemon/process_name.h"
#include "drm/minors.h"
#include "drm/sync/sw_sync.h"

namespace plugboard::daemon {
namespace {

constexpr const char* version_text = "drm 1.1.0 20060810\n";
// Linux: drivers/dma-buf/dma-buf.c, dma_buf_debug_show. Whether somebody has a descriptor of a
// buffer is not known here.
constexpr const char* no_buffers =
    "\nDma-buf Objects:\nsize    \tflags   \tmode    \tcount   \texp_name\tino     \tname\n\n"
    "Total 0 objects, 0 bytes\n";

void report(const std::string& what, const Result<void>& done) {
    if (!done.ok()) log::error("tree: {}: {}", what, errno_name(done.error()));
}

bool is_node(const device::Device& device) {
    return device.info().devtype == "drm_minor" && device.info().node;
}

MaybeRef<drm::Device> find_device(device::Model& model, uint32_t minor) {
    for (const auto type : {drm::NodeType::Primary, drm::NodeType::Render}) {
        if (auto drm = drm::find_device(model, type, minor)) return drm;
    }
    return std::nullopt;
}

std::string debug_folder(uint32_t minor) {
    return fmt::format("/sys/kernel/debug/dri/{}", minor);
}

/// The device and its file are looked up at each use: the tree holds neither.
template <class Use>
auto with_debug_file(device::Model& model, uint32_t minor, const std::string& path, Use use)
    -> decltype(use(std::declval<drm::DebugFile&>())) {
    const auto drm = find_device(model, minor);
    if (!drm) return Errno::NoDev;
    for (drm::DebugFile& file : (*drm)->debug_files()) {
        if (file.path == path) return use(file);
    }
    return Errno::NoDev;
}

LiveFile live_debug_file(device::Model& model, uint32_t minor, const drm::DebugFile& file) {
    LiveFile live{.mode = file.mode};
    device::Model* of = &model;  // outlives the tree
    if (file.show) {
        live.show = [of, minor, path = file.path] {
            return with_debug_file(*of, minor, path,
                                   [](drm::DebugFile& one) { return one.show(); });
        };
    }
    if (file.store) {
        live.store = [of, minor, path = file.path](std::string_view text) {
            return with_debug_file(*of, minor, path,
                                   [text](drm::DebugFile& one) { return one.store(text); });
        };
    }
    if (file.open) {
        live.open = [of, minor, path = file.path](int flags, const uapi::Credentials&) {
            return with_debug_file(*of, minor, path,
                                   [flags](drm::DebugFile& one) { return one.open(flags); });
        };
    }
    return live;
}

}  // namespace

DrmTree::DrmTree(device::Model& model, Tree& tree) : model_(model), tree_(tree) {
    for (const char* folder : {"/sys/class/drm", "/sys/kernel/debug/dri", "/dev/dri"})
        report(folder, tree_.put_folder(folder));
    report("version", tree_.put_file("/sys/class/drm/version", version_text));
    report("bufinfo", tree_.put_file("/sys/kernel/debug/dma_buf/bufinfo", no_buffers));
    put_sync_files();
    model_.add_watcher(*this);
}

void DrmTree::put_sync_files() {
    device::Model* of = &model_;  // outlives the tree
    LiveFile sw_sync{.mode = 0644};
    sw_sync.open = [of](int, const uapi::Credentials& caller) {
        return drm::open_sw_sync(*of, process_name(caller.pid), caller.uid);
    };
    report("sw_sync", tree_.put_live("/sys/kernel/debug/sync/sw_sync", std::move(sw_sync)));
    LiveFile info;
    info.show = [of]() -> Result<std::string> { return drm::sync_info(*of); };
    report("sync info", tree_.put_live("/sys/kernel/debug/sync/info", std::move(info)));
}

DrmTree::~DrmTree() {
    model_.remove_watcher(*this);
}

void DrmTree::device_added(device::Device& device) {
    // A connector comes after its card was opened to clients; the card itself too early.
    const device::Device* parent = device.parent();
    if (parent && device.info().devtype == "drm_connector" && is_node(*parent))
        return refresh(parent->info().node->minor);
    if (!parent || !is_node(device)) return;
    MutexLock lock(mutex_);
    nodes_[device.info().node->minor] = Node{.parent = parent->sysfs_path(), .files = {}};
}

void DrmTree::device_changed(device::Device& device) {
    const std::string path = device.sysfs_path();
    std::vector<uint32_t> minors;
    {
        MutexLock lock(mutex_);
        for (const auto& [minor, node] : nodes_)
            if (node.parent == path) minors.push_back(minor);
    }
    for (const uint32_t minor : minors) refresh(minor);
}

/// A dock's connector goes while its card stays.
void DrmTree::connector_removed(const device::Device& card, const std::string& name) {
    const uint32_t minor = card.info().node->minor;
    const std::string folder = name.substr(card.name().size() + 1);  // "card0-DP-4"
    MutexLock lock(mutex_);
    const auto node = nodes_.find(minor);
    if (node == nodes_.end()) return;
    std::erase_if(node->second.files,
                  [&](const std::string& file) { return file.starts_with(folder + "/"); });
    tree_.remove(debug_folder(minor) + "/" + folder);
}

void DrmTree::device_removed(device::Device& device) {
    const device::Device* parent = device.parent();
    if (parent && device.info().devtype == "drm_connector" && is_node(*parent))
        return connector_removed(*parent, device.name());
    if (!is_node(device)) return;
    const uint32_t minor = device.info().node->minor;
    MutexLock lock(mutex_);
    nodes_.erase(minor);
    tree_.remove(debug_folder(minor));
}

void DrmTree::refresh(uint32_t minor) {
    std::vector<drm::DebugFile> files;
    {
        const auto drm = find_device(model_, minor);
        if (!drm) return;
        files = (*drm)->debug_files();
    }
    MutexLock lock(mutex_);
    const auto node = nodes_.find(minor);
    if (node == nodes_.end()) return;
    for (const drm::DebugFile& file : files) {
        if (!node->second.files.insert(file.path).second) continue;
        const std::string path = debug_folder(minor) + "/" + file.path;
        report(path, tree_.put_live(path, live_debug_file(model_, minor, file)));
    }
}

}  // namespace plugboard::daemon
