// The templates of bound.h.
#pragma once

#include <string>

#include "device/bound.h"

namespace plugboard::device {
namespace internal {

/// "Panel" out of a pretty function's "[with T = small::Panel]".
template <class T>
std::string type_name() {
    std::string_view name = __PRETTY_FUNCTION__;
    const auto from = name.find("T = ") + 4;
    name = name.substr(from, name.find_first_of(";]", from) - from);
    if (name.starts_with("plugboard::")) name.remove_prefix(11);
    return std::string(name);
}

}  // namespace internal

template <class T, class... Args>
Result<Managed<T>> Bound::manage(Args&&... args) {
    std::string name = internal::type_name<T>();
    TRY(before_manage(name.c_str()));
    if constexpr (requires { T::create(std::forward<Args>(args)...); }) {
        auto made = TRY(T::create(std::forward<Args>(args)...));
        using Made = decltype(made);
        if constexpr (std::is_same_v<Made, std::unique_ptr<T>>) {
            using Entry = internal::ManagedEntry<std::unique_ptr<T>>;
            auto entry = std::make_unique<Entry>(std::move(name), device_, std::move(made));
            T& value = *entry->value();
            TRY(add(std::move(entry)));
            return Managed<T>(value, device_);
        } else {
            auto entry = std::make_unique<internal::ManagedEntry<T>>(std::move(name), device_,
                                                                     std::move(made));
            T& value = entry->value();
            TRY(add(std::move(entry)));
            return Managed<T>(value, device_);
        }
    } else {
        auto entry = std::make_unique<internal::ManagedEntry<T>>(std::move(name), device_,
                                                                 std::forward<Args>(args)...);
        T& value = entry->value();
        TRY(add(std::move(entry)));
        return Managed<T>(value, device_);
    }
}

}  // namespace plugboard::device
