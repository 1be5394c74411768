// The templates of bound.h.
#pragma once

#include <string>

#include "base/type_name.h"
#include "device/bound.h"
#include "device/devres/devres_value.h"

namespace plugboard::device {

template <class T, class... Args>
Result<Managed<T>> Bound::manage(Args&&... args) {
    std::string name = type_name<T>();
    TRY(before_manage(name.c_str()));
    std::unique_ptr<DevresOf<T>> entry;
    if constexpr (requires { T::create(std::forward<Args>(args)...); }) {
        auto made = TRY(T::create(std::forward<Args>(args)...));
        if constexpr (std::is_same_v<decltype(made), std::unique_ptr<T>>) {
            entry = std::make_unique<DevresPointer<T>>(std::move(name), std::move(made));
        } else {
            entry = std::make_unique<DevresValue<T>>(std::move(name), std::move(made));
        }
    } else {
        entry = std::make_unique<DevresValue<T>>(std::move(name), std::forward<Args>(args)...);
    }
    T& value = entry->value();
    TRY(add(std::move(entry)));
    return Managed<T>(value, device_);
}

}  // namespace plugboard::device
