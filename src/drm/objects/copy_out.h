// How the getters fill the caller's arrays.
// Linux: the put_user() loops of drivers/gpu/drm/drm_mode_config.c
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "drm/request.h"

namespace plugboard::drm {

/// Writes the first `room` elements; `count` is what the caller is told. Fault.
template <class T>
Result<void> copy_first(Request& request, uint64_t to, uint32_t room,
                        const std::vector<T>& values) {
    const size_t copied = std::min<size_t>(room, values.size());
    return request.memory().write(uapi::UserAddress{to},
                                  std::as_bytes(std::span(values).first(copied)));
}

/// Writes all elements if there is room for all, else none. Fault.
template <class T>
Result<void> copy_if_all_fit(Request& request, uint64_t to, uint32_t room,
                             const std::vector<T>& values) {
    if (room < values.size()) return {};
    return copy_first(request, to, room, values);
}

}  // namespace plugboard::drm
