#include "daemon/control/trace_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace plugboard::daemon {
namespace {

UniqueFd open_file(const std::string& file) {
    if (file.empty()) return UniqueFd(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    return UniqueFd(open(file.c_str(),
                         O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666));
}

}  // namespace

Outcome<Done> start_trace(Trace& trace, const std::string& file) {
    UniqueFd to = open_file(file);
    if (!to.is_open()) {
        return Problem{.message = fmt::format("the trace cannot be written to {}: {}",
                                              file.empty() ? "standard error" : file,
                                              errno_name(last_error())),
                       .remedy = "name a file in a folder that you may write to"};
    }
    const auto begin = file.empty() ? Trace::Begin::Behind : Trace::Begin::Afresh;
    if (!trace.start(std::move(to), begin)) {
        return Problem{.message = "the board is traced already",
                       .remedy = "end that trace first: plugboard trace off"};
    }
    return Done{};
}

void add_trace_command(Commands& commands, Trace& trace) {
    commands.add("trace", [&trace](const JsonPlace& request) -> Outcome<Reply> {
        Reply reply;
        if (request.at("on").boolean()) {
            const auto started =
                start_trace(trace, request.text_or("file", longest_control_name, ""));
            if (!started.ok()) return started.problem();
        } else if (trace.is_on()) {
            reply.body["summary"] = trace.stop();
        } else {
            return Problem{.message = "the board is not traced",
                           .remedy = "start it: plugboard trace on"};
        }
        return reply;
    });
}

}  // namespace plugboard::daemon
