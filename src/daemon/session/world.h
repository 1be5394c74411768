// What the sessions of the shim ask the board for: nodes, special files, live files of the tree.
#pragma once

#include <string>
#include <string_view>

#include "base/labelled_pair.h"
#include "base/ref.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "daemon/kernfs/name_change.h"
#include "drm/device.h"
#include "drm/file.h"
#include "drm/special_file.h"
#include "drm/sync/sync_file.h"

namespace plugboard::daemon {

/// Implemented by the board. Any thread.
class World {
  public:
    /// The published device of a DRM node; NoEnt when there is none, NxIo while it is on its way
    /// out.
    virtual Result<Ref<drm::Device>> find_node(drm::NodeType node, uint32_t minor) = 0;
    /// A file of the tree that is marked live (sticky bit), opened with the flags of open(2):
    /// debugfs control files, crc/data, sync/sw_sync, writable attributes. The descriptor is for
    /// the client.
    virtual Result<UniqueFd> open_live_file(std::string_view path, int flags,
                                            const uapi::Credentials& caller) = 0;
    /// Makes or removes a folder or a link of the tree; `target`: what a link leads to, or why that
    /// cannot be found. Symbolic links on the way are followed.
    virtual Result<void> change_names(NameChange change, std::string_view path,
                                      const Result<std::string>& target,
                                      const uapi::Credentials& caller) = 0;
    /// A client's end of a stand-in for a netlink socket of uevents; `type` as in socket(2),
    /// `flags` as in fcntl(2).
    virtual Result<UniqueFd> open_uevents(int type, int flags) = 0;
    /// The objects behind labelled descriptors of other kinds than Card.
    virtual drm::SpecialFiles& special_files() = 0;
    /// A card was opened by this process (for --require-open and status).
    virtual void note_open(drm::File& file) = 0;

  protected:
    ~World() = default;
};

}  // namespace plugboard::daemon
