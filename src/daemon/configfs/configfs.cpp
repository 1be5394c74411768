#include "daemon/configfs/configfs.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace plugboard::daemon {

/// The one file that a folder has.
struct ConfigfsFileKind {
    std::string_view name;
    unsigned initial = 0;
    bool is_switch = false;  // and ends in a newline
    unsigned least = 0, most = 1;
};

struct ConfigfsFolderKind;
struct ConfigfsDefaultFolder {
    std::string_view name;
    const ConfigfsFolderKind* kind;
};

/// What a folder has from its making on, and what clients may make in it.
struct ConfigfsFolderKind {
    const ConfigfsFileKind* file = nullptr;
    std::span<const ConfigfsDefaultFolder> folders{};
    const ConfigfsFolderKind* made = nullptr;    // by mkdir(2); null: none
    const ConfigfsFolderKind* linked = nullptr;  // by symlink(2)
};

namespace {

using FileKind = ConfigfsFileKind;
using FolderKind = ConfigfsFolderKind;
using DefaultFolder = ConfigfsDefaultFolder;

constexpr std::string_view module_device = "vkms";  // of the module itself
constexpr size_t most_folders =
    4096;  // and links; Linux has no limit; a client must not fill our memory
constexpr size_t longest_file_name = 255;

constexpr FileKind enabled_file{.name = "enabled", .is_switch = true};
constexpr FileKind type_file{.name = "type", .most = 2};
constexpr FileKind writeback_file{.name = "writeback", .is_switch = true};
constexpr FileKind status_file{.name = "status", .initial = 1, .least = 1, .most = 3};

constexpr FolderKind crtc_kind{.file = &writeback_file};
constexpr FolderKind possible_crtcs_kind{.linked = &crtc_kind};
constexpr DefaultFolder crtcs_of[] = {{"possible_crtcs", &possible_crtcs_kind}};
constexpr FolderKind plane_kind{.file = &type_file, .folders = crtcs_of};
constexpr FolderKind encoder_kind{.folders = crtcs_of};
constexpr FolderKind possible_encoders_kind{.linked = &encoder_kind};
constexpr DefaultFolder encoders_of[] = {{"possible_encoders", &possible_encoders_kind}};
constexpr FolderKind connector_kind{.file = &status_file, .folders = encoders_of};

constexpr FolderKind planes_kind{.made = &plane_kind};
constexpr FolderKind crtcs_kind{.made = &crtc_kind};
constexpr FolderKind encoders_kind{.made = &encoder_kind};
constexpr FolderKind connectors_kind{.made = &connector_kind};
constexpr DefaultFolder device_folders[] = {{"planes", &planes_kind},
                                            {"crtcs", &crtcs_kind},
                                            {"encoders", &encoders_kind},
                                            {"connectors", &connectors_kind}};
constexpr FolderKind device_kind{.file = &enabled_file, .folders = device_folders};
constexpr FolderKind vkms_kind{.made = &device_kind};
constexpr DefaultFolder subsystems[] = {{"vkms", &vkms_kind}};
constexpr FolderKind root_kind{.folders = subsystems};
constexpr FolderKind empty_root_kind{};

/// The kernel takes the text to its first NUL. Linux: lib/kstrtox.c, kstrtobool
std::optional<unsigned> switch_value(std::string_view text) {
    if (text.empty()) return std::nullopt;
    switch (text[0]) {
        case '1':
        case 'y':
        case 'Y':
        case 't':
        case 'T': return 1;
        case '0':
        case 'n':
        case 'N':
        case 'f':
        case 'F': return 0;
        case 'o':
        case 'O': break;
        default: return std::nullopt;
    }
    const char second = text.size() > 1 ? text[1] : '\0';
    if (second == 'n' || second == 'N') return 1;
    if (second == 'f' || second == 'F') return 0;
    return std::nullopt;
}

/// Linux: lib/kstrtox.c, kstrtouint
std::optional<unsigned> number_value(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.starts_with('+')) text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    unsigned value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9' || value > 1000) return std::nullopt;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value;
}

std::optional<unsigned> file_value(const FileKind& file, std::string_view text) {
    text = text.substr(0, text.find('\0'));
    const auto value = file.is_switch ? switch_value(text) : number_value(text);
    if (!value || *value < file.least || *value > file.most) return std::nullopt;
    return value;
}

/// It becomes a device's name, which is told in texts and JSON.
bool may_be_device(std::string_view name) {
    return name != module_device && std::ranges::all_of(name, [](char c) {
               return static_cast<unsigned char>(c) > ' ' && static_cast<unsigned char>(c) < 0x7f;
           });
}

}  // namespace

struct Configfs::Folder {
    const FolderKind* kind = nullptr;
    std::string name;
    Folder* parent = nullptr;
    bool is_default = false;
    unsigned value = 0;                            // of its file
    size_t port = 0;                               // a connector's, on the card that was made of it
    bool has_port = false;                         // the card that is enabled has it
    size_t linked_from = 0;                        // links that lead here
    std::vector<std::unique_ptr<Folder>> folders;  // in the order of their making
    std::map<std::string, Folder*, std::less<>> links;

    Folder(const FolderKind& of, std::string called, Folder* in, bool by_default)
        : kind(&of), name(std::move(called)), parent(in), is_default(by_default) {
        if (kind->file) value = kind->file->initial;
        for (const auto& [default_name, default_kind] : kind->folders) {
            folders.push_back(
                std::make_unique<Folder>(*default_kind, std::string(default_name), this, true));
        }
    }

    Folder* find(std::string_view wanted) const {
        const auto found = std::ranges::find_if(
            folders, [&](const auto& folder) { return folder->name == wanted; });
        return found == folders.end() ? nullptr : found->get();
    }
    bool has_file(std::string_view wanted) const {
        return kind->file && kind->file->name == wanted;
    }
    bool has(std::string_view wanted) const {
        return find(wanted) || has_file(wanted) || links.contains(wanted);
    }
    /// The device that it is, or is part of; null: none.
    Folder* device() {
        Folder* at = this;
        while (at && at->kind != &device_kind) at = at->parent;
        return at;
    }
    bool is_enabled() {
        const Folder* of = device();
        return of && of->value != 0;
    }
    std::string path() const {
        if (!parent) return {};
        const std::string above = parent->path();
        return above.empty() ? name : above + "/" + name;
    }
    size_t depth() const { return parent ? parent->depth() + 1 : 0; }
    std::string text() const { return std::to_string(value) + (kind->file->is_switch ? "\n" : ""); }
    /// Its place among those of its kind: their index on the card.
    size_t index() const {
        const auto found = std::ranges::find_if(
            parent->folders, [&](const auto& folder) { return folder.get() == this; });
        return static_cast<size_t>(found - parent->folders.begin());
    }
    /// A bit for each folder that the links in `of` lead to.
    uint32_t mask(std::string_view of) const {
        uint32_t bits = 0;
        for (const auto& [link, target] : find(of)->links) {
            if (target->index() < 32) bits |= 1U << target->index();
        }
        return bits;
    }
    /// Whether rmdir(2) would do. Linux: fs/configfs/dir.c, configfs_detach_prep
    Result<void> check_removable() const {
        if (linked_from != 0) return Errno::Busy;
        if (!links.empty()) return Errno::NotEmpty;
        for (const auto& folder : folders) {
            if (!folder->is_default) return Errno::NotEmpty;
            TRY(folder->check_removable());
        }
        return {};
    }
    /// What readlink(2) gives for a link in this folder. Linux: fs/configfs/symlink.c
    std::string link_text(const Folder& target) const {
        std::string up;
        for (size_t i = 0; i < depth(); ++i) up += "../";
        return up + target.path();
    }
    void list(std::vector<Entry>& entries) const {
        const std::string own = path();
        const std::string before = own.empty() ? own : own + "/";
        entries.push_back({Entry::Type::Folder, own});
        if (kind->file)
            entries.push_back({Entry::Type::File, before + std::string(kind->file->name), text()});
        for (const auto& [link, target] : links)
            entries.push_back({Entry::Type::Link, before + link, link_text(*target)});
        for (const auto& folder : folders) folder->list(entries);
    }
};

/// A name in a folder that is there.
struct Configfs::Place {
    Folder* folder = nullptr;
    std::string name;
};

namespace {

/// As vkms has it: none of EDID or size.
vkms::ScreenConfig screen_of(unsigned status) {
    return {.connected = status == 1, .is_unsure = status == 3};
}

}  // namespace

Configfs::Configfs(ConfigfsCards& cards, bool has_vkms)
    : cards_(cards),
      root_(std::make_unique<Folder>(has_vkms ? root_kind : empty_root_kind, "", nullptr, true)) {}

Configfs::~Configfs() = default;

Configfs::Folder* Configfs::find_folder(std::string_view path) const {
    Folder* at = root_.get();
    while (at && !path.empty()) {
        const auto end = std::min(path.find('/'), path.size());
        at = at->find(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return at;
}

Result<Configfs::Place> Configfs::find_place(std::string_view path) const {
    Folder* at = root_.get();
    for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/')) {
        const std::string_view name = path.substr(0, slash);
        Folder* next = at->find(name);
        if (!next) return at->has_file(name) ? Errno::NotDir : Errno::NoEnt;
        at = next;
        path.remove_prefix(slash + 1);
    }
    if (path.empty() || path.find('\0') != path.npos) return Errno::NoEnt;
    if (path.size() > longest_file_name) return Errno::NameTooLong;
    return Place{at, std::string(path)};
}

Result<void> Configfs::make_folder(std::string_view path) {
    if (path.empty()) return Errno::Exist;
    const Place place = TRY(find_place(path));
    Folder& parent = *place.folder;
    if (place.name == "." || place.name == ".." || parent.has(place.name)) return Errno::Exist;
    if (!parent.kind->made) return Errno::Perm;
    if (parent.kind == &vkms_kind && !may_be_device(place.name)) return Errno::Inval;
    if (parent.is_enabled()) return Errno::Busy;
    if (folders_ == most_folders) return Errno::NoMem;
    parent.folders.push_back(
        std::make_unique<Folder>(*parent.kind->made, place.name, &parent, false));
    ++folders_;
    return {};
}

Result<void> Configfs::remove_folder(std::string_view path) {
    if (path.empty()) return Errno::Busy;  // a mount point
    const Place place = TRY(find_place(path));
    Folder* folder = place.folder->find(place.name);
    if (!folder) return place.folder->has(place.name) ? Errno::NotDir : Errno::NoEnt;
    if (folder->is_default) return Errno::Perm;
    TRY(folder->check_removable());
    if (folder->kind == &device_kind) disable(*folder);
    std::erase_if(place.folder->folders, [&](const auto& one) { return one.get() == folder; });
    --folders_;
    return {};
}

Result<void> Configfs::make_link(std::string_view path, const Result<std::string>& target) {
    if (path.empty()) return Errno::Exist;
    const Place place = TRY(find_place(path));
    Folder& parent = *place.folder;
    if (place.name == "." || place.name == ".." || parent.has(place.name)) return Errno::Exist;
    if (!parent.kind->linked) return Errno::Perm;
    if (!target.ok()) return target.error();
    Folder* to = find_folder(*target);
    if (!to) {
        const Place missing = TRY(find_place(*target));
        return missing.folder->has_file(missing.name) ? Errno::NotDir : Errno::NoEnt;
    }
    if (to->kind != parent.kind->linked || to->device() != parent.device()) return Errno::Inval;
    if (parent.is_enabled()) return Errno::Busy;
    for (const auto& [link, there] : parent.links) {
        if (there == to) return Errno::Exist;
    }
    if (links_ == most_folders) return Errno::NoMem;
    parent.links.emplace(place.name, to);
    ++links_;
    ++to->linked_from;
    return {};
}

Result<void> Configfs::remove_link(std::string_view path) {
    if (path.empty()) return Errno::IsDir;
    const Place place = TRY(find_place(path));
    Folder& parent = *place.folder;
    if (place.name == "." || place.name == ".." || parent.find(place.name)) return Errno::IsDir;
    const auto link = parent.links.find(place.name);
    if (link == parent.links.end()) return parent.has_file(place.name) ? Errno::Perm : Errno::NoEnt;
    --link->second->linked_from;
    parent.links.erase(link);
    --links_;
    return {};
}

Result<std::string> Configfs::show(std::string_view path) const {
    if (find_folder(path)) return Errno::IsDir;
    const Place place = TRY(find_place(path));
    if (!place.folder->has_file(place.name)) return Errno::NoEnt;
    return place.folder->text();
}

Result<void> Configfs::store(std::string_view path, std::string_view text) {
    if (find_folder(path)) return Errno::IsDir;
    const Place place = TRY(find_place(path));
    Folder& folder = *place.folder;
    if (!folder.has_file(place.name)) return Errno::NoEnt;
    const auto value = file_value(*folder.kind->file, text);
    if (!value) return Errno::Inval;
    if (folder.kind == &device_kind) return set_enabled(folder, *value != 0);
    if (folder.kind != &connector_kind) {
        if (folder.is_enabled()) return Errno::Busy;
        folder.value = *value;
        return {};
    }
    folder.value = *value;
    if (folder.is_enabled() && folder.has_port)
        cards_.set_screen(folder.device()->name, folder.port, screen_of(*value));
    return {};
}

Result<void> Configfs::set_enabled(Folder& device, bool enabled) {
    if (!enabled) {
        disable(device);
        return {};
    }
    if (device.value != 0) return {};
    const vkms::Config config = config_of(device);
    if (!vkms::validate(config).empty()) return Errno::Inval;
    TRY(cards_.create(config));
    device.value = 1;
    size_t port = 0;
    for (const auto& each : device.find("connectors")->folders) {
        each->port = port++;
        each->has_port = true;
    }
    return {};
}

void Configfs::disable(Folder& device) {
    if (device.value == 0) return;
    cards_.destroy(device.name);
    device.value = 0;
    for (const auto& each : device.find("connectors")->folders) each->has_port = false;
}

vkms::Config Configfs::config_of(const Folder& device) {
    vkms::Config config = vkms::with_profile(vkms::Profile::LinuxLatest);
    config.name = device.name;
    config.lowest_minor = true;  // as the kernel gives them: who makes and removes counts on it
    config.screens.clear();
    vkms::Layout& layout = config.layout.emplace();
    for (const auto& each : device.find("planes")->folders) {
        layout.planes.push_back({.type = static_cast<drm::PlaneType>(each->value),
                                 .possible_crtcs = each->mask("possible_crtcs")});
    }
    for (const auto& each : device.find("crtcs")->folders)
        layout.crtcs.push_back({.writeback = each->value != 0});
    for (const auto& each : device.find("encoders")->folders)
        layout.encoders.push_back({.possible_crtcs = each->mask("possible_crtcs")});
    for (const auto& each : device.find("connectors")->folders) {
        layout.possible_encoders.push_back(each->mask("possible_encoders"));
        config.screens.push_back(screen_of(each->value));
    }
    return config;
}

std::vector<Configfs::Entry> Configfs::list(std::string_view path) const {
    std::vector<Entry> entries;
    if (const Folder* folder = find_folder(path)) folder->list(entries);
    return entries;
}

}  // namespace plugboard::daemon
