// What an ioctl asks and what it is answered, as text for people.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "drm/device.h"
#include "drm/request.h"
#include "uapi/ioctl_fields.h"

namespace plugboard::drm {

/// Made by dispatch for requests that are asked to (Request::describe_into). The caller's own words
/// are in it as they are.
struct IoctlText {
    std::string argument;  // "crtc_id=34 fb_id=40 flags=EVENT"
    std::string answer;    // of a successful call: "handle=1 pitch=4096 size=3145728"
};

/// Of the request's row, whose fields these are. `argument` has all of its struct. Before the
/// handler, whose work may change what the names stand for; reads the caller's arrays.
std::string argument_text(Request& request, Device& device, std::span<const uapi::Field> fields,
                          std::span<const std::byte> argument);
std::string answer_text(std::span<const uapi::Field> fields, std::span<const std::byte> argument);

}  // namespace plugboard::drm
