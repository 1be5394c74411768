// Programs: starting them, what became of them, and who descends from us.
#pragma once

#include <signal.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "cli/failure.h"

namespace plugboard::cli {

struct SpawnOptions {
    std::vector<std::string> command;  // the first word is looked for in PATH
    std::vector<std::pair<std::string, std::string>> environment{};  // an empty value removes
    int kept_fd = -1;                                                // stays open in the program
    bool new_session = false;  // no terminal, no input and output, no shim; named by its path
    sigset_t signal_mask{};    // the program's; empty at first
    sighandler_t child_action = SIG_DFL;  // of its SIGCHLD: SIG_DFL or SIG_IGN
};

struct SpawnFailure {
    Exit exit = Exit::NotFound;  // NotFound or NotRunnable
    int error = 0;               // errno of execvp
};

/// A child of this process. Not reaped by this class.
struct Child {
    int pid = -1;
    UniqueFd pid_fd;
};

struct SpawnResult {
    Child child;
    std::optional<SpawnFailure> failure;
};

/// Returns when the program runs, or why it does not. Throws Failure (125): fork failed.
SpawnResult spawn(const SpawnOptions& options);

/// "it died of signal 11 (Segmentation fault)", "it ended with status 1".
std::string describe_end(int wait_status);

/// The exit status a shell would report: 128+n for a signal.
int shell_status(int wait_status);

struct Process {
    int pid = 0;
    int parent = 0;
    char state = '?';  // as in /proc/PID/stat
    std::string name;
};

/// Living (not zombie) descendants of `root`, nearest first; `except` and what descends from it
/// left out.
std::vector<Process> descendants(int root, int except);

}  // namespace plugboard::cli
