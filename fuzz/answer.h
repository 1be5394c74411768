// For fuzzers: what the answer of a call must look like, whatever the call was.
#pragma once

#include <fmt/format.h>

#include <cstdint>

#include "base/errno.h"
#include "drm/request.h"
#include "fuzz/input.h"
#include "tests/support/drm_client.h"

namespace plugboard::fuzz {

/// 0, or the errno of the call that has just failed: it must be one, and have a reason. The request
/// keeps reasons.
template <class Answer>
int answer_of(const drm::Request& request, uint32_t command, const Answer& done) {
    if (done.ok()) return 0;
    const auto error = static_cast<int>(done.error());
    if (done.error() == Errno::ProbeDefer || tests::result_name(error) == "E?")
        found(fmt::format("ioctl 0x{:08x}: {} is no errno", command, error));
    if (request.reason().empty()) found(fmt::format("ioctl 0x{:08x}: no reason", command));
    return error;
}

}  // namespace plugboard::fuzz
