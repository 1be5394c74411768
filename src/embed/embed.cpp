// The functions of plugboard_embed.h.
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "embed/board_thread.h"
#include "embed/control_request.h"
#include "embed/outside.h"
#include "embed/plugboard_embed.h"
#include "shim/board.h"
#include "shim/channels.h"

namespace plugboard::embed {
namespace {

using daemon::Outcome;
using daemon::Problem;

/// The board that this process, or one that it was forked from, has started.
constinit std::atomic<BoardThread*> running = nullptr;
constinit std::atomic<pid_t> starter = 0;

/// Whether the program's calls of libc arrive here. Asked of a name that sanitizers leave alone.
bool stands_in_front() {
    void* const program = dlopen(nullptr, RTLD_LAZY);
    void* const first = program ? dlsym(program, "closefrom") : nullptr;
    Dl_info found{}, own{};
    return first && dladdr(first, &found) != 0 && dladdr(&running, &own) != 0 &&
           found.dli_fbase == own.dli_fbase;
}

Outcome<std::unique_ptr<BoardThread>> start(const char* toml) {
    if (running.load() && starter.load() != getpid())
        return Problem{.message = "this process was forked from one that has a board",
                       .remedy = "use that board, stop it before fork(), or exec"};
    if (running.load())
        return Problem{.message = "this process has a board already",
                       .remedy = "plugboard_embed_stop() it, or describe all cards in one"};
    if (!stands_in_front())
        return Problem{.message = "this program's calls do not reach libplugboard-embed",
                       .remedy =
                           "link it into the program instead of dlopen(), and do not start "
                           "it by plugboard run"};
    auto board = BoardThread::start(toml ? std::optional<std::string>(toml) : std::nullopt);
    if (board.ok() && !shim::enter_board(board.value()->directory(), is_outside))
        return Problem{.message = "there is no memory for the board"};
    return board;
}

char* copy(const std::string& text) {
    return strdup(text.c_str());
}

}  // namespace
}  // namespace plugboard::embed

namespace embed = plugboard::embed;

#pragma GCC visibility push(default)
extern "C" {

bool plugboard_embed_start(const char* toml, char** error) {
    if (error) *error = nullptr;
    auto started = embed::start(toml);
    if (!started.ok()) {
        const auto& problem = started.problem();
        const std::string remedy = problem.remedy.empty() ? "" : "; " + problem.remedy;
        if (error) *error = embed::copy(problem.headline() + remedy);
        return false;
    }
    [[maybe_unused]] static const int at_exit = atexit(plugboard_embed_stop);
    embed::starter.store(getpid());
    embed::running.store(started.value().release());
    return true;
}

void plugboard_embed_stop(void) {
    if (!embed::running.load() || embed::starter.load() != getpid()) return;
    delete embed::running.exchange(nullptr);
    plugboard::shim::close_idle_channels();
}

bool plugboard_embed_request(const char* request, char** answer, int* attachment) {
    const embed::BoardThread* board = embed::running.load();
    auto received =
        board ? embed::ask_board(board->directory(), request)
              : embed::refusal("this process has no board", "plugboard_embed_start() one");
    if (answer) *answer = embed::copy(received.line);
    if (attachment) *attachment = received.attachment.release();
    return received.ok;
}

const char* plugboard_embed_directory(void) {
    const embed::BoardThread* board = embed::running.load();
    return board ? board->directory().c_str() : nullptr;
}

}  // extern "C"
#pragma GCC visibility pop
