// What mock devices say of themselves.
#pragma once

#include "drm/device.h"

namespace plugboard::mock {

inline drm::DriverInfo driver_info() {
    return {.name = "mock",
            .description = "Mock device for tests",
            .date = "0",
            .modeset = false,
            .dumb_buffers = false};
}

}  // namespace plugboard::mock
