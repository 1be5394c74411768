// What clients may ask to do with a name in the tree. Linux: struct inode_operations
#pragma once

namespace plugboard::daemon {

enum class NameChange { MakeFolder, RemoveFolder, MakeLink, RemoveLink };

}  // namespace plugboard::daemon
