// Opening a DRM node of the board for somebody: the shims' clients and the seat's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "daemon/session/file_table.h"
#include "daemon/session/world.h"
#include "drm/file.h"

namespace plugboard::daemon {

struct NodeName {
    drm::NodeType type = drm::NodeType::Primary;
    uint32_t minor = 0;
};

/// "/dev/dri/card0", "/dev/dri/renderD128".
std::optional<NodeName> parse_node(std::string_view path);

/// `info` without the node's type. `user`: whose it is, if not its opener's. After every close that
/// has happened. NoEnt, NxIo, and what FileTable::open() says.
Result<FileTable::Opened> open_node(World& world, FileTable& files, NodeName node,
                                    drm::OpenInfo info, std::optional<int> user = std::nullopt);

}  // namespace plugboard::daemon
