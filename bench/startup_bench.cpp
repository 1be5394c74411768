// How long it takes until something is there, as a user sees it: a command on a board beside the
// command; Weston and sway on a card until a client's first picture was shown, beside Weston's own
// headless backend; and how many ioctls that takes. Boards are in memory, as by default; to have
// that of the command on a disk, name a folder of yours there:
//     XDG_RUNTIME_DIR=/tmp/boards build/release/bench/startup_bench --benchmark_filter=true
#include <benchmark/benchmark.h>
#include <signal.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/time_only.h"
#include "tests/support/run.h"
#include "tests/support/temporary_folder.h"

namespace plugboard {
namespace {

using bench::Stopwatch;
using Words = std::vector<std::string>;
using tests::Running;
using tests::TemporaryFolder;

constexpr int times = 10;
constexpr uid_t nobody = 65534;
const std::string plugboard_command = PLUGBOARD_BINARY_DIR "/bin/plugboard";
const std::string client = PLUGBOARD_BINARY_DIR "/tests/clients/wayland_picture";

void time_command(benchmark::State& state, const Words& command) {
    for (auto _ : state) {
        tests::RunResult result;
        bench::time_only(state, [&] { result = tests::run({.command = command}); });
        if (result.status != 0) state.SkipWithError("it failed");
    }
}

/// Sway does not let root.
Words as_user(Words command) {
    if (geteuid() == 0)
        command.insert(command.begin(),
                       {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
    return command;
}

struct Compositor {
    Words command;       // "CONFIG" in it is the path of its file
    std::string config;  // of its file; the path of the client comes behind it
    bool is_on_card = true;
};

/// The compositor with its client, in a folder of its own.
class Start {
  public:
    explicit Start(const Compositor& compositor) {
        if (geteuid() == 0)
            std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
        if (geteuid() == 0 && chown(folder_.path().c_str(), nobody, nobody) != 0) abort();
        const std::string config = folder_.path() + "/config";
        std::ofstream(config) << compositor.config << client << "\n";
        Words command;
        if (compositor.is_on_card) command = {plugboard_command, "run", "-b", "bench", "--"};
        for (const std::string& word : compositor.command) {
            const size_t at = word.find("CONFIG");
            command.push_back(at == std::string::npos ? word : word.substr(0, at) + config);
        }
        environment_ = {{"XDG_RUNTIME_DIR", compositor.is_on_card ? "" : folder_.path()},
                        {"HOME", folder_.path()},
                        {"WLR_RENDERER", "pixman"}};
        running_ = std::make_unique<Running>(
            tests::RunOptions{.command = as_user(command), .environment = environment_});
    }
    bool shows_a_picture() { return running_->wait_for_output("drawn "); }
    nlohmann::json status() const {
        const auto answer =
            tests::run({.command = as_user({plugboard_command, "status", "--json", "-b", "bench"}),
                        .environment = environment_});
        return nlohmann::json::parse(answer.out);
    }
    void end() {
        running_->send_signal(SIGTERM);
        running_->finish();
    }

  private:
    TemporaryFolder folder_;
    std::vector<std::pair<std::string, std::string>> environment_;
    std::unique_ptr<Running> running_;
};

/// Of all that have a card open: how many ioctls, and their time in the daemon. The first flip
/// comes after the modeset, which has no time of its own.
void count(benchmark::State& state, const nlohmann::json& status, Stopwatch::time_point begun) {
    double ioctls = 0, milliseconds = 0;
    for (const auto& file : status.at("files")) {
        ioctls += file.at("ioctls").get<double>();
        milliseconds += file.at("ioctl_ns").get<double>() / 1e6;
    }
    state.counters["ioctls"] = ioctls;
    state.counters["ioctl_ms"] = milliseconds;
    for (const auto& flip : status.at("cards").at(0).at("flips")) {
        const std::chrono::nanoseconds time(flip.at("ns").get<int64_t>());
        if (time.count() == 0) continue;
        state.counters["first_flip_ms"] =
            std::chrono::duration<double, std::milli>(time - begun.time_since_epoch()).count();
        return;
    }
}

void time_first_picture(benchmark::State& state, const Compositor& compositor) {
    for (auto _ : state) {
        const auto begun = Stopwatch::now();
        Start start(compositor);
        if (!start.shows_a_picture()) state.SkipWithError("no picture was shown");
        state.SetIterationTime(bench::seconds(begun, Stopwatch::now()));
        if (compositor.is_on_card) count(state, start.status(), begun);
        start.end();
    }
}

constexpr const char* weston_config =
    "[core]\nidle-time=0\n[shell]\nstartup-animation=none\npanel-position=none\n[autolaunch]"
    "\npath=";

Compositor weston(const std::string& backend) {
    return {.command = {"weston", "--backend=" + backend + "-backend.so", "--config=CONFIG",
                        "--use-pixman"},
            .config = weston_config};
}

template <class... Args>
void add(const char* name, Args... args) {
    benchmark::RegisterBenchmark(name, args...)
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond)
        ->Iterations(1)
        ->Repetitions(times)
        ->ComputeStatistics("least",
                            [](const std::vector<double>& all) {
                                return *std::min_element(all.begin(), all.end());
                            })
        ->ReportAggregatesOnly(true);
}

void add_all() {
    add("true", time_command, Words{"true"});
    add("plugboard run -- true", time_command, Words{plugboard_command, "run", "--", "true"});
    Compositor headless = weston("headless");
    headless.is_on_card = false;
    headless.command.insert(headless.command.end(), {"--width=1024", "--height=768"});
    add("weston, headless backend: first picture", time_first_picture, headless);
    Compositor card = weston("drm");
    card.command.emplace_back("--continue-without-input");
    add("weston on a card: first picture", time_first_picture, card);
    add("sway on a card: first picture", time_first_picture,
        Compositor{.command = {"sway", "-c", "CONFIG"}, .config = "exec "});
}

}  // namespace
}  // namespace plugboard

int main(int argc, char** argv) {
    plugboard::add_all();
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
