// A client that shows something, as the legacy API has it.
#pragma once

#include <drm_mode.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "drm/objects/mode_config.h"
#include "tests/support/drm_client.h"

namespace plugboard::tests {

/// A picture of that size on the first CRTC and the last screen.
inline void show_mode(Client& client, drm::Device& card, const drm_mode_modeinfo& mode) {
    drm_mode_crtc set{};
    set.crtc_id = drm::raw(card.mode_config().crtcs[0]->id());
    uint32_t connector = 0;
    for (const auto& one : card.mode_config().connectors) {
        if (!one->is_writeback()) connector = drm::raw(one->id());
    }
    set.mode = mode;
    set.mode_valid = 1;
    set.fb_id = client.add_fb(mode.hdisplay, mode.vdisplay);
    set.set_connectors_ptr = reinterpret_cast<uintptr_t>(&connector);
    set.count_connectors = 1;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_SETCRTC, set), 0) << client.reason();
}

}  // namespace plugboard::tests
