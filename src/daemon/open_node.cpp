#include "daemon/open_node.h"

#include <charconv>
#include <system_error>
#include <utility>

namespace plugboard::daemon {

std::optional<NodeName> parse_node(std::string_view path) {
    NodeName node;
    if (path.starts_with("/dev/dri/card")) {
        path.remove_prefix(std::string_view("/dev/dri/card").size());
    } else if (path.starts_with("/dev/dri/renderD")) {
        path.remove_prefix(std::string_view("/dev/dri/renderD").size());
        node.type = drm::NodeType::Render;
    } else {
        return std::nullopt;
    }
    if (path.size() > 1 && path.front() == '0') return std::nullopt;  // as no file is called
    const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), node.minor);
    if (error != std::errc() || end != path.data() + path.size() || node.minor >= 1u << 20)
        return std::nullopt;
    return node;
}

Result<FileTable::Opened> open_node(World& world, FileTable& files, NodeName node,
                                    drm::OpenInfo info, std::optional<int> user) {
    // The kernel's close() has released before it returns, and who is master depends on it.
    files.settle();
    info.node = node.type;
    const auto device = TRY(world.find_node(info.node, node.minor));
    auto opened = TRY(files.open(*device, std::move(info), user));
    world.note_open(*opened.file);
    return opened;
}

}  // namespace plugboard::daemon
