// One line a fact, for the programs whose output a test reads.
#pragma once

#include <cstdio>
#include <string>

namespace client {

/// How many facts did not hold.
inline int failures = 0;

inline void expect(bool ok, const std::string& fact) {
    if (!ok) failures++;
    std::printf("%s - %s\n", ok ? "ok" : "not ok", fact.c_str());
    std::fflush(stdout);
}

}  // namespace client
