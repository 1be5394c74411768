// Faults as people write them: "ioctl=MODE_ATOMIC call=3 errno=EBUSY"; docs/faults.md has the keys.
#pragma once

#include "daemon/config/rule_words.h"
#include "drm/fault.h"

namespace plugboard::daemon {

Outcome<drm::Fault> parse_fault(const Words& words);
/// How the value of a key may be written in a TOML.
inline ValueKind fault_value_kind(std::string_view) {
    return ValueKind::Plain;
}
/// What parse_fault() reads as that fault.
Words fault_words(const drm::Fault& fault);

}  // namespace plugboard::daemon
