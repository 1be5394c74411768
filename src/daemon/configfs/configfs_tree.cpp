#include "daemon/configfs/configfs_tree.h"

#include <unistd.h>

#include <optional>
#include <utility>

#include "base/log.h"

namespace plugboard::daemon {
namespace {

constexpr std::string_view configfs_folder = "/sys/kernel/config";
constexpr uint32_t configfs_file_mode = 0644;

std::string in_tree(std::string_view place) {
    std::string path(configfs_folder);
    if (!place.empty()) path += '/';
    return path += place;
}

/// Nothing: it is elsewhere.
std::optional<std::string> below_configfs(std::string_view path) {
    if (!path.starts_with(configfs_folder)) return std::nullopt;
    path.remove_prefix(configfs_folder.size());
    if (path.empty()) return std::string();
    if (path.front() != '/') return std::nullopt;
    return std::string(path.substr(1));
}

void report_configfs(const std::string& path, const Result<void>& done) {
    if (!done.ok()) log::error("tree: {}: {}", path, errno_name(done.error()));
}

}  // namespace

/// The right to change, and to look, for a scope.
class ConfigfsTree::Turn {
  public:
    explicit Turn(ConfigfsTree& tree) : tree_(tree) {
        MutexLock lock(tree_.mutex_);
        while (tree_.is_busy_) tree_.changed_.wait(lock);
        tree_.is_busy_ = true;
    }
    ~Turn() {
        MutexLock lock(tree_.mutex_);
        tree_.is_busy_ = false;
        tree_.changed_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

  private:
    ConfigfsTree& tree_;
};

ConfigfsTree::ConfigfsTree(Tree& tree, ConfigfsCards& cards, bool has_vkms)
    : tree_(tree), configfs_(cards, has_vkms) {
    const Turn turn(*this);
    show("");
}

void ConfigfsTree::end() {
    const Turn turn(*this);
    is_ended_ = true;
}

void ConfigfsTree::show(std::string_view place) {
    for (const Configfs::Entry& entry : configfs_.list(place)) {
        const std::string path = in_tree(entry.path);
        switch (entry.type) {
            case Configfs::Entry::Type::Folder:
                report_configfs(path, tree_.put_folder(path));
                break;
            case Configfs::Entry::Type::File: show_file(entry.path, entry.text); break;
            case Configfs::Entry::Type::Link:
                report_configfs(path, tree_.put_link(path, entry.text));
                break;
        }
    }
}

void ConfigfsTree::show_file(const std::string& place, std::string_view content) {
    LiveFile file{.mode = configfs_file_mode};
    file.show = [this, place] {
        const Turn turn(*this);
        return configfs_.show(place);
    };
    file.store = [this, place](std::string_view text) {
        const Turn turn(*this);
        return store(place, text);
    };
    const std::string path = in_tree(place);
    report_configfs(path, tree_.put_live(path, std::move(file), content));
}

Result<void> ConfigfsTree::store(const std::string& place, std::string_view text) {
    if (is_ended_) return Errno::NoDev;
    TRY(configfs_.store(place, text));
    show_file(place, TRY(configfs_.show(place)));
    return {};
}

/// The name may be of nothing, or of a link; all before it is followed.
Result<std::string> ConfigfsTree::find_place(std::string_view path) const {
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    const auto slash = path.rfind('/');
    if (slash == path.npos || path.find('\0') != path.npos) return Errno::NoEnt;
    const std::string_view name = path.substr(slash + 1);
    // Such an end names a folder that is there.
    const bool is_name = name != "." && name != ".." && !name.empty();
    std::string real = TRY(tree_.resolve(is_name ? path.substr(0, slash) : path));
    if (is_name) real += "/" + std::string(name);
    const auto place = below_configfs(real);
    if (!place) return Errno::Perm;
    return *place;
}

Result<void> ConfigfsTree::change(NameChange change, std::string_view path,
                                  const Result<std::string>& target,
                                  const uapi::Credentials& caller) {
    const std::string place = TRY(find_place(path));
    if (caller.uid != 0 && caller.uid != geteuid()) return Errno::Access;
    const Turn turn(*this);
    if (change != NameChange::MakeLink || !target.ok())
        return change_in_turn(change, place, target);
    const auto resolved = tree_.resolve(*target);
    if (!resolved.ok()) return change_in_turn(change, place, resolved.error());
    const auto to = below_configfs(*resolved);
    return change_in_turn(change, place, to ? Result<std::string>(*to) : Errno::Perm);
}

Result<void> ConfigfsTree::change_in_turn(NameChange change, const std::string& place,
                                          const Result<std::string>& target) {
    if (is_ended_) return Errno::NoDev;
    switch (change) {
        case NameChange::MakeFolder:
            TRY(configfs_.make_folder(place));
            show(place);
            return {};
        case NameChange::MakeLink: {
            TRY(configfs_.make_link(place, target));
            const std::string folder = place.substr(0, place.rfind('/'));
            show(folder);
            return {};
        }
        case NameChange::RemoveFolder:
            TRY(configfs_.remove_folder(place));
            tree_.remove(in_tree(place));
            return {};
        case NameChange::RemoveLink:
            TRY(configfs_.remove_link(place));
            tree_.remove(in_tree(place));
            return {};
    }
    return Errno::Inval;
}

}  // namespace plugboard::daemon
