#include "daemon/sysfs/drm_tree.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "base/log.h"
#include "daemon/session/process_name.h"
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

bool is_node(const device::Device& device) {
    return device.info().devtype == "drm_minor" && device.info().node;
}

MaybeRef<drm::Device> find_device(device::Model& model, uint32_t minor) {
    for (const auto type : {drm::NodeType::Primary, drm::NodeType::Render}) {
        if (auto drm = drm::find_device(model, type, minor)) return drm;
    }
    return std::nullopt;
}

std::string below_dri(std::string_view name) {
    return fmt::format("/sys/kernel/debug/dri/{}", name);
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

DrmTree::DrmTree(device::Model& model, Tree& tree, DebugFolders debug_folders)
    : model_(model), tree_(tree), debug_folders_(debug_folders) {
    for (const char* folder : {"/sys/class/drm", "/sys/kernel/debug/dri", "/dev/dri"})
        report_failure(folder, tree_.put_folder(folder));
    report_failure("version", tree_.put_file("/sys/class/drm/version", version_text));
    report_failure("bufinfo", tree_.put_file("/sys/kernel/debug/dma_buf/bufinfo", no_buffers));
    // Linux: drivers/gpu/drm/drm_bridge.c. No card has one.
    if (debug_folders_ == DebugFolders::OfDevices)
        report_failure("bridges", tree_.put_file("/sys/kernel/debug/dri/bridges", ""));
    put_sync_files();
    model_.add_watcher(*this);
}

void DrmTree::put_sync_files() {
    device::Model* of = &model_;  // outlives the tree
    LiveFile sw_sync{.mode = 0644};
    sw_sync.open = [of](int, const uapi::Credentials& caller) {
        return drm::open_sw_sync(*of, process_name(caller.pid), caller.uid);
    };
    report_failure("sw_sync", tree_.put_live("/sys/kernel/debug/sync/sw_sync", std::move(sw_sync)));
    LiveFile info;
    info.show = [of]() -> Result<std::string> { return drm::sync_info(*of); };
    report_failure("sync info", tree_.put_live("/sys/kernel/debug/sync/info", std::move(info)));
}

DrmTree::~DrmTree() {
    model_.remove_watcher(*this);
}

std::string DrmTree::folder_of(const device::Device& node) const {
    if (debug_folders_ == DebugFolders::OfDevices) return node.parent()->name();
    return std::to_string(node.info().node->minor);
}

void DrmTree::device_added(device::Device& device) {
    // A connector comes after its card was opened to clients; the card itself too early.
    const device::Device* parent = device.parent();
    if (parent && device.info().devtype == "drm_connector" && is_node(*parent))
        return refresh(*parent->parent());
    if (!parent || !is_node(device)) return;
    const std::string name = folder_of(device);
    MutexLock lock(mutex_);
    const auto at = folders_.try_emplace(name, Folder{.parent = parent->sysfs_path()}).first;
    // Names are a bus's own, so two devices may have one: debugfs refuses the second folder, and
    // the card does without. Linux: fs/debugfs/inode.c, start_creating
    if (at->second.parent != parent->sysfs_path())
        return log::error("tree: {}: dri/{} is another card's", device.name(), name);
    at->second.minors.insert(device.info().node->minor);
}

void DrmTree::device_changed(device::Device& device) {
    refresh(device);
}

/// A dock's connector goes while its card stays.
void DrmTree::connector_removed(const device::Device& card, const std::string& name) {
    const std::string connector = name.substr(card.name().size() + 1);  // "card0-DP-4"
    const std::string parent = card.parent()->sysfs_path();
    MutexLock lock(mutex_);
    for (auto& [folder, shown] : folders_) {
        if (shown.parent != parent) continue;
        std::erase_if(shown.files,
                      [&](const std::string& file) { return file.starts_with(connector + "/"); });
        tree_.remove(below_dri(folder) + "/" + connector);
    }
}

void DrmTree::device_removed(device::Device& device) {
    const device::Device* parent = device.parent();
    if (parent && device.info().devtype == "drm_connector" && is_node(*parent))
        return connector_removed(*parent, device.name());
    if (!parent || !is_node(device)) return;
    const uint32_t minor = device.info().node->minor;
    MutexLock lock(mutex_);
    const auto at = folders_.find(folder_of(device));
    if (at == folders_.end() || at->second.minors.erase(minor) == 0) return;
    if (debug_folders_ == DebugFolders::OfDevices) tree_.remove(below_dri(std::to_string(minor)));
    if (!at->second.minors.empty()) return;
    tree_.remove(below_dri(at->first));
    folders_.erase(at);
}

void DrmTree::refresh(const device::Device& parent) {
    const std::string path = parent.sysfs_path();
    std::vector<std::string> names;
    {
        MutexLock lock(mutex_);
        for (const auto& [name, folder] : folders_)
            if (folder.parent == path) names.push_back(name);
    }
    for (const std::string& name : names) refresh_folder(name);
}

void DrmTree::refresh_folder(const std::string& name) {
    std::optional<uint32_t> minor;
    {
        MutexLock lock(mutex_);
        const auto at = folders_.find(name);
        if (at == folders_.end() || at->second.minors.empty()) return;
        minor = *at->second.minors.begin();
    }
    std::vector<drm::DebugFile> files;
    {
        const auto drm = find_device(model_, *minor);
        if (!drm) return;
        files = (*drm)->debug_files();
    }
    MutexLock lock(mutex_);
    const auto at = folders_.find(name);
    if (at == folders_.end() || !at->second.minors.contains(*minor)) return;
    for (const drm::DebugFile& file : files) {
        if (!at->second.files.insert(file.path).second) continue;
        const std::string path = below_dri(name) + "/" + file.path;
        report_failure(path, tree_.put_live(path, live_debug_file(model_, *minor, file)));
    }
    if (debug_folders_ == DebugFolders::OfMinors) return;
    for (const uint32_t of : at->second.minors) {
        const std::string link = below_dri(std::to_string(of));
        report_failure(link, tree_.put_link(link, name));
    }
}

}  // namespace plugboard::daemon
