#include "cli/board_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>

#include "cli/failure.h"
#include "cli/output.h"
#include "daemon/config/monitors.h"
#include "daemon/config/named_file.h"
#include "daemon/config/units.h"

namespace plugboard::cli {
namespace {

using nlohmann::json;

std::string hex_of_file(const std::string& path) {
    try {
        std::string hex;
        for (const char byte : daemon::read_named_file(path, daemon::edid_file_limit))
            hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
        return hex;
    } catch (const daemon::Problem& problem) {
        throw Failure(fmt::format("{} {}", path, problem.message), problem.remedy);
    }
}

bool is_monitor(const std::string& name) {
    return std::ranges::any_of(daemon::monitors,
                               [&](const auto& monitor) { return name == monitor.name; });
}

/// Whether it is meant as one; the board knows whether it is a good one.
bool is_mode(const std::string& spec) {
    return std::isdigit(static_cast<unsigned char>(spec.front())) != 0 &&
           spec.find('x') != std::string::npos && spec.find('/') == std::string::npos;
}

uint64_t fault_id(std::string_view text) {
    uint64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error == std::errc{} && end == text.data() + text.size()) return id;
    throw Failure(fmt::format("\"{}\" is no id of a fault", text),
                  "plugboard fault CARD list shows them");
}

/// KEY=VALUE words, in which "bytes=64 MB" is two words of a shell or of a scenario's line.
std::vector<std::string> with_units(const std::vector<std::string>& words) {
    std::vector<std::string> joined;
    for (const std::string& word : words) {
        const bool is_number = !joined.empty() && joined.back().find('=') != std::string::npos &&
                               std::isdigit(static_cast<unsigned char>(joined.back().back())) != 0;
        if (is_number && daemon::is_unit(word)) {
            joined.back() += " " + word;
        } else {
            joined.push_back(word);
        }
    }
    return joined;
}

}  // namespace

PlugWords plug_words(std::string target, const std::string& spec, const std::string& folder) {
    PlugWords words{.target = std::move(target), .edid = {}, .monitor = {}, .mode = {}};
    if (spec.empty()) return words;
    if (is_monitor(spec)) {
        words.monitor = spec;
    } else if (is_mode(spec)) {
        words.mode = spec;
    } else {
        words.edid = std::filesystem::path(folder) / spec;
        if (!std::filesystem::exists(words.edid)) {
            throw Failure(fmt::format("\"{}\" is no screen", spec),
                          "write a mode such as 1920x1080@60, the path of an EDID file, or a "
                          "monitor that plugboard plug --help lists");
        }
    }
    return words;
}

json plug_request(const PlugWords& words) {
    json request = {{"op", "plug"}, {"target", words.target}};
    if (!words.edid.empty()) request["edid"] = hex_of_file(words.edid);
    if (!words.monitor.empty()) request["monitor"] = words.monitor;
    if (!words.mode.empty()) request["mode"] = words.mode;
    return request;
}

json unplug_request(const std::string& target, const std::string& inside) {
    json request = {{"op", "unplug"}, {"target", target}};
    if (inside.empty()) return request;
    const auto colon = inside.find(':');
    if (colon == std::string::npos) {
        throw Failure(fmt::format("\"{}\" has no colon", inside),
                      "write IOCTL:POINT, such as MODE_ATOMIC:wait");
    }
    request["op"] = "stop-at";
    request["ioctl"] = inside.substr(0, colon);
    request["point"] = inside.substr(colon + 1);
    return request;
}

json set_request(const std::string& target, const std::string& setting) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos) {
        throw Failure(fmt::format("\"{}\" has no value", setting),
                      "write KEY=VALUE, such as link-status=bad");
    }
    return {{"op", "set"},
            {"target", target},
            {"key", setting.substr(0, equals)},
            {"value", setting.substr(equals + 1)}};
}

json fault_request(const std::vector<std::string>& words) {
    constexpr const char* example = "write for example: gpu0 add ioctl=MODE_ATOMIC errno=EBUSY";
    if (words.size() < 2) throw Failure("names no card, or does nothing with it", example);
    json request = {{"op", "fault"}, {"target", words[0]}, {"action", words[1]}};
    if (words[1] != "add") {
        const bool is_clear = words[1] == "clear";
        if (words.size() > (is_clear ? 3 : 2))
            throw Failure(fmt::format("{} takes {}", words[1], is_clear ? "one id" : "no id"),
                          "write for example: gpu0 list, or gpu0 clear 2");
        if (words.size() == 3) request["id"] = fault_id(words[2]);
        return request;
    }
    request["fault"] = json::object();
    for (const std::string& word : with_units({words.begin() + 2, words.end()})) {
        const auto equals = word.find('=');
        if (equals == std::string::npos)
            throw Failure(fmt::format("\"{}\" has no value", word), example);
        const std::string key = word.substr(0, equals);
        if (request["fault"].contains(key))
            throw Failure(fmt::format("{} is there twice", key), example);
        request["fault"][key] = word.substr(equals + 1);
    }
    return request;
}

json seat_request(const std::string& action) {
    return {{"op", "seat"}, {"action", action}};
}

void warn_of_others(const json& answer) {
    for (const auto& client : answer["seat"].value("clients", json::array())) {
        if (client.value("state", "") != "leaving") continue;
        print_warning(fmt::format("{} ({}) was told, and has not let go in time",
                                  client.value("command", "?"), client.value("pid", 0)),
                      "it is no longer master of its cards; it may have hung");
    }
    for (const auto& user : answer.value("without_seat", json::array())) {
        print_warning(
            fmt::format("{} ({}) has {} open without the seat: it goes on",
                        user.value("command", "?"), user.value("pid", 0), user.value("node", "?")),
            "only clients of libseat and weston's weston_launch can be paused");
    }
}

json wait_request(const WaitWords& words) {
    const auto equals = words.what.find('=');
    const std::string word = words.what.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : words.what.substr(equals + 1);
    json request = {{"op", "wait"}, {"for", word}};
    if (!words.on.empty()) request["on"] = words.on;
    if (word == "flips") {
        char* end = nullptr;
        const unsigned long count = strtoul(value.c_str(), &end, 10);
        if (value.empty() || *end != '\0' || count == 0)
            throw Failure(fmt::format("\"{}\" is no number of flips", words.what),
                          "write for example: plugboard wait flips=10");
        request["count"] = count;
    }
    if (word == "mode" && !value.empty()) request["mode"] = value;
    if (word == "link-status" && !value.empty()) request["value"] = value;
    if (word == "uevent" && !value.empty()) request["key"] = value;
    if (words.timeout) request["timeout_ms"] = words.timeout->count();
    return request;
}

}  // namespace plugboard::cli
