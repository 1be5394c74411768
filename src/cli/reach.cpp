#include "cli/reach.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <sstream>

#include "base/program_privilege.h"
#include "base/unique_fd.h"
#include "cli/failure.h"
#include "cli/output.h"

namespace plugboard::cli {
namespace {

using Kind = ProgramFile::Kind;
using Words = std::vector<std::string>;

constexpr size_t longest_chain = 8;  // the kernel ends a chain of scripts after five

std::optional<std::string> find_in_path(const std::string& program) {
    const auto is_runnable = [](const std::string& file) {
        struct stat info {};
        return stat(file.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
               access(file.c_str(), X_OK) == 0;
    };
    if (program.find('/') != std::string::npos) {
        if (is_runnable(program)) return program;
        return std::nullopt;
    }
    const char* path = getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "/bin:/usr/bin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        std::string file = (folder.empty() ? "." : folder) + "/" + program;
        if (is_runnable(file)) return file;
    }
    return std::nullopt;
}

size_t read_fd(const void* file, uint64_t offset, void* to, size_t size) {
    const ssize_t count =
        pread(*static_cast<const int*>(file), to, size, static_cast<off_t>(offset));
    return count < 0 ? 0 : static_cast<size_t>(count);
}

/// The command in the words of `env`, if it starts one.
Words command_of_env(const Words& words) {
    for (size_t i = 1; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "-u" || word == "-C" || word == "--unset" || word == "--chdir") {
            ++i;
        } else if (word.starts_with("-S") || word == "--split-string") {
            std::istringstream text(word.size() > 2 && word[1] == 'S' ? word.substr(2)
                                    : i + 1 < words.size()            ? words[++i]
                                                                      : "");
            Words split = {words[0]};
            for (std::string part; text >> part;) split.push_back(part);
            split.insert(split.end(), words.begin() + static_cast<ptrdiff_t>(i) + 1, words.end());
            return command_of_env(split);
        } else if (!word.starts_with("-") && word.find('=') == std::string::npos) {
            return {words.begin() + static_cast<ptrdiff_t>(i), words.end()};
        }
    }
    return {};
}

/// Follows a command from file to file.
class Chain {
  public:
    Chain(const Words& command, const std::string& shim) : shim_(shim) { reach_.command = command; }

    Reach follow() && {
        Words words = reach_.command;
        std::optional<std::string> file = find_in_path(words.front());
        while (file && reach_.files.size() < longest_chain) {
            reach_.files.push_back(*file);
            const UniqueFd fd(open(file->c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
            const int raw = fd.borrow();
            const ProgramFile program = read_program_file({.file = &raw, .read = read_fd});
            if (program.kind == Kind::Script) {
                words.front() = *file;
                if (program.argument[0] != '\0')
                    words.insert(words.begin(), program.argument.data());
                words.insert(words.begin(), program.interpreter.data());
            } else {
                judge(*file, program, fd.is_open(), words);
                if (reach_.way != Reach::Way::Preload) return std::move(reach_);
                is_first_ = false;
                words = file->ends_with("/env") ? command_of_env(words) : Words();
                if (words.empty()) return std::move(reach_);
            }
            file = find_in_path(words.front());
        }
        if (!file) {
            reach_.way = Reach::Way::NotFound;
            reach_.obstacle = fmt::format("{} is not there, or cannot be run", words.front());
            reach_.remedy = "check its name and permissions";
        }
        return std::move(reach_);
    }

  private:
    void judge(const std::string& file, const ProgramFile& program, bool is_readable,
               const Words& words) {
        if (is_first_) reach_.sanitizer = program.sanitizer.data();
        const Obstacle by_bytes = obstacle_of(program);
        const Obstacle obstacle =
            by_bytes == Obstacle::None ? privilege_of(file.c_str()) : by_bytes;
        if (obstacle == Obstacle::None) return;
        reach_.obstacle = describe(obstacle, file);
        reach_.remedy = remedy_of(obstacle);
        switch (obstacle) {
            case Obstacle::Setuid: reach_.way = Reach::Way::Refused; break;
            case Obstacle::Capabilities: start_by_loader(file, program, is_readable, words); break;
            case Obstacle::Go:
                reach_.way =
                    program.kind == Kind::Glibc ? Reach::Way::Partly : Reach::Way::NotAtAll;
                break;
            case Obstacle::Musl:
            case Obstacle::OtherLibc: reach_.takes_no_library = is_first_; [[fallthrough]];
            default: reach_.way = Reach::Way::NotAtAll;
        }
    }

    void start_by_loader(const std::string& file, const ProgramFile& program, bool is_readable,
                         const Words& words) {
        if (!is_readable) {
            reach_.way = Reach::Way::Refused;
            reach_.obstacle = fmt::format(
                "{} has file capabilities and cannot be read, so not even its loader can start it",
                file);
            reach_.remedy = fmt::format("make it readable: chmod a+r {}", file);
            return;
        }
        reach_.way = Reach::Way::Loader;
        if (!is_first_) return;  // the shim does it, in the program that starts it
        reach_.command = {
            program.interpreter.data(), "--preload", shim_, "--argv0", words.front(), file};
        reach_.command.insert(reach_.command.end(), words.begin() + 1, words.end());
    }

    const std::string& shim_;
    bool is_first_ = true;  // what the kernel itself starts
    Reach reach_;
};

}  // namespace

Reach find_reach(const std::vector<std::string>& command, const std::string& shim) {
    return Chain(command, shim).follow();
}

std::string preload_words(const Reach& reach, const std::string& shim, const std::string& others) {
    if (reach.takes_no_library) return others;
    std::string words = reach.sanitizer.empty() ? shim : reach.sanitizer + ":" + shim;
    if (!others.empty()) words += ":" + others;
    return words;
}

void announce(const Reach& reach) {
    switch (reach.way) {
        case Reach::Way::Preload:
        case Reach::Way::NotFound: return;
        case Reach::Way::Refused: throw Failure(reach.obstacle, reach.remedy, Exit::Plugboard);
        case Reach::Way::Loader:
            return print_note(fmt::format("plugboard: {}: {}", reach.obstacle, reach.remedy));
        case Reach::Way::Partly:
        case Reach::Way::NotAtAll: return print_warning(reach.obstacle, reach.remedy);
    }
}

std::string describe(Obstacle obstacle, const std::string& file) {
    switch (obstacle) {
        case Obstacle::None: return file + " is reached";
        case Obstacle::Static:
            return file + " is statically linked: no library can be loaded into it";
        case Obstacle::Go:
            return file + " is a Go program, whose runtime makes its system calls past libc";
        case Obstacle::Musl:
            return file +
                   " runs on musl: it is started without the preload library, made for glibc";
        case Obstacle::OtherLibc:
            return file +
                   " runs on another libc: it is started without the preload library, made "
                   "for glibc";
        case Obstacle::Foreign:
            return file + " is no x86-64 program, for which the preload library is made";
        case Obstacle::Setuid: return file + " is setuid or setgid: its loader ignores LD_PRELOAD";
        case Obstacle::Capabilities:
            return file + " has file capabilities, with which its loader would ignore LD_PRELOAD";
    }
    return file;
}

std::string remedy_of(Obstacle obstacle) {
    switch (obstacle) {
        case Obstacle::None: return {};
        case Obstacle::Static: return "link it dynamically; what it starts is reached";
        case Obstacle::Go:
            return "open devices through cgo and libdrm, dynamically linked; what it starts is "
                   "reached";
        case Obstacle::Musl:
        case Obstacle::OtherLibc: return "use a build of it for glibc, such as Debian's package";
        case Obstacle::Foreign: return "use its x86-64 build; what it starts is reached";
        case Obstacle::Setuid:
            return "start the program that it would start; or a copy without the bit, which cp "
                   "makes";
        case Obstacle::Capabilities:
            return "started through that loader instead, without them; its /proc/self/exe is the "
                   "loader";
    }
    return {};
}

}  // namespace plugboard::cli
