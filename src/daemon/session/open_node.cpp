#include "daemon/session/open_node.h"

#include <fmt/format.h>

#include <charconv>
#include <system_error>
#include <utility>

#include "daemon/session/session_trace.h"

namespace plugboard::daemon {

namespace {

Result<FileTable::Opened> open_untraced(World& world, FileTable& files, NodeName node,
                                        drm::OpenInfo info, std::optional<int> user) {
    // The kernel's close() has released before it returns, and who is master depends on it.
    files.settle();
    info.node = node.type;
    const auto device = TRY(world.find_node(info.node, node.minor));
    auto opened = TRY(files.open(*device, std::move(info), user));
    world.note_open(*opened.file);
    return opened;
}

}  // namespace

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
    TracedCall call{
        .pid = user.value_or(info.opener.pid),
        .command = info.command,
        .node = fmt::format("{}{}", node.type == drm::NodeType::Render ? "renderD" : "card",
                            node.minor),
        .name = "open",
        .argument = open_flags_text(info.flags),
        .start = files.trace().now()};
    auto opened = open_untraced(world, files, node, std::move(info), user);
    call.took = files.trace().now() - call.start;
    if (!opened.ok()) call.error = opened.error();
    files.trace().write(call);
    return opened;
}

}  // namespace plugboard::daemon
