// The variable that gives weston its seat.
#include <stdlib.h>

#include "shim/launcher.h"
#include "shim/symbols.h"

namespace shim = plugboard::shim;
using shim::real;

#pragma GCC visibility push(default)
extern "C" {

char* getenv(const char* name) noexcept {
    char* value = real<"getenv", decltype(::getenv)>()(name);
    if (value && shim::is_launcher_variable(name)) shim::open_launcher(value);
    return value;
}

}  // extern "C"
#pragma GCC visibility pop
