// Listing folders that the host has too: what is there, beside what the board has. And those whose
// entries have an order.
#pragma once

#include <dirent.h>

namespace plugboard::shim {

/// For a stream on a folder of the tree: if the host has the folder too, what it lists there comes
/// after the board's own entries, which win; but nothing that the board alone may show. Entries of
/// a device in configfs come in the kernel's order. Gives `folder`. Null stays null. Any thread.
DIR* join_host(DIR* folder);

/// readdir() of any stream.
dirent* read_folder(DIR* folder);
/// Before rewinddir(), before closedir().
void rewind_host(DIR* folder);
void leave_host(DIR* folder);

}  // namespace plugboard::shim
