#include "shim/file_systems.h"

#include <linux/magic.h>
#include <sys/sysmacros.h>

#include "shim/lexical.h"

namespace plugboard::shim {
namespace {

constexpr long configfs_magic = 0x62656570;
constexpr unsigned first_minor = 0xfff00;  // the kernel counts its own up from 1

struct Mount {
    std::string_view folder;
    long magic;
};
constexpr Mount mounts[] = {
    {"/sys/kernel/debug", DEBUGFS_MAGIC},
    {"/sys/kernel/config", configfs_magic},
    {"/sys", SYSFS_MAGIC},
    {"/dev", TMPFS_MAGIC},
    {"/run", TMPFS_MAGIC},
    {"/proc", PROC_SUPER_MAGIC},
};

}  // namespace

FileSystem file_system_of(std::string_view path) {
    Lexical lexical;
    lexical.add(path);
    unsigned minor = first_minor;
    for (const auto& [folder, magic] : mounts) {
        if (lexical.is_below(folder)) return {magic, makedev(0, minor)};
        minor++;
    }
    return {TMPFS_MAGIC, makedev(0, minor)};
}

}  // namespace plugboard::shim
