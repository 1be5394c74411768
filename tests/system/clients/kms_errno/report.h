// The lines of the client's table, and the marks that say which ioctl a refusal was of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/system/clients/card.h"

namespace kms_errno {

inline constexpr uint32_t unknown = 99999;  // an id or handle that nothing has
inline constexpr uint64_t bad_pointer = 8;

/// From now on mark() says something.
void switch_marks_on();

std::string name_of(int error);
int error_of(bool ok);

void print(std::string_view label, std::string_view result, int width = 63);
/// On stderr, after what the daemon said there about the refusal.
void mark(std::string_view label, int error);
/// One line of an ioctl that answered `error`, and its mark.
void say(std::string_view label, int error, std::string_view success = "ok", int width = 63);

}  // namespace kms_errno
