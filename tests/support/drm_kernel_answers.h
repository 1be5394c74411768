// What a running kernel answered to each ioctl of each opener, and what a device of ours answers.
// tests/reference/linux-7.2/ioctl-errno.txt
#pragma once

#include <string>
#include <vector>

#include "drm/device.h"

namespace plugboard::tests {

/// "vgem", "render, user", "VERSION", "zero=ok badptr=EFAULT long=ok".
struct KernelLine {
    std::string device, opener, name, answers;
};

/// Those of one device and opener: "vgem render, user".
std::vector<KernelLine> kernel_lines(const std::string& opener);
/// What the device answers to the line's ioctl.
std::string answers(drm::Device& device, const KernelLine& line);

}  // namespace plugboard::tests
