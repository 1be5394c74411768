#include "examples/reference_loop/story.h"

#include <gtest/gtest.h>

#include "base/ref.h"

namespace plugboard::examples {
namespace {

constexpr const char* story =
    R"(A DRM device holds a reference on the device it sits on. That device's devres holds the
DRM device. Who lets go first?

1. The loop. A mock DRM device on a device without a driver, rules of Linux before 6.6.
   mock0 was added, and a DRM device made on it. Now mock0 is deleted and let go.
   2 objects are still alive, and nobody is left who knows them:
     card0 (mock) -> device mock0 [drm_device.dev] -> devm action "drm_dev_put" -> card0 (mock): nothing will break this loop
   The DRM device waits for mock0's devres, devres for mock0's last reference,
   and that is the DRM device's own. Linux leaked like this from 2012 to 2023.

2. First breaker: unbind. The same old rules, but the device has a driver.
   The driver's probe made the DRM device. Unbinding releases the device's devres,
   and with it devres' reference on the DRM device.
   All is freed.

3. Second breaker: a devres group, as vkms and vgem have it since Linux 5.10.
   The group that was opened before is released before mock0 is deleted: 1 entry.
   All is freed.

4. Third breaker: device_del releases devres, the rule since Linux 6.6.
   Exactly the first scene under the new rule: mock0 is deleted and let go.
   All is freed.

5. Fourth breaker: a fake driver. The old rules again, on the faux bus of Linux 6.14.
   The faux bus binds its own driver, so deleting the device is an unbind first.
   All is freed.
)";

TEST(ReferenceLoop, tells_its_story) {
    EXPECT_EQ(tell_reference_loop(), story);
}

TEST(ReferenceLoop, cleans_up_behind_itself) {
    const size_t before = live_object_count();
    (void)tell_reference_loop();
    EXPECT_EQ(live_object_count(), before);
}

}  // namespace
}  // namespace plugboard::examples
