#include "cli/host.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/boards_root.h"
#include "base/unique_fd.h"
#include "cli/board_directory.h"
#include "cli/installation.h"
#include "cli/run_environment.h"

namespace plugboard::cli {
namespace {

using Verdict = Check::Verdict;

constexpr uint64_t mebibyte = 1 << 20;
constexpr uint64_t least_shm = 32 * mebibyte;  // a screen of 4K
constexpr size_t least_name = 11;              // "run-1234567"
constexpr size_t longest_socket = 9;           // "/control" and the end of the text
constexpr uint64_t least_descriptors = 256, least_for_daemon = 1024;

std::string first_line(const std::string& file) {
    std::ifstream stream(file);
    std::string line;
    std::getline(stream, line);
    return line;
}

void try_call(Host& host, const char* name, int fd) {
    if (fd < 0) host.refused_calls.push_back(fmt::format("{}: {}", name, strerror(errno)));
    const UniqueFd closed(fd);
}

/// What a run, its daemon and the shim cannot do without.
void try_calls(Host& host) {
    try_call(host, "socket(SOCK_STREAM)", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    try_call(host, "socket(SOCK_SEQPACKET)", socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    try_call(host, "memfd_create", memfd_create("plugboard-doctor", MFD_CLOEXEC));
    try_call(host, "eventfd", eventfd(0, EFD_CLOEXEC));
    try_call(host, "epoll_create1", epoll_create1(EPOLL_CLOEXEC));
    sigset_t set;
    sigemptyset(&set);
    try_call(host, "signalfd", signalfd(-1, &set, SFD_CLOEXEC));
    try_call(host, "pidfd_open", static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
}

int seccomp_mode() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        int mode = 0;
        if (word == "Seccomp:" && status >> mode) return mode;
    }
    return 0;
}

/// As the daemon will look at it.
std::string problem_of_root(const std::string& root) {
    struct stat info {};
    if (lstat(root.c_str(), &info) != 0) {
        if (errno != ENOENT) return fmt::format("{}: {}", root, strerror(errno));
        const std::string parent = std::filesystem::path(root).parent_path();
        if (access(parent.c_str(), W_OK | X_OK) == 0) return {};
        return fmt::format("{} cannot be made: {}", root, strerror(errno));
    }
    if (!S_ISDIR(info.st_mode)) return root + " is no folder";
    if (info.st_uid != geteuid() || (info.st_mode & 0077) != 0)
        return root + " belongs to, or is open to, others";
    if (access(root.c_str(), W_OK | X_OK) != 0)
        return fmt::format("{} cannot be written: {}", root, strerror(errno));
    return {};
}

void look_at_boards_root(Host& host) {
    host.boards_root = boards_root();
    host.root_problem = problem_of_root(host.boards_root);
    host.has_runtime_dir = !environment_value("XDG_RUNTIME_DIR").empty();
    const size_t taken = host.boards_root.size() + 1 + longest_socket;
    const size_t room = sizeof(sockaddr_un::sun_path);
    host.longest_name = taken < room ? room - taken : 0;
}

void look_at_limits(Host& host) {
    cpu_set_t processors;
    if (sched_getaffinity(0, sizeof(processors), &processors) == 0)
        host.processors = static_cast<unsigned>(CPU_COUNT(&processors));
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        host.descriptors = limit.rlim_cur;
        host.most_descriptors = limit.rlim_max;
    }
}

Check check_calls(const Host& host) {
    const std::string filter =
        host.seccomp == 2 ? "; a seccomp filter is on" : "; no seccomp filter";
    if (host.refused_calls.empty())
        return {"system calls", Verdict::Ok,
                "sockets, memfd, eventfd, epoll, signalfd, pidfd" + filter};
    return {"system calls", Verdict::Failure,
            fmt::format("{}{}", fmt::join(host.refused_calls, "; "), filter),
            host.seccomp == 2 ? "let the container's or sandbox's seccomp profile allow them"
                              : "use Linux 5.10 or later; see ulimit -n"};
}

Check check_privileges(const Host& host) {
    std::vector<std::string_view> why;
    if (host.no_new_privileges) why.push_back("no_new_privs is set");
    if (host.nosuid) why.push_back("the file system is mounted nosuid");
    if (why.empty())
        return {"privileges", Verdict::Ok, "setuid programs work here, and are not reached"};
    return {
        "privileges", Verdict::Ok,
        fmt::format("{}: setuid programs get no rights, and are reached", fmt::join(why, ", "))};
}

Check check_boards_root(const Host& host) {
    const char* name = "boards";
    if (!host.root_problem.empty())
        return {name, Verdict::Failure, host.root_problem,
                "set XDG_RUNTIME_DIR to a folder of your own (mode 700)"};
    if (host.longest_name < least_name)
        return {name, Verdict::Failure,
                fmt::format("{} is too long a path for sockets in it", host.boards_root),
                "set XDG_RUNTIME_DIR to a shorter path"};
    const bool is_fallback =
        host.board.empty() && host.boards_root.find("/plugboard-") != std::string::npos;
    const char* why = !is_fallback           ? ""
                      : host.has_runtime_dir ? ", as XDG_RUNTIME_DIR is no folder of yours"
                                             : ", as XDG_RUNTIME_DIR is not set";
    return {name, Verdict::Ok,
            fmt::format("are made in {}{}; a name may have {} letters", host.boards_root, why,
                        host.longest_name)};
}

Check check_shm(const Host& host) {
    const char* remedy = "give the container more: docker run --shm-size=256m";
    if (!host.shm_free)
        return {"/dev/shm", Verdict::Warning, "is not there: compositors may need it",
                "mount a tmpfs at /dev/shm"};
    const std::string finding = fmt::format("{} MiB free", *host.shm_free / mebibyte);
    if (*host.shm_free < least_shm)
        return {"/dev/shm", Verdict::Warning,
                finding + ": little for compositors and their clients", remedy};
    return {"/dev/shm", Verdict::Ok, finding};
}

Check check_devices(const Host& host) {
    if (!host.board.empty())
        return {"devices", Verdict::Ok, "those of the board around this process: " + host.board};
    return {"devices", Verdict::Ok,
            fmt::format("the host has {} and {}", host.has_sys ? "/sys" : "no /sys",
                        host.has_dri ? "/dev/dri, whose cards are hidden on a board"
                                     : "no /dev/dri; neither is needed")};
}

Check check_preloads(const Host& host) {
    std::vector<std::string> others;
    if (!host.preload.empty()) others.push_back("LD_PRELOAD has " + host.preload);
    if (!host.system_preload.empty())
        others.push_back("/etc/ld.so.preload has " + host.system_preload);
    if (!host.audit.empty()) others.push_back("LD_AUDIT has " + host.audit);
    if (others.empty()) return {"preloads", Verdict::Ok, "no others'"};
    return {"preloads", Verdict::Warning, fmt::format("{}", fmt::join(others, "; ")),
            "they are loaded too: leave them out where something is odd"};
}

Check check_processors(const Host& host) {
    if (host.processors > 1) return {"processors", Verdict::Ok, fmt::format("{}", host.processors)};
    return {"processors", Verdict::Warning, "1: client and board take turns on it",
            "give the container two; flips will be late else"};
}

Check check_descriptors(const Host& host) {
    const std::string finding =
        fmt::format("{} for a program, {} for the daemon", host.descriptors, host.most_descriptors);
    if (host.descriptors >= least_descriptors && host.most_descriptors >= least_for_daemon)
        return {"descriptors", Verdict::Ok, finding};
    return {"descriptors", Verdict::Warning, finding + ": few",
            fmt::format("ulimit -n {}", least_for_daemon)};
}

}  // namespace

Host look_at_host() {
    Host host;
    utsname names{};
    if (uname(&names) == 0) host.kernel = static_cast<const char*>(names.release);
    host.libc = gnu_get_libc_version();
    try_calls(host);
    host.seccomp = seccomp_mode();
    host.no_new_privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
    struct statvfs system {};
    host.nosuid = statvfs("/proc/self/exe", &system) == 0 && (system.f_flag & ST_NOSUID) != 0;
    look_at_boards_root(host);
    if (statvfs("/dev/shm", &system) == 0) host.shm_free = system.f_bavail * system.f_frsize;
    host.has_sys = access("/sys/class", F_OK) == 0;
    host.has_dri = access("/dev/dri", F_OK) == 0;
    host.preload = without_shim(environment_value("LD_PRELOAD"));
    host.system_preload = first_line("/etc/ld.so.preload");
    host.audit = environment_value("LD_AUDIT");
    host.board = environment_value("PLUGBOARD_BOARD");
    look_at_limits(host);
    return host;
}

std::vector<Check> judge(const Host& host) {
    return {{"versions", Verdict::Ok,
             fmt::format("plugboard {}, Linux {}, glibc {}", PLUGBOARD_VERSION, host.kernel,
                         host.libc)},
            check_calls(host),
            check_privileges(host),
            check_boards_root(host),
            check_shm(host),
            check_devices(host),
            check_preloads(host),
            check_processors(host),
            check_descriptors(host)};
}

}  // namespace plugboard::cli
