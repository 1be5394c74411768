#include "cli/runner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/unique_fd.h"
#include "cli/board_directory.h"
#include "cli/compositor_environment.h"
#include "cli/control_client.h"
#include "cli/daemon_process.h"
#include "cli/failure.h"
#include "cli/hang_report.h"
#include "cli/output.h"
#include "cli/process.h"
#include "cli/reach.h"
#include "cli/run_environment.h"
#include "cli/status_text.h"
#include "cli/unreached.h"

namespace plugboard::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds grace{2};           // between SIGTERM and SIGKILL
constexpr std::chrono::seconds straggler_time{3};  // on a busy machine
constexpr std::array forwarded = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};

/// Opens so far, and what is left, of a board that goes on.
FinalReport ask_for_report(const std::string& directory) {
    FinalReport report;
    report.opens = ask_board(directory, {{"op", "status"}}).body.value("opens", size_t{0});
    const auto leaks = ask_board(directory, {{"op", "check-leaks"}}).body;
    report.objects = leaks.value("objects", size_t{0});
    report.descriptors = leaks.value("fds", size_t{0});
    report.labels = leaks.value("labels", std::vector<std::string>());
    report.loops = leaks.value("loops", std::vector<std::string>());
    return report;
}

class Run {
  public:
    Run(RunOptions options, RunFollower follower)
        : options_(std::move(options)),
          follower_(std::move(follower)),
          is_followed_(follower_.is_there()) {}

    int execute() {
        // What the command leaves behind becomes our child, so that it can be counted.
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        block_signals();
        start_board();
        start_command();
        if (!never_ran_) wait_for_command();
        return finish();
    }

  private:
    void block_signals() {
        // Ignored, it would leave nobody to wait for.
        callers_child_action_ = signal(SIGCHLD, SIG_DFL);
        sigset_t set;
        sigemptyset(&set);
        for (const int one : forwarded) sigaddset(&set, one);
        sigaddset(&set, SIGCHLD);
        // A shell may have left us in the background: blocked, it keeps us from no terminal.
        sigaddset(&set, SIGTTOU);
        sigprocmask(SIG_BLOCK, &set, &callers_mask_);
        sigdelset(&set, SIGTTOU);
        signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    }

    void start_board() {
        installation_ = find_installation();
        const BoardOptions& board = options_.board;
        const std::string name = board.board_name();
        if (name.starts_with('/')) {
            directory_ = find_board(name);
        } else {
            directory_ = board_directory(name.empty() ? fmt::format("run-{}", getpid()) : name);
        }
        if (!name.empty() && is_alive(directory_)) return join_board();
        daemon_.emplace(installation_, DaemonOptions{.directory = directory_,
                                                     .board = board.with_usual_cards(),
                                                     .keep = options_.keep});
        daemon_->wait_until_ready();
    }

    void join_board() {
        if (options_.board.has_cards()) {
            throw Failure(fmt::format("the board \"{}\" is there already, with its own cards",
                                      options_.board.board_name()),
                          "leave out -c, -p, --like, -s and --step, or choose another name",
                          Exit::Plugboard);
        }
        board_ = connect_to_board(directory_);
        unreached_before_ = read_unreached(directory_).size();
        if (const std::string& debug = options_.board.debug; !debug.empty())
            ask_board(directory_, {{"op", "debug"}, {"categories", debug}});
        opens_before_ = ask_for_report(directory_).opens;
    }

    void start_command() {
        if (options_.command.empty()) {
            const std::string shell = environment_value("SHELL");
            options_.command = {shell.empty() ? "/bin/sh" : shell};
            is_shell_ = true;
        }
        reach_ = find_reach(options_.command, installation_.shim);
        announce(reach_);
        start_joined_trace();
        SpawnOptions spawn_options;
        spawn_options.command = reach_.command;
        spawn_options.signal_mask = callers_mask_;
        spawn_options.child_action = callers_child_action_;
        spawn_options.environment = run_environment(installation_, directory_, reach_);
        give_hint();
        auto spawned = spawn(spawn_options);
        if (spawned.failure) {
            print_error(
                fmt::format("{}: {}", options_.command.front(), strerror(spawned.failure->error)),
                "check the command's name and permissions");
            status_ = static_cast<int>(spawned.failure->exit);
            never_ran_ = true;
            return;
        }
        command_ = std::move(spawned.child);
        follower_.tell({{"started", command_.pid}, {"board", directory_}});
        if (options_.timeout) deadline_ = Clock::now() + *options_.timeout;
    }

    /// To a person only: scripts have read it once.
    void give_hint() const {
        const std::string hint = compositor_hint(options_.command);
        if (!hint.empty() && isatty(STDERR_FILENO) != 0)
            print_note(fmt::format("plugboard: {}", hint));
    }

    /// And, after its end, for the follower.
    void wait_for_command() {
        while (!status_ || follower_.is_there()) {
            int left = -1;
            if (deadline_ && !status_) {
                const auto time =
                    std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now());
                left = static_cast<int>(std::max<int64_t>(time.count(), 0));
            }
            std::array<pollfd, 3> sources = {pollfd{signals_.borrow(), POLLIN, 0},
                                             pollfd{board_.borrow(), 0, 0},
                                             pollfd{follower_.socket(), POLLIN, 0}};
            if (poll(sources.data(), sources.size(), left) == 0) handle_deadline();
            handle_signals();
            if (sources[1].revents != 0 && (!status_ || follower_.is_there())) handle_board_end();
            if (sources[2].revents != 0) handle_follower();
        }
    }

    void handle_follower() {
        for (const int number : follower_.take_signals()) {
            if (!status_) kill(command_.pid, number);
        }
        if (!follower_.is_there() && !status_) end_command();
    }

    void handle_signals() {
        signalfd_siginfo info{};
        while (read(signals_.borrow(), &info, sizeof(info)) == sizeof(info)) {
            const int number = static_cast<int>(info.ssi_signo);
            if (number == SIGCHLD) {
                reap();
            } else if (info.ssi_code != SI_KERNEL && !status_) {
                // What the terminal sends goes to the command by itself.
                kill(command_.pid, number);
            }
        }
    }

    void reap() {
        for (;;) {
            int raw = 0;
            const int pid = waitpid(-1, &raw, WNOHANG);
            if (pid <= 0) return;
            if (pid == command_.pid) {
                status_ = shell_status(raw);
                follower_.tell({{"ended", raw}});
            }
            if (daemon_ && pid == daemon_->pid()) handle_daemon_death(raw);
        }
    }

    void handle_daemon_death(int raw) {
        daemon_.reset();
        daemon_died_ = true;
        print_error(fmt::format("the daemon is gone: {}", describe_end(raw)),
                    "please report what it said above; the command is being ended");
        end_command();
    }

    /// Of a board that this run joined.
    void handle_board_end() {
        board_.reset();
        daemon_died_ = true;
        print_error("the daemon is gone: the board has been taken down, or died",
                    "see the run that started it; the command is being ended");
        end_command();
    }

    void handle_deadline() {
        if (is_ending_) {
            for (const Process& process : living()) kill(process.pid, SIGKILL);
            kill(command_.pid, SIGKILL);
            deadline_.reset();
            return;
        }
        timed_out_ = true;
        print_error(fmt::format("timeout: {} still runs after {} ms", options_.command.front(),
                                options_.timeout->count()),
                    "what hangs is below");
        print_note(describe_hang(living()));
        try {
            print_note(status_text(ask_board(directory_, {{"op", "status"}}).body, STDERR_FILENO));
        } catch (const Failure& failure) {
            print_note(fmt::format("the board says nothing: {}", failure.what()));
        }
        end_command();
    }

    void end_command() {
        if (is_ending_ || command_.pid < 0) return;
        is_ending_ = true;
        for (const Process& process : living()) kill(process.pid, SIGTERM);
        deadline_ = Clock::now() + grace;
    }

    std::vector<Process> living() const {
        return descendants(getpid(), daemon_ ? daemon_->pid() : -1);
    }

    /// What the command has started and what is still there a moment after its end: a compositor's
    /// clients end by themselves when they find it gone.
    std::vector<Process> wait_for_stragglers() {
        const auto end = Clock::now() + straggler_time;
        for (;;) {
            auto left = living();
            const auto time = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
            if (left.empty() || time.count() <= 0) return left;
            pollfd signals{.fd = signals_.borrow(), .events = POLLIN, .revents = 0};
            poll(&signals, 1, static_cast<int>(time.count()));
            handle_signals();
        }
    }

    int finish() {
        const auto left = options_.check_leaks ? wait_for_stragglers() : std::vector<Process>();
        look_for_unreached();
        std::optional<FinalReport> report;
        if (daemon_ && !options_.keep) {
            report = daemon_->finish();
        } else if (!daemon_died_) {
            report = ask_for_report(directory_);
            report->opens -= std::min(report->opens, opens_before_);
        }
        if (daemon_ && options_.keep) {
            daemon_->detach();
            const std::string name = directory_.substr(directory_.rfind('/') + 1);
            print_note(fmt::format("plugboard: the board {} stays; end it: plugboard down -b {}",
                                   name, name));
        }
        if (daemon_died_) return static_cast<int>(Exit::Plugboard);
        if (joined_trace_) end_joined_trace();
        const bool leaks = report_leaks(*report, left);
        const bool opened = report_opens(*report);
        if (timed_out_) return static_cast<int>(Exit::TimedOut);
        if (*status_ != 0 && (never_ran_ || !is_followed_)) return *status_;
        if (leaks) return static_cast<int>(Exit::Leaks);
        return static_cast<int>(opened ? Exit::Ok : Exit::NoOpen);
    }

    /// Programs that the command itself started; before the board's folder goes.
    void look_for_unreached() {
        for (Unreached& program : unreached_since(directory_, unreached_before_)) {
            if (program.obstacle == Obstacle::Capabilities) {
                print_note(fmt::format("plugboard: {}: {}",
                                       describe(program.obstacle, program.file),
                                       remedy_of(program.obstacle)));
            } else {
                unreached_.push_back(std::move(program));
            }
        }
    }

    void start_joined_trace() {
        const std::string& trace = options_.board.trace;
        if (trace.empty() || !board_.is_open()) return;
        ask_board(directory_, {{"op", "trace"}, {"on", true}, {"file", trace_file(trace)}});
        joined_trace_ = true;
    }

    /// The board goes on, and its log is another's. Somebody may have ended the trace before.
    void end_joined_trace() const {
        try {
            const auto answer = ask_board(directory_, {{"op", "trace"}, {"on", false}});
            std::string summary = answer.body.value("summary", "");
            if (summary.ends_with('\n')) summary.pop_back();
            if (!summary.empty()) print_note(summary);
        } catch (const Failure& failure) {
            print_note(fmt::format("plugboard: the trace: {}", failure.what()));
        }
    }

    /// True when there are any and they were asked about.
    bool report_leaks(const FinalReport& report, const std::vector<Process>& left) const {
        if (!options_.check_leaks) return false;
        print_note(fmt::format("left behind: {} objects, {} fds, {} processes", report.objects,
                               report.descriptors, left.size()));
        for (const std::string& label : report.labels)
            print_note(fmt::format("  object: {}", label));
        for (const std::string& loop : report.loops) print_note(fmt::format("  loop: {}", loop));
        for (const Process& process : left)
            print_note(fmt::format("  process: {} {}", process.pid, process.name));
        return report.objects + report.descriptors + left.size() > 0;
    }

    /// False when that makes the run fail.
    bool report_opens(const FinalReport& report) const {
        if (report.opens > 0 || never_ran_ || (is_shell_ && !options_.require_open)) return true;
        const std::string& program = options_.command.front();
        const std::string message = fmt::format("no process of {} ever opened a device", program);
        const std::string remedy =
            reach_.obstacle.empty()
                ? "if it should have: static, musl and setuid programs are not reached "
                  "(docs/limits.md); plugboard doctor -- PROGRAM tells of one, plugboard doctor "
                  "what works here"
                : fmt::format("{}; {} (docs/limits.md)", reach_.obstacle, reach_.remedy);
        if (options_.require_open) {
            print_error(message, remedy);
        } else {
            print_warning(message, remedy);
        }
        for (const Unreached& one : unreached_)
            print_warning(describe(one.obstacle, one.file), remedy_of(one.obstacle));
        return !options_.require_open;
    }

    RunOptions options_;
    Installation installation_;
    std::string directory_;
    std::optional<DaemonProcess> daemon_;
    UniqueFd board_;  // a connection to the board that was joined
    UniqueFd signals_;
    RunFollower follower_;
    const bool is_followed_;
    sigset_t callers_mask_{};
    sighandler_t callers_child_action_ = SIG_DFL;
    Reach reach_;
    Child command_;
    std::optional<Clock::time_point> deadline_;
    std::optional<int> status_;  // the command's
    size_t opens_before_ = 0, unreached_before_ = 0;
    std::vector<Unreached> unreached_;
    bool is_shell_ = false, never_ran_ = false;
    bool joined_trace_ = false;  // ours, of a board that was joined
    bool timed_out_ = false, daemon_died_ = false, is_ending_ = false;
};

}  // namespace

int run_on_board(RunOptions options, RunFollower follower) {
    try {
        return Run(std::move(options), std::move(follower)).execute();
    } catch (const Failure& failure) {
        throw Failure(failure.what(), failure.remedy(), Exit::Plugboard);
    }
}

}  // namespace plugboard::cli
