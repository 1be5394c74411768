#include "daemon/board_server.h"

#include <fmt/format.h>

#include <utility>

namespace plugboard::daemon {

Outcome<std::unique_ptr<BoardServer>> BoardServer::create(BoardDirectory directory, Config config,
                                                          BoardServerOptions options) {
    auto board = Board::create(std::move(config), directory.path());
    if (!board.ok()) return board.problem();
    std::unique_ptr<BoardServer> server(
        new BoardServer(std::move(directory), std::move(board.value())));
    server->commands_ = make_commands(
        {.board = *server->board_,
         .stop_points = server->stop_points_,
         .count_descriptors = [&owner = *server] { return owner.control_->count_others(); },
         .shut_down = std::move(options.shut_down),
         .stays = options.stays});
    auto control = ControlServer::create(server->directory_.path() + "/control", server->commands_);
    if (!control.ok()) {
        return Problem{.message = fmt::format("the control socket cannot be made: {}",
                                              errno_name(control.error())),
                       .remedy = "use a shorter board name or XDG_RUNTIME_DIR"};
    }
    server->control_ = std::move(*control);
    if (!server->control_->start().ok())
        return Problem{.message = "the control socket gets no thread",
                       .remedy = "end some programs, or see ulimit -u"};
    return server;
}

BoardServer::BoardServer(BoardDirectory directory, std::unique_ptr<Board> board)
    : directory_(std::move(directory)), board_(std::move(board)), stop_points_(board_->slots()) {}

BoardServer::~BoardServer() {
    end();
}

void BoardServer::end() {
    if (control_) control_->end();  // its commands use it
    control_.reset();
    board_->end();
}

}  // namespace plugboard::daemon
