#include "cli/scenario_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <string.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <limits>
#include <sstream>

#include "cli/board_requests.h"
#include "cli/duration.h"
#include "cli/failure.h"
#include "cli/picture_file.h"
#include "daemon/config/named_file.h"
#include "daemon/config/toml_text.h"

namespace plugboard::cli {
namespace {

using daemon::line_of;
using daemon::Problem;
using Keys = std::vector<std::string_view>;

constexpr const char* step_example = "write [[step]] and then, for example: unplug = \"DP-1\"";
constexpr daemon::FileLimit scenario_limit{.bytes = 16 << 20, .remedy = "name a scenario's TOML"};

[[noreturn]] void fail(const std::string& message, const std::string& remedy, int line) {
    Problem problem{.message = message, .remedy = remedy};
    problem.line = line;
    throw problem;
}

/// "TERM" or "SIGTERM"; 0: there is none of that name.
int signal_of(std::string_view name) {
    if (name.starts_with("SIG")) name.remove_prefix(3);
    for (int number = 1; number < NSIG; ++number) {
        const char* known = sigabbrev_np(number);
        if (known != nullptr && name == known) return number;
    }
    return 0;
}

/// Reads one table of the file.
class StepReader {
  public:
    StepReader(const toml::table& table, const std::string& folder)
        : table_(table), folder_(folder) {}

    Step read() {
        step_.line = line_of(table_);
        const std::string kind = find_kind();
        if (const toml::node* node = table_.get("at")) step_.at = duration(*node);
        if (kind == "expect") {
            read_expectation();
        } else {
            read_action(kind);
        }
        return std::move(step_);
    }

  private:
    /// The one key that says what is done.
    std::string find_kind() const {
        const Keys kinds = {"plug", "unplug", "set", "fault", "seat", "signal", "expect"};
        Keys found;
        for (const std::string_view kind : kinds) {
            if (table_.contains(kind)) found.push_back(kind);
        }
        if (found.size() == 1) return std::string(found.front());
        if (found.size() > 1) {
            fail(fmt::format("does several things: {}", fmt::join(found, ", ")),
                 "write a [[step]] for each",
                 std::max(line_of(*table_.get(found[0])), line_of(*table_.get(found[1]))));
        }
        check_keys({"at"}, fmt::format("what a step does is one of: {}", fmt::join(kinds, ", ")));
        fail("does nothing", fmt::format("add one of: {}", fmt::join(kinds, ", ")), step_.line);
    }

    void check_keys(const Keys& known, const std::string& remedy = {}) const {
        for (const auto& [key, node] : table_) {
            if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
            fail(fmt::format("unknown key \"{}\"", key.str()),
                 remedy.empty() ? fmt::format("known here: {}", fmt::join(known, ", ")) : remedy,
                 static_cast<int>(key.source().begin.line));
        }
    }

    static std::string text(const toml::node& node) {
        auto value = node.value_exact<std::string>();
        if (!value || value->empty())
            fail("must be a text", "write \"...\" in double quotes", line_of(node));
        return *std::move(value);
    }
    /// Empty: there is no such key.
    std::string text(std::string_view key) const {
        const toml::node* node = table_.get(key);
        return node != nullptr ? text(*node) : std::string();
    }
    static std::chrono::milliseconds duration(const toml::node& node) {
        const auto value = parse_duration(text(node));
        if (!value)
            fail(fmt::format("\"{}\" is no duration", text(node)), "write 500ms, 30s, 2m or 1h",
                 line_of(node));
        return *value;
    }
    uint32_t number(std::string_view key, uint32_t least, uint32_t most,
                    uint32_t unless_given) const {
        const toml::node* node = table_.get(key);
        if (node == nullptr) return unless_given;
        const auto value = node->value_exact<int64_t>();
        if (!value || *value < least || *value > most)
            fail(fmt::format("{} must be a number from {} to {}", key, least, most),
                 fmt::format("write for example: {} = {}", key, least), line_of(*node));
        return static_cast<uint32_t>(*value);
    }
    /// With the line of that key in what is thrown.
    template <class Make>
    auto at_key(std::string_view key, Make make) const {
        try {
            return make();
        } catch (const Failure& failure) {
            fail(failure.what(), failure.remedy(), line_of(*table_.get(key)));
        }
    }

    void read_action(const std::string& kind) {
        const std::string value = text(kind);
        step_.name = kind + " " + value;
        if (kind == "plug") read_plug(value);
        if (kind == "unplug") read_unplug(value);
        if (kind == "set") read_set(value);
        if (kind == "fault") read_fault(value);
        if (kind == "seat") read_seat(value);
        if (kind == "signal") read_signal(value);
    }
    void read_plug(const std::string& target) {
        check_keys({"at", "plug", "spec"});
        const std::string spec = text("spec");
        if (!spec.empty()) step_.name += " " + spec;
        step_.what = at_key(spec.empty() ? "plug" : "spec", [&] {
            return BoardAction{plug_request(plug_words(target, spec, folder_)), answer_time};
        });
    }
    void read_unplug(const std::string& target) {
        check_keys({"at", "unplug", "inside"});
        const std::string inside = text("inside");
        if (!inside.empty()) step_.name += " inside " + inside;
        step_.what = at_key(inside.empty() ? "unplug" : "inside", [&] {
            return BoardAction{unplug_request(target, inside), no_timeout};
        });
    }
    void read_set(const std::string& words) {
        check_keys({"at", "set"});
        const auto blank = words.find(' ');
        if (blank == std::string::npos)
            fail(fmt::format("\"{}\" has no screen or no setting", words),
                 "write set = \"DP-1 link-status=bad\"", line_of(*table_.get("set")));
        step_.what = at_key("set", [&] {
            const std::string setting = words.substr(words.find_first_not_of(' ', blank));
            return BoardAction{set_request(words.substr(0, blank), setting), answer_time};
        });
    }
    void read_fault(const std::string& text) {
        check_keys({"at", "fault"});
        std::istringstream stream(text);
        const std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
        step_.what = at_key("fault", [&] {
            return BoardAction{fault_request(words), answer_time};
        });
    }
    void read_seat(const std::string& action) {
        check_keys({"at", "seat"});
        if (action != "pause" && action != "resume")
            fail(fmt::format("the seat has no \"{}\"", action),
                 "write seat = \"pause\" or seat = \"resume\"", line_of(*table_.get("seat")));
        step_.what = BoardAction{seat_request(action), answer_time};
    }
    void read_signal(const std::string& name) {
        check_keys({"at", "signal"});
        const int number = signal_of(name);
        if (number == 0)
            fail(fmt::format("there is no signal \"{}\"", name),
                 "write for example: signal = \"TERM\"", line_of(*table_.get("signal")));
        step_.what = CommandSignal{number};
    }

    void read_expectation() {
        const std::string what = text("expect");
        if (what == "screen") {
            read_screen();
        } else if (what == "exit") {
            check_keys({"at", "expect", "within", "status"});
            step_.what = ExitExpectation{static_cast<int>(number("status", 0, 255, 0))};
            step_.name = fmt::format("exit with status {}", number("status", 0, 255, 0));
        } else {
            read_wait(what);
        }
        const std::string within = text("within");
        if (!within.empty()) step_.within = duration(*table_.get("within"));
        step_.name += fmt::format(" within {}", within.empty() ? "5s" : within);
        if (auto* wait = std::get_if<BoardExpectation>(&step_.what))
            wait->request["timeout_ms"] = step_.within.count();
    }
    void read_wait(const std::string& what) {
        std::string words = what;
        Keys known = {"at", "expect", "within", "on"};
        if (what == "flips") {
            known.push_back("count");
            words += fmt::format("={}", number("count", 1, std::numeric_limits<int32_t>::max(), 1));
        } else if (what == "mode") {
            known.push_back("mode");
            if (const std::string mode = text("mode"); !mode.empty()) words += "=" + mode;
        } else if (what == "link-status") {
            known.push_back("value");
            const std::string value = text("value");
            words += "=" + (value.empty() ? "good" : value);
        } else if (what == "uevent") {
            known = {"at", "expect", "within", "key"};
            if (const std::string key = text("key"); !key.empty()) words += "=" + key;
        } else if (what != "off" && what != "open" && what != "closed") {
            fail(fmt::format("nobody can expect \"{}\"", what),
                 "use flips, mode, off, link-status, open, closed, uevent, screen or exit",
                 line_of(*table_.get("expect")));
        }
        check_keys(known);
        const std::string on = text("on");
        step_.name = words + (on.empty() ? "" : " on " + on);
        step_.what = BoardExpectation{
            .request = wait_request({.what = words, .on = on, .timeout = std::nullopt}),
            .needs_command =
                what == "flips" || what == "mode" || what == "open" || what == "link-status"};
    }
    void read_screen() {
        check_keys({"at", "expect", "within", "on", "equals", "tolerance"});
        PictureExpectation picture{.screen = text("on"),
                                   .file = text("equals"),
                                   .reference = {},
                                   .tolerance = number("tolerance", 0, 255, 0)};
        if (picture.file.empty())
            fail("has no picture to compare with", "add equals = \"reference.png\"", step_.line);
        step_.name = fmt::format("screen {}{}equals {}", picture.screen,
                                 picture.screen.empty() ? "" : " ", picture.file);
        picture.reference = at_key(
            "equals", [&] { return read_png(std::filesystem::path(folder_) / picture.file); });
        step_.what = std::move(picture);
    }

    const toml::table& table_;
    const std::string& folder_;
    Step step_;
};

std::vector<Step> read_steps(const toml::table& document, const std::string& folder) {
    for (const auto& [key, node] : document) {
        if (key.str() != "step")
            fail(fmt::format("unknown key \"{}\"", key.str()), step_example,
                 static_cast<int>(key.source().begin.line));
    }
    const toml::node* node = document.get("step");
    if (node == nullptr) fail("has no step", step_example, 1);
    const toml::array* list = node->as_array();
    if (list == nullptr || list->empty() || !list->is_homogeneous<toml::table>())
        fail("step is no list of tables", step_example, line_of(*node));
    std::vector<Step> steps;
    std::chrono::milliseconds before{0};
    for (const toml::node& entry : *list) {
        try {
            Step step = StepReader(*entry.as_table(), folder).read();
            if (step.at.value_or(before) < before)
                fail("is to be done before the step above", "write the steps in their order",
                     step.line);
            before = step.at.value_or(before);
            steps.push_back(std::move(step));
        } catch (Problem& problem) {
            problem.key = fmt::format("step {}", steps.size() + 1);
            throw;
        }
    }
    return steps;
}

Failure failure_of(const Problem& problem, const std::string& file) {
    std::string text = file + ": ";
    if (problem.line > 0) text = fmt::format("{}:{}: ", file, problem.line);
    if (!problem.key.empty()) text += problem.key + ": ";
    return Failure(text + problem.message, problem.remedy, Exit::Plugboard);
}

}  // namespace

Scenario parse_scenario(std::string_view text, const std::string& file) {
    try {
        const std::string folder = std::filesystem::path(file).parent_path();
        return {.file = file, .steps = read_steps(daemon::parse_toml_text(text), folder)};
    } catch (const Problem& problem) {
        throw failure_of(problem, file);
    }
}

Scenario read_scenario(const std::string& file) {
    try {
        return parse_scenario(daemon::read_named_file(file, scenario_limit), file);
    } catch (const Problem& problem) {
        throw failure_of(problem, file);
    }
}

}  // namespace plugboard::cli
