// What strace has seen a client ask the host's kernel that only the board may answer.
#pragma once

#include <string>
#include <vector>

namespace plugboard::tests {

/// The lines of a log of `strace -f -y` with a path in or below /dev/dri and the like, given in
/// full, by a folder's descriptor, or as that of an open file; and those that make a socket of
/// kernel uevents. What is read and written is not looked at, nor a program's arguments.
std::vector<std::string> native_calls(const std::string& log);

}  // namespace plugboard::tests
