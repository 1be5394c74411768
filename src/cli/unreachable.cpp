#include "cli/unreachable.h"

#include <elf.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <vector>

namespace plugboard::cli {
namespace {

std::string find_in_path(const std::string& program) {
    if (program.find('/') != std::string::npos) return program;
    const char* path = getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "/usr/bin:/bin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        std::string file = (folder.empty() ? "." : folder) + "/" + program;
        if (access(file.c_str(), X_OK) == 0) return file;
    }
    return program;
}

/// PT_INTERP of a 64-bit ELF file; empty when it has none.
std::string read_loader(std::ifstream& file, const Elf64_Ehdr& header) {
    for (int i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment{};
        file.seekg(static_cast<std::streamoff>(header.e_phoff) + i * header.e_phentsize);
        if (!file.read(reinterpret_cast<char*>(&segment), sizeof(segment))) return {};
        if (segment.p_type != PT_INTERP || segment.p_filesz == 0 || segment.p_filesz > PATH_MAX)
            continue;
        std::string loader(segment.p_filesz - 1, '\0');
        file.seekg(static_cast<std::streamoff>(segment.p_offset));
        file.read(loader.data(), static_cast<std::streamsize>(loader.size()));
        return loader;
    }
    return {};
}

std::optional<std::string> why_elf_unreachable(const std::string& path, std::ifstream& file,
                                               const Elf64_Ehdr& header) {
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64)
        return fmt::format("{} is not an x86-64 program", path);
    const std::string loader = read_loader(file, header);
    if (loader.empty()) return fmt::format("{} is statically linked", path);
    if (loader.find("musl") != std::string::npos) return fmt::format("{} runs on musl", path);
    struct stat info {};
    if (stat(path.c_str(), &info) == 0 && (info.st_mode & (S_ISUID | S_ISGID)) != 0)
        return fmt::format("{} is setuid or setgid: the loader ignores LD_PRELOAD", path);
    if (getxattr(path.c_str(), "security.capability", nullptr, 0) > 0)
        return fmt::format("{} has file capabilities: the loader ignores LD_PRELOAD", path);
    return std::nullopt;
}

}  // namespace

std::optional<std::string> why_unreachable(const std::string& program) {
    const std::string path = find_in_path(program);
    std::ifstream file(path, std::ios::binary);
    Elf64_Ehdr header{};
    file.read(reinterpret_cast<char*>(&header), sizeof(header));
    if (file.gcount() >= 2 && memcmp(header.e_ident, "#!", 2) == 0) {
        std::ifstream script(path);
        std::string line;
        std::getline(script, line);
        std::istringstream words(line.substr(2));
        std::string interpreter;
        words >> interpreter;
        std::ifstream again(interpreter, std::ios::binary);
        if (!again.read(reinterpret_cast<char*>(&header), sizeof(header))) return std::nullopt;
        return why_elf_unreachable(interpreter, again, header);
    }
    if (static_cast<size_t>(file.gcount()) < sizeof(header) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return std::nullopt;
    return why_elf_unreachable(path, file, header);
}

}  // namespace plugboard::cli
