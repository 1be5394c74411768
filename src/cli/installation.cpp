#include "cli/installation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "cli/failure.h"

namespace plugboard::cli {
namespace {

constexpr std::string_view shim_name = "libplugboard-preload.so";

}  // namespace

Installation find_installation() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) {
        throw Failure(fmt::format("/proc/self/exe cannot be read: {}", error.message()),
                      "mount /proc", Exit::Plugboard);
    }
    const auto prefix = self.parent_path().parent_path();
    Installation installation;
    installation.command = self;
    installation.daemon = prefix / "libexec" / "plugboard-daemon";
    // As installed, and as built; the last one is named when it is in neither.
    for (const char* folder : {PLUGBOARD_SHIM_FOLDER, "lib"}) {
        installation.shim = prefix / folder / shim_name;
        if (access(installation.shim.c_str(), R_OK) == 0) break;
    }
    for (const auto& file : {installation.daemon, installation.shim}) {
        if (access(file.c_str(), R_OK) == 0) continue;
        throw Failure(fmt::format("{} is missing", file),
                      "keep bin/, lib/ and libexec/ of a build or an installed prefix together",
                      Exit::Plugboard);
    }
    if (installation.shim.find_first_of(" :") != std::string::npos) {
        throw Failure(fmt::format("\"{}\" cannot be in LD_PRELOAD: it has a blank or a colon",
                                  installation.shim),
                      "move the prefix to a path without them", Exit::Plugboard);
    }
    return installation;
}

std::string link_command(const Installation& installation, const std::string& board) {
    const std::filesystem::path folder = std::filesystem::path(board) / "bin";
    std::error_code error;
    // A board that was joined has it.
    if (std::filesystem::create_directory(folder, error) && !error)
        std::filesystem::create_symlink(installation.command, folder / "plugboard", error);
    if (error)
        throw Failure(fmt::format("{} cannot be made: {}", folder.native(), error.message()),
                      "make room in the board's file system", Exit::Plugboard);
    return folder;
}

std::string without_shim(const std::string& ld_preload) {
    std::string kept;
    size_t at = 0;
    while (at < ld_preload.size()) {
        const size_t end = std::min(ld_preload.find_first_of(" :", at), ld_preload.size());
        const std::string_view word(ld_preload.data() + at, end - at);
        const bool is_shim = word == shim_name || word.ends_with(fmt::format("/{}", shim_name));
        if (!word.empty() && !is_shim) kept += (kept.empty() ? "" : ":") + std::string(word);
        at = end + 1;
    }
    return kept;
}

}  // namespace plugboard::cli
