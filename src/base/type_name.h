// A type's name, for people.
#pragma once

#include <string>
#include <string_view>

namespace plugboard {

/// "drivers::vkms::Composer": as the source calls it, without this project's namespace.
template <class T>
std::string type_name() {
    std::string_view name = __PRETTY_FUNCTION__;
    const auto from = name.find("T = ") + 4;
    name = name.substr(from, name.find_first_of(";]", from) - from);
    if (name.starts_with("plugboard::")) name.remove_prefix(11);
    return std::string(name);
}

}  // namespace plugboard
