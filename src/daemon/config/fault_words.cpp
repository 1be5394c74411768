#include "daemon/config/fault_words.h"

#include <drm.h>
#include <fmt/format.h>

#include <charconv>
#include <string>
#include <utility>

#include "uapi/ioctl_names.h"

namespace plugboard::daemon {
namespace {

constexpr uint64_t most_events = 1'000'000'000'000;
constexpr uint64_t most_crtcs = 31;
constexpr uint64_t most_vblanks = 600;

using Known = std::vector<std::string_view>;

Known with_time(Known keys) {
    keys.insert(keys.end(), {"every", "after", "until"});
    return keys;
}

/// "3", "3..", "3..5" into the trigger's first and last; false: it is none of these.
bool read_range(std::string_view text, drm::FaultTrigger& trigger) {
    const auto read = [](std::string_view digits, uint64_t& to) {
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), to);
        return error == std::errc{} && end == digits.data() + digits.size() && to >= 1 &&
               to <= most_events;
    };
    const size_t dots = text.find("..");
    if (!read(text.substr(0, dots), trigger.first)) return false;
    if (dots == std::string_view::npos) {
        trigger.last = trigger.first;
        return true;
    }
    const std::string_view last = text.substr(dots + 2);
    return last.empty() || (read(last, trigger.last) && trigger.last >= trigger.first);
}

/// `count` is the key of the events' numbers.
drm::FaultTrigger read_trigger(const RuleReader& reader, std::string_view count) {
    drm::FaultTrigger trigger;
    if (reader.has("every")) trigger.every = trigger.first = reader.number("every", 1, most_events);
    if (reader.has(count)) {
        const std::string range = reader.text(count);
        if (!read_range(range, trigger))
            reader.fail(
                count, fmt::format("\"{}\" is no number, nor a range of them", range),
                fmt::format("write {0} = 3, {0} = \"3..5\" or {0} = \"3..\"; the first is 1",
                            count));
        if (reader.has("every") && range.find("..") == std::string::npos)
            reader.fail("every", fmt::format("there is only one {}", count),
                        fmt::format("give it a range: {} = \"{}..\"", count, range));
    }
    if (reader.has("after")) trigger.after = reader.duration("after");
    if (reader.has("until")) {
        trigger.until = reader.duration("until");
        if (*trigger.until <= trigger.after)
            reader.fail("until", "is not later than after", "both count from when it was planted");
    }
    return trigger;
}

std::optional<uint32_t> read_crtc(const RuleReader& reader) {
    if (!reader.has("crtc")) return std::nullopt;
    return static_cast<uint32_t>(reader.number("crtc", 0, most_crtcs));
}

drm::Fault read_ioctl(const RuleReader& reader) {
    reader.check_keys(with_time({"ioctl", "errno", "pid", "command", "bytes", "call"}));
    const std::string name = reader.text("ioctl");
    const uapi::Ioctl* row = uapi::find_ioctl_named(name);
    if (row == nullptr)
        reader.fail("ioctl", fmt::format("there is no ioctl \"{}\"", name),
                    "use a name of the table, such as MODE_ATOMIC");
    if (!reader.has("errno"))
        reader.fail("", fmt::format("does not say what {} answers", row->name),
                    "add for example errno = \"EBUSY\"");
    drm::IoctlFault fault{.number = row->number(), .error = reader.error("errno")};
    if (reader.has("pid")) fault.pid = static_cast<int>(reader.number("pid", 1, INT32_MAX));
    fault.command = reader.text("command");
    if (reader.has("bytes")) {
        if (row->command != DRM_IOCTL_MODE_CREATE_DUMB)
            reader.fail("bytes", fmt::format("{} makes no buffer", row->name),
                        "use it with ioctl = \"MODE_CREATE_DUMB\"");
        fault.min_bytes = reader.bytes("bytes");
    }
    return {.trigger = read_trigger(reader, "call"), .what = std::move(fault)};
}

drm::Fault read_vblank(const RuleReader& reader) {
    const std::string kind = reader.text("vblank");
    if (kind == "lost") {
        reader.check_keys(with_time({"vblank", "crtc", "nth"}));
        return {.trigger = read_trigger(reader, "nth"),
                .what = drm::LostVblank{.crtc = read_crtc(reader)}};
    }
    if (kind != "late")
        reader.fail("vblank", fmt::format("no vblank is \"{}\"", kind),
                    "write vblank = \"late\" or vblank = \"lost\"");
    reader.check_keys(with_time({"vblank", "by", "crtc", "nth"}));
    if (!reader.has("by")) reader.fail("", "does not say how late", "add for example by = \"5ms\"");
    return {.trigger = read_trigger(reader, "nth"),
            .what = drm::LateVblank{.by = reader.duration("by"), .crtc = read_crtc(reader)}};
}

drm::Fault read_flip(const RuleReader& reader) {
    reader.check_keys(with_time({"flip", "by", "crtc", "nth"}));
    if (reader.text("flip") != "slow")
        reader.fail("flip", fmt::format("no flip is \"{}\"", reader.text("flip")),
                    "write flip = \"slow\"");
    drm::SlowFlip slow{.crtc = read_crtc(reader)};
    if (reader.has("by"))
        slow.vblanks = static_cast<uint32_t>(reader.number("by", 1, most_vblanks));
    return {.trigger = read_trigger(reader, "nth"), .what = slow};
}

drm::Fault read_link(const RuleReader& reader) {
    reader.check_keys(with_time({"link", "nth"}));
    drm::Fault fault{.trigger = read_trigger(reader, "nth"), .what = {}};
    drm::BadLink link{.connector = reader.text("link"),
                      .at_flips = reader.has("nth") || reader.has("every")};
    if (!link.at_flips && reader.has("until"))
        reader.fail("until", "the link goes bad once, at after",
                    "leave it out, or add nth = 1 or every = 60: at flips");
    fault.what = std::move(link);
    return fault;
}

drm::Fault read_fault(const Words& words) {
    const RuleReader reader(words);
    const std::string_view kind =
        reader.find_kind({"ioctl", "vblank", "flip", "link"}, "ioctl = \"MODE_ATOMIC\"");
    if (kind == "ioctl") return read_ioctl(reader);
    if (kind == "vblank") return read_vblank(reader);
    if (kind == "flip") return read_flip(reader);
    return read_link(reader);
}

// Back to words.

void add_crtc(Words& words, const std::optional<uint32_t>& crtc) {
    if (crtc) words.push_back({"crtc", std::to_string(*crtc)});
}

Words words_of(const drm::IoctlFault& fault) {
    const uapi::Ioctl* row = uapi::find_ioctl(fault.number);
    Words words = {{"ioctl", row ? std::string(row->name) : "?"},
                   {"errno", errno_name(fault.error)}};
    if (fault.pid != 0) words.push_back({"pid", std::to_string(fault.pid)});
    if (!fault.command.empty()) words.push_back({"command", fault.command});
    if (fault.min_bytes != 0) words.push_back({"bytes", std::to_string(fault.min_bytes)});
    return words;
}
Words words_of(const drm::LateVblank& fault) {
    Words words = {{"vblank", "late"}, {"by", duration_text(fault.by)}};
    add_crtc(words, fault.crtc);
    return words;
}
Words words_of(const drm::LostVblank& fault) {
    Words words = {{"vblank", "lost"}};
    add_crtc(words, fault.crtc);
    return words;
}
Words words_of(const drm::SlowFlip& fault) {
    Words words = {{"flip", "slow"}, {"by", std::to_string(fault.vblanks)}};
    add_crtc(words, fault.crtc);
    return words;
}
Words words_of(const drm::BadLink& fault) {
    return {{"link", fault.connector}};
}

void add_trigger(Words& words, const drm::FaultTrigger& trigger, const char* count) {
    const bool has_end = trigger.last != UINT64_MAX;
    if (has_end && trigger.first == trigger.last) {
        words.push_back({count, std::to_string(trigger.first)});
    } else if (has_end || trigger.first != trigger.every) {
        words.push_back({count, fmt::format("{}..{}", trigger.first,
                                            has_end ? std::to_string(trigger.last) : "")});
    }
    if (trigger.every != 1) words.push_back({"every", std::to_string(trigger.every)});
    if (trigger.after.count() != 0) words.push_back({"after", duration_text(trigger.after)});
    if (trigger.until) words.push_back({"until", duration_text(*trigger.until)});
}

}  // namespace

Outcome<drm::Fault> parse_fault(const Words& words) {
    try {
        return read_fault(words);
    } catch (Problem& problem) {
        return std::move(problem);
    }
}

Words fault_words(const drm::Fault& fault) {
    Words words = std::visit([](const auto& what) { return words_of(what); }, fault.what);
    const auto* link = std::get_if<drm::BadLink>(&fault.what);
    drm::FaultTrigger trigger = fault.trigger;
    const bool is_each = trigger.first == 1 && trigger.every == 1 && trigger.last == UINT64_MAX;
    if (link && link->at_flips && is_each) words.push_back({"nth", "1.."});
    add_trigger(words, trigger,
                std::holds_alternative<drm::IoctlFault>(fault.what) ? "call" : "nth");
    return words;
}

}  // namespace plugboard::daemon
