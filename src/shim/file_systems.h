// The file systems that the board's folders would be: a client may look for a mount point by the
// device numbers of its two sides.
#pragma once

#include <sys/stat.h>

#include <string_view>

namespace plugboard::shim {

struct FileSystem {
    long magic;    // as in statfs::f_type
    dev_t device;  // as in stat::st_dev; of no file of the host
};

/// Of an absolute path of the board, as the client writes it; ".." goes by its letter.
FileSystem file_system_of(std::string_view path);

}  // namespace plugboard::shim
