#include "tests/system/stage.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/picture_file.h"
#include "tests/support/comes_true.h"
#include "tests/support/pictures.h"
#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

constexpr const char* board_name = "stage";
constexpr uid_t nobody = 65534;

constexpr const char* weston_config =
    "[core]\n"
    "idle-time=0\n"
    // How long before a vblank it draws: with its usual 7 ms a software renderer is late for every
    // other one on a busy machine.
    "repaint-window=14\n"
    "[shell]\n"
    "startup-animation=none\n"
    "close-animation=none\n"
    "panel-position=none\n"
    "background-color=0xff204060\n"
    "[autolaunch]\n"
    "path=CLIENT\n";

void replace(std::string& text, const std::string& word, const std::string& by) {
    if (const size_t at = text.find(word); at != std::string::npos)
        text.replace(at, word.size(), by);
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    file.close();
    ASSERT_TRUE(file) << path;
}

}  // namespace

std::vector<Compositor> compositors() {
    const std::vector<std::string> weston = {"weston", "--backend=drm-backend.so",
                                             "--continue-without-input", "--config=CONFIG"};
    auto pixman = weston;
    pixman.emplace_back("--use-pixman");
    return {{.name = "weston_pixman", .command = pixman, .config = weston_config},
            {.name = "weston_gl", .command = weston, .config = weston_config},
            {.name = "sway_pixman",
             .command = {"sway", "-c", "CONFIG"},
             .config = "default_border none\nexec CLIENT\n",
             .environment = {{"WLR_RENDERER", "pixman"}}}};
}

Stage::Stage(const Compositor& compositor, const StageOptions& options) {
    if (geteuid() == 0) {
        // The folder, that is, and what goes on in it.
        EXPECT_EQ(chown(folder_.path().c_str(), nobody, nobody), 0);
    }
    write_file(file("client"), "#!/bin/sh\n" + options.client + "\n");
    std::filesystem::permissions(file("client"), std::filesystem::perms::owner_all |
                                                     std::filesystem::perms::others_read |
                                                     std::filesystem::perms::others_exec);
    std::string config = compositor.config;
    replace(config, "CLIENT", file("client"));
    write_file(file("config"), config);
    write_file(file("board.toml"), options.board);

    std::vector<std::string> command = {plugboard_command(), "run", "-b", board_name,
                                        "--check-leaks"};
    if (!options.board.empty()) command.insert(command.end(), {"-c", file("board.toml")});
    // What compositors print is a lot; a file never makes them wait for its reader.
    command.insert(command.end(),
                   {"--", "sh", "-c",
                    "export LD_PRELOAD=\"$LD_PRELOAD:" + client_program("crash_stack.so") +
                        "\"\nexec \"$@\" >'" + file("log") + "' 2>&1",
                    compositor.name});
    for (std::string word : compositor.command) {
        replace(word, "CONFIG", file("config"));
        command.push_back(std::move(word));
    }
    RunOptions run_options{
        .command = as_user(std::move(command)), .input = Input::Silent, .limit = options.limit};
    run_options.environment = compositor.environment;
    run_options.environment.emplace_back("XDG_RUNTIME_DIR", folder_.path());
    run_options.environment.emplace_back("HOME", folder_.path());
    run_ = std::make_unique<Running>(run_options);
}

std::vector<std::string> Stage::as_user(std::vector<std::string> command) const {
    if (geteuid() != 0) return command;
    std::vector<std::string> all = {
        "setpriv",        "--reuid=65534",   "--regid=65534",      "--clear-groups",
        "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"};
    all.insert(all.end(), command.begin(), command.end());
    return all;
}

RunResult Stage::plugboard(const std::vector<std::string>& words) const {
    std::vector<std::string> command = {plugboard_command()};
    command.insert(command.end(), words.begin(), words.end());
    command.insert(command.end(), {"-b", board_name});
    return run_as_user(std::move(command));
}

RunResult Stage::run_as_user(std::vector<std::string> command) const {
    return run({.command = as_user(std::move(command)),
                .environment = {{"XDG_RUNTIME_DIR", folder_.path()}, {"HOME", folder_.path()}},
                .limit = patience});
}

std::string Stage::ask(const std::vector<std::string>& words) const {
    const RunResult result = plugboard(words);
    EXPECT_EQ(result.status, 0) << words.front() << ": " << result.out << result.err << log();
    return result.out;
}

std::string Stage::log() const {
    std::ifstream stream(file("log"));
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
}

std::string Stage::crash_stack() const {
    const std::string text = log();
    const size_t at = text.find("crash: SIGSEGV at 0x");
    return at == std::string::npos ? "" : text.substr(at);
}

bool Stage::has_ended() const {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(run_->pid()), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid != 0;
}

bool Stage::has_printed(const std::string& words, size_t times) const {
    const std::string text = log();
    size_t count = 0;
    for (size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
        ++count;
    return count >= times;
}

bool Stage::prints(const std::string& words, size_t times) const {
    return comes_true([&] { return has_printed(words, times) || has_ended(); }) &&
           has_printed(words, times);
}

std::string Stage::judge_flips(unsigned count) const {
    // Run in a shell so that what watches the machine ends with it.
    const std::string shell_script =
        "python3 \"$1\"/tests/system/stalls.py >stalls & stalls=$!\n"
        "\"$2\" wait flips=\"$3\" --timeout 60s -b \"$4\" >&2\n"
        "kill $stalls; wait $stalls 2>/dev/null\n"
        "\"$2\" status --json -b \"$4\" | python3 \"$1\"/tests/system/flip_record.py stalls "
        "\"$3\"\n";
    const RunResult result =
        run_as_user({"sh", "-c", "cd \"$XDG_RUNTIME_DIR\"\n" + shell_script, "sh",
                     PLUGBOARD_SOURCE_DIR, plugboard_command(), std::to_string(count), board_name});
    return result.out + result.err;
}

RunResult Stage::end() {
    run_->send_signal(SIGTERM);
    return run_->finish();
}

testing::AssertionResult Stage::ends_cleanly() {
    const RunResult run = end();
    if (run.status == 0 &&
        run.err.find("left behind: 0 objects, 0 fds, 0 processes") != std::string::npos)
        return testing::AssertionSuccess();
    return testing::AssertionFailure() << "status " << run.status << "\n" << run.err << log();
}

testing::AssertionResult Stage::comes_to_show_background(const std::string& screen, uint32_t width,
                                                         uint32_t height) const {
    std::vector<uint8_t> rgb;
    for (size_t pixel = 0; pixel < size_t{width} * height; pixel++)
        rgb.insert(rgb.end(), {0x20, 0x40, 0x60});
    return comes_to_show(screen, width, height, rgb);
}

testing::AssertionResult Stage::shows_pattern(const std::string& screen, uint32_t width,
                                              uint32_t height) const {
    return shows(screen, width, height, pattern_rgb(width, height));
}

testing::AssertionResult Stage::comes_to_show_pattern(const std::string& screen, uint32_t width,
                                                      uint32_t height) const {
    return comes_to_show(screen, width, height, pattern_rgb(width, height));
}

testing::AssertionResult Stage::comes_to_show(const std::string& screen, uint32_t width,
                                              uint32_t height,
                                              const std::vector<uint8_t>& rgb) const {
    testing::AssertionResult result = testing::AssertionFailure();
    comes_true([&] {
        result = shows(screen, width, height, rgb);
        return result || has_ended();
    });
    return result;
}

testing::AssertionResult Stage::shows(const std::string& screen, uint32_t width, uint32_t height,
                                      const std::vector<uint8_t>& rgb) const {
    const std::string reference = file("reference.png"), shot = file("shot.png");
    cli::write_png(reference, width, height, rgb);
    const RunResult result = plugboard({"screenshot", screen, shot, "--diff", reference});
    if (result.status == 0) return testing::AssertionSuccess();
    return testing::AssertionFailure() << result.out << result.err << log();
}

}  // namespace plugboard::tests
