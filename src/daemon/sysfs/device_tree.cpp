#include "daemon/sysfs/device_tree.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/log.h"
#include "daemon/udev/udev_record.h"
#include "device/device.h"

namespace plugboard::daemon {
namespace {

constexpr uint32_t node_mode = 0600;  // of the runner

/// A failed write is the disk's fault; the board goes on with an older file.
void report(const char* what, const std::string& path, const Result<void>& done) {
    if (!done.ok()) log::error("tree: {} {}: {}", what, path, errno_name(done.error()));
}

/// The device is looked up at each use: the tree holds no references.
template <class Use>
auto with_attribute(const device::Model& model, const std::string& path, const std::string& name,
                    Use use) -> decltype(use(std::declval<device::Attribute&>())) {
    for (const auto& device : model.devices()) {
        if (device->sysfs_path() != path) continue;
        for (device::Attribute& attribute : device->all_attributes()) {
            if (attribute.name == name) return use(attribute);
        }
    }
    return Errno::NoDev;
}

LiveFile live_attribute(const device::Model& model, const std::string& path,
                        const device::Attribute& attribute) {
    const device::Model* of = &model;  // outlives the tree
    LiveFile live{.mode = attribute.mode};
    if (attribute.show) {
        live.show = [of, path, name = attribute.name] {
            return with_attribute(*of, path, name, [](auto& one) { return one.show(); });
        };
    }
    if (attribute.store) {
        live.store = [of, path, name = attribute.name](std::string_view value) {
            return with_attribute(*of, path, name, [&](auto& one) { return one.store(value); });
        };
    }
    return live;
}

}  // namespace

/// A device's files and links with their values, taken with no lock held.
struct DeviceTree::Snapshot {
    struct File {
        device::Attribute attribute;
        Result<std::string> content;
    };
    std::vector<File> files;
    std::vector<std::pair<std::string, std::string>> links;  // path in the tree, target

    explicit Snapshot(const device::Device& device) {
        const std::string folder = "/sys" + device.sysfs_path() + "/";
        for (device::Attribute& attribute : device.all_attributes()) {
            auto content = attribute.show ? attribute.show() : Result<std::string>(std::string());
            files.push_back({std::move(attribute), std::move(content)});
        }
        for (auto& [name, target] : device.all_links()) links.emplace_back(folder + name, target);
        for (auto& [path, target] : device::model_links(device))
            links.emplace_back("/sys/" + path, target);
        if (!device.info().node) return;
        const std::string node = "/dev/" + device.info().node->path;
        for (const std::string& link : make_udev_record(device).links)
            links.emplace_back("/dev/" + link, sysfs_link_target("/dev/" + link, node));
    }
};

DeviceTree::DeviceTree(device::Model& model, Tree& tree) : model_(model), tree_(tree) {
    model_.add_watcher(*this);
    for (const auto& device : model_.devices()) device_added(*device);
}

DeviceTree::~DeviceTree() {
    model_.remove_watcher(*this);
}

void DeviceTree::device_added(device::Device& device) {
    {
        MutexLock lock(mutex_);
        shown_[device.sysfs_path()].device = &device;
    }
    if (const auto& node = device.info().node) {
        const std::string path = "/dev/" + node->path;
        report("node", path,
               tree_.put_file(path, fmt::format("{}:{}\n", node->major, node->minor), node_mode));
    }
    show(device);
}

void DeviceTree::device_changed(device::Device& device) {
    show(device);
}

void DeviceTree::show(device::Device& device) {
    const uint64_t ticket = ++last_ticket_;
    const std::string path = device.sysfs_path();
    const Snapshot snapshot(device);

    MutexLock lock(mutex_);
    const auto it = shown_.find(path);
    if (it == shown_.end() || it->second.device != &device || it->second.ticket > ticket) return;
    Shown& shown = it->second;
    shown.ticket = ticket;
    write_files_locked(shown, snapshot);
    write_links_locked(shown, snapshot);
    if (const auto& node = device.info().node; node && snapshot.files.empty())
        tree_.remove("/dev/" + node->path);  // it is being deleted
}

void DeviceTree::write_files_locked(Shown& shown, const Snapshot& snapshot) {
    const std::string path = shown.device->sysfs_path();
    const std::string folder = "/sys" + path + "/";
    std::set<std::string> files;
    for (const auto& [attribute, content] : snapshot.files) {
        const std::string file = folder + attribute.name;
        const std::string text = content.ok() ? *content : std::string();
        files.insert(file);
        if (!attribute.store && content.ok()) {
            report("file", file, tree_.put_file(file, text, attribute.mode));
            continue;
        }
        report("file", file, tree_.put_live(file, live_attribute(model_, path, attribute), text));
    }
    for (const std::string& old : shown.files) {
        if (!files.contains(old)) tree_.remove(old);
    }
    shown.files = std::move(files);
}

void DeviceTree::write_links_locked(Shown& shown, const Snapshot& snapshot) {
    std::set<std::string> links;
    for (const auto& [link, target] : snapshot.links) {
        links.insert(link);
        report("link", link, tree_.put_link(link, target));
    }
    for (const std::string& old : shown.links) {
        if (!links.contains(old)) tree_.remove(old);
    }
    shown.links = std::move(links);
}

void DeviceTree::device_removed(device::Device& device) {
    const std::string path = device.sysfs_path();
    MutexLock lock(mutex_);
    const auto it = shown_.find(path);
    if (it == shown_.end() || it->second.device != &device) return;
    for (const std::string& link : it->second.links) tree_.remove(link);
    if (const auto& node = device.info().node) tree_.remove("/dev/" + node->path);
    tree_.remove("/sys" + path);
    shown_.erase(it);
}

}  // namespace plugboard::daemon
