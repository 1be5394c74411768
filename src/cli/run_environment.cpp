#include "cli/run_environment.h"

#include <stdlib.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "cli/compositor_environment.h"

namespace plugboard::cli {
namespace {

/// The folder first, and nowhere else: a shell may ask for the environment twice.
std::string with_first_folder(const std::string& folder, std::string_view path) {
    std::string result = folder;
    for (size_t at = 0; at <= path.size();) {  // an empty entry is one, too
        const size_t end = std::min(path.find(':', at), path.size());
        const std::string_view entry = path.substr(at, end - at);
        if (entry != folder) result.append(":").append(entry);
        at = end + 1;
    }
    return result;
}

}  // namespace

std::string environment_value(const char* name) {
    const char* value = getenv(name);
    return value != nullptr ? value : "";
}

Environment run_environment(const Installation& installation, const std::string& directory,
                            const Reach& reach) {
    const std::string others = without_shim(environment_value("LD_PRELOAD"));
    Environment environment = {{"LD_PRELOAD", preload_words(reach, installation.shim, others)},
                               {"PLUGBOARD_BOARD", directory}};
    // `plugboard status` and the like work in there by that name. Without a PATH libc has one.
    const std::string folder = link_command(installation, directory);
    if (const std::string path = environment_value("PATH"); !path.empty())
        environment.emplace_back("PATH", with_first_folder(folder, path));
    for (auto& variable : compositor_environment(directory))
        environment.push_back(std::move(variable));
    return environment;
}

}  // namespace plugboard::cli
