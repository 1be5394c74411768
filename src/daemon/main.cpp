// plugboard-daemon: one board, for as long as its runner lives, or until it is shut down. Started
// by `plugboard run` and `plugboard up`.
#include <fcntl.h>
#include <fmt/format.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/unique_fd.h"
#include "daemon/board_directory.h"
#include "daemon/board_server.h"
#include "daemon/config/config.h"
#include "daemon/config/config_text.h"
#include "daemon/control/commands.h"
#include "daemon/control/control.h"
#include "daemon/control/trace_command.h"

namespace plugboard::daemon {
namespace {

constexpr int failed_status = 1, usage_status = 2;

struct Arguments {
    std::string board;
    CardSource cards;
    std::vector<std::string> screens;
    bool step = false;
    std::string debug;
    std::optional<std::string> trace;  // a file; empty: standard error
    int runner_fd = -1;
    bool keep = false;
    bool check = false;  // no board: says what it would be
};

std::optional<Arguments> parse_arguments(int argc, char** argv) {
    static constexpr std::array<option, 12> options = {{
        {"board", required_argument, nullptr, 'b'},
        {"toml", required_argument, nullptr, 'c'},
        {"preset", required_argument, nullptr, 'p'},
        {"like", required_argument, nullptr, 'l'},
        {"step", no_argument, nullptr, 'S'},
        {"check", no_argument, nullptr, 'C'},
        {"screen", required_argument, nullptr, 's'},
        {"debug", required_argument, nullptr, 'd'},
        {"trace", required_argument, nullptr, 't'},
        {"runner-fd", required_argument, nullptr, 'r'},
        {"keep", no_argument, nullptr, 'k'},
        {nullptr, 0, nullptr, 0},
    }};
    Arguments arguments;
    for (;;) {
        // No other thread yet. NOLINTNEXTLINE(concurrency-mt-unsafe)
        const int letter = getopt_long(argc, argv, "", options.data(), nullptr);
        if (letter == -1) break;
        switch (letter) {
            case 'b': arguments.board = optarg; break;
            case 'c': arguments.cards.toml = optarg; break;
            case 'p': arguments.cards.preset = optarg; break;
            case 'l': arguments.cards.like = optarg; break;
            case 'S': arguments.step = true; break;
            case 'C': arguments.check = true; break;
            case 's': arguments.screens.emplace_back(optarg); break;
            case 'd': arguments.debug = optarg; break;
            case 't': arguments.trace = optarg; break;
            case 'r': arguments.runner_fd = static_cast<int>(strtol(optarg, nullptr, 10)); break;
            case 'k': arguments.keep = true; break;
            default: return std::nullopt;
        }
    }
    if (optind != argc || (arguments.board.empty() && !arguments.check)) return std::nullopt;
    return arguments;
}

Outcome<Config> read_config(const Arguments& arguments) {
    std::vector<ScreenOption> screens;
    for (const std::string& text : arguments.screens) {
        auto screen = parse_screen_option(text);
        if (!screen.ok()) return screen.problem();
        screens.push_back(screen.value());
    }
    auto config = read_cards(arguments.cards, screens);
    if (config.ok() && arguments.step) config.value().clock = "step";
    return config;
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void say(int runner_fd, const nlohmann::json& line) {
    const std::string text =
        line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    std::string_view rest = text;
    while (runner_fd >= 0 && !rest.empty()) {
        const ssize_t count = send(runner_fd, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return;
        rest.remove_prefix(static_cast<size_t>(count));
    }
}

/// Why the daemon ends.
enum class End { Finish, Other };

/// Waits for a signal, a shutdown command, the runner's word or its end.
class Runner {
  public:
    Runner(UniqueFd socket, UniqueFd stop, bool keep)
        : socket_(std::move(socket)), stop_(std::move(stop)), keep_(keep) {}

    /// From here on they end the wait; until then the process. Before there are threads.
    void block_signals() {
        sigset_t set;
        sigemptyset(&set);
        for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
        pthread_sigmask(SIG_BLOCK, &set, nullptr);
        signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    }

    int socket() const { return socket_.borrow(); }
    /// For the first word, until note_told().
    bool is_waiting() const { return socket_.is_open() && !told_; }
    void note_told() { told_ = true; }
    void stop() const {
        const uint64_t one = 1;
        if (write(stop_.borrow(), &one, sizeof(one)) < 0)
            log::error("stop: {}", errno_name(last_error()));
    }

    End wait() {
        for (;;) {
            std::array<pollfd, 3> sources = {pollfd{has_left_ ? -1 : socket_.borrow(), POLLIN, 0},
                                             pollfd{signals_.borrow(), POLLIN, 0},
                                             pollfd{stop_.borrow(), POLLIN, 0}};
            if (poll(sources.data(), sources.size(), -1) < 0) continue;
            if (sources[1].revents != 0 || sources[2].revents != 0) return End::Other;
            if (sources[0].revents == 0) continue;
            if (const auto end = read_word()) return *end;
        }
    }

  private:
    std::optional<End> read_word() {
        std::array<char, 4096> bytes{};
        const ssize_t count = recv(socket_.borrow(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) return std::nullopt;
        if (count <= 0) {
            has_left_ = true;  // keeps its descriptor: a check for leaks may be counting
            if (keep_) return std::nullopt;
            return End::Other;
        }
        pending_.append(bytes.data(), static_cast<size_t>(count));
        if (pending_.find('\n') == std::string::npos) return std::nullopt;
        const auto word =
            nlohmann::json::parse(pending_.substr(0, pending_.find('\n')), nullptr, false);
        pending_.clear();
        if (word.is_object() && word.value("op", "") == "finish") return End::Finish;
        return std::nullopt;
    }

    UniqueFd socket_, signals_, stop_;
    const bool keep_;
    bool told_ = false;
    bool has_left_ = false;
    std::string pending_;
};

/// A kept board outlives the terminal and the pipes of its run.
void log_to_file(const std::string& directory) {
    const UniqueFd file(
        open((directory + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!file.is_open()) return;
    dup2(file.borrow(), STDOUT_FILENO);
    dup2(file.borrow(), STDERR_FILENO);
}

/// The runner prints what it is told while it waits for the board; later, or without one, there is
/// the log.
void say_problem(const Runner& runner, const Problem& problem) {
    if (!runner.is_waiting()) return log::error("{}", problem.headline());
    say(runner.socket(), {{"plugboard", control_version},
                          {"ok", false},
                          {"error", problem.headline()},
                          {"remedy", problem.remedy}});
}

/// In what the card is not like the one that it was to be like: the first few.
void print_notes(const CardConfig& card) {
    constexpr size_t most = 6;
    const size_t shown = card.notes.size() > most ? most - 1 : card.notes.size();
    for (size_t i = 0; i < shown; ++i)
        fputs(fmt::format("plugboard: {} is not the same: {}\n", card.name, card.notes[i]).c_str(),
              stderr);
    if (shown == card.notes.size()) return;
    fputs(
        fmt::format("plugboard: {} is not the same in {} more places; plugboard config check FILE "
                    "lists them\n",
                    card.name, card.notes.size() - shown)
            .c_str(),
        stderr);
}

Outcome<Done> serve(const Arguments& arguments, Runner& runner) {
    const auto categories =
        arguments.debug.empty() ? Result<uint32_t>(0u) : log::parse_categories(arguments.debug);
    if (!categories.ok()) {
        return Problem{
            .message = fmt::format("\"{}\" has a word that is no category", arguments.debug),
            .remedy = fmt::format("use {}, or all, with commas", log::category_words()),
            .key = "--debug"};
    }
    log::enabled_mask = *categories;

    auto config = read_config(arguments);
    if (!config.ok()) return config.problem();
    runner.block_signals();
    auto directory = BoardDirectory::create(arguments.board);
    if (!directory.ok()) return directory.problem();
    if (arguments.keep) log_to_file(directory.value().path());
    auto created =
        BoardServer::create(std::move(directory.value()), std::move(config.value()),
                            {.shut_down = [&] { runner.stop(); }, .stays = arguments.keep});
    if (!created.ok()) return created.problem();
    BoardServer& server = *created.value();
    for (const CardConfig& card : server.board().config().cards) print_notes(card);
    if (arguments.trace) {
        const auto started = start_trace(server.board().trace(), *arguments.trace);
        if (!started.ok()) return started.problem();
    }

    say(runner.socket(),
        {{"plugboard", control_version}, {"ok", true}, {"board", server.board().directory()}});
    runner.note_told();
    const End end = runner.wait();
    server.end();
    if (end == End::Finish) {
        nlohmann::json report = final_report(server.board());
        report["ok"] = true;
        say(runner.socket(), report);
    }
    return Done{};
}

/// Says it as the control socket would.
Outcome<Done> check(const Arguments& arguments, Runner& runner) {
    const auto config = read_config(arguments);
    if (!config.ok()) return config.problem();
    say(runner.socket(),
        {{"plugboard", control_version}, {"ok", true}, {"cards", describe_cards(config.value())}});
    return Done{};
}

int run(int argc, char** argv) {
    const auto arguments = parse_arguments(argc, argv);
    if (!arguments) {
        fputs(
            "usage: plugboard-daemon --board DIR [--toml FILE | --preset NAME | --like FILE]\n"
            "           [--screen SPEC]...\n"
            "           [--step] [--debug CATEGORIES] [--trace=[FILE]] [--runner-fd N] [--keep]\n"
            "       plugboard-daemon --check [--toml FILE | --preset NAME | --like FILE]\n"
            "           [--screen SPEC]...\n"
            "`plugboard run` starts it; see plugboard run --help.\n",
            stderr);
        return usage_status;
    }
    umask(022);
    raise_descriptor_limit();
    if (arguments->runner_fd >= 0) fcntl(arguments->runner_fd, F_SETFD, FD_CLOEXEC);
    signal(SIGPIPE, SIG_IGN);
    Runner runner(UniqueFd(arguments->runner_fd), UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
                  arguments->keep);
    try {
        const auto served =
            arguments->check ? check(*arguments, runner) : serve(*arguments, runner);
        if (served.ok()) return EXIT_SUCCESS;
        say_problem(runner, served.problem());
    } catch (const std::exception& error) {
        say_problem(runner, {.message = error.what()});
    }
    return failed_status;
}

}  // namespace
}  // namespace plugboard::daemon

int main(int argc, char** argv) {
    return plugboard::daemon::run(argc, argv);
}
