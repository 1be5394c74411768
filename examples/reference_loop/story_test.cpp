#include "examples/reference_loop/story.h"

#include <gtest/gtest.h>

namespace plugboard::examples {
namespace {

TEST(ReferenceLoop, tells_its_story) {
    EXPECT_EQ(tell_reference_loop(), "");
}

}  // namespace
}  // namespace plugboard::examples
