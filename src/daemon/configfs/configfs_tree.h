// Shows the configfs in the tree, and takes to it what clients change there.
#pragma once

#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/result.h"
#include "daemon/configfs/configfs.h"
#include "daemon/kernfs/name_change.h"
#include "daemon/kernfs/tree.h"
#include "uapi/user_memory.h"

namespace plugboard::daemon {

/// Any thread. Changes wait for each other, with no lock held while a card is made or goes. Owned
/// by the board, with which its cards go: nothing is changed from then on.
class ConfigfsTree {
  public:
    ConfigfsTree(Tree& tree, ConfigfsCards& cards, bool has_vkms);

    /// Paths and errors as of World::change_names() and Configfs. Perm: it is no place for changes;
    /// Access: `caller` is another user than the board's.
    Result<void> change(NameChange change, std::string_view path, const Result<std::string>& target,
                        const uapi::Credentials& caller);

    /// From now on every change is refused: NoDev.
    void end();

  private:
    class Turn;

    Result<std::string> find_place(std::string_view path) const;
    Result<void> change_in_turn(NameChange change, const std::string& place,
                                const Result<std::string>& target);
    void show(std::string_view place);
    void show_file(const std::string& place, std::string_view content);
    Result<void> store(const std::string& place, std::string_view text);

    Tree& tree_;
    Mutex<LockClass<ConfigfsTree>> mutex_;
    CondVar changed_;
    bool is_busy_ GUARDED_BY(mutex_) = false;
    // Of whose turn it is:
    Configfs configfs_;
    bool is_ended_ = false;
};

}  // namespace plugboard::daemon
