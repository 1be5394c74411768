// The files of buses and drivers in sysfs.
// Linux: drivers/base/bus.c
#include <string>
#include <string_view>

#include "device/bus.h"
#include "device/driver.h"

namespace plugboard::device {
namespace {

std::string_view without_newline(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    return text;
}

}  // namespace

std::vector<Attribute> Bus::attributes() {
    std::vector<Attribute> files;
    files.push_back({.name = "drivers_autoprobe",
                     .mode = 0644,
                     .show = [this]() -> Result<std::string> {
                         return std::string(autoprobe() ? "1\n" : "0\n");
                     },
                     .store = [this](std::string_view text) -> Result<void> {
                         set_autoprobe(!text.starts_with('0'));
                         return {};
                     }});
    files.push_back({.name = "drivers_probe", .mode = 0200, .show = {}, .store = [this](auto name) {
                         return probe(without_newline(name));
                     }});
    return files;
}

std::vector<Attribute> Bus::driver_attributes(const Driver& driver) {
    if (driver.info().suppress_bind_attrs) return {};
    std::vector<Attribute> files;
    files.push_back({.name = "bind",
                     .mode = 0200,
                     .show = {},
                     .store = [this, name = driver.name()](std::string_view device) {
                         return bind(without_newline(device), name);
                     }});
    files.push_back({.name = "unbind",
                     .mode = 0200,
                     .show = {},
                     .store = [this, name = driver.name()](std::string_view device) {
                         return unbind(without_newline(device), name);
                     }});
    return files;
}

}  // namespace plugboard::device
