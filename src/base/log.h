// Log lines by category, free when the category is off.
// Linux: include/drm/drm_print.h (drm.debug)
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace plugboard::log {

/// The first ones have drm.debug's bits.
enum class Category : uint32_t {
    Core = 0x1,
    Driver = 0x2,
    Kms = 0x4,
    Prime = 0x8,
    Atomic = 0x10,
    Vblank = 0x20,
    State = 0x40,
    Lease = 0x80,
    Devres = 0x200,  // DRMRES
    Device = 0x400,  // the driver core
    Ioctl = 0x800,   // one line an ioctl
    Error = 0x80000000,
};

/// Bits of the categories that are on. Error is always on.
extern std::atomic<uint32_t> enabled_mask;

inline bool is_enabled(Category category) {
    return category == Category::Error ||
           (enabled_mask.load(std::memory_order_relaxed) & static_cast<uint32_t>(category)) != 0;
}

/// "atomic,kms", "all", or drm.debug's number ("0x14"). Inval: an unknown word.
Result<uint32_t> parse_categories(std::string_view words);
std::string_view category_name(Category category);
/// The words of parse_categories() that can be switched, "core, driver, ...", for people.
std::string category_words();

/// Receives whole lines, without a newline. Called with no lock of ours held; any thread.
using Sink = std::function<void(Category, std::string_view line)>;
/// Replaces the sink (the default writes to stderr) and gives back the old one.
Sink set_sink(Sink sink);

void write(Category category, std::string_view line);

template <class... Args>
void line(Category category, fmt::format_string<Args...> format, Args&&... args) {
    if (is_enabled(category)) write(category, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
    write(Category::Error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace plugboard::log
