// Boards of a test's own, for what this process itself does with them.
#pragma once

#include <stdlib.h>

#include "tests/support/temporary_folder.h"

namespace plugboard::tests {

/// The $XDG_RUNTIME_DIR while it lives, outside of any run. One at a time.
class RuntimeDirectory : public TemporaryFolder {
  public:
    RuntimeDirectory() {
        setenv("XDG_RUNTIME_DIR", path().c_str(), 1);
        unsetenv("PLUGBOARD_BOARD");
    }
    ~RuntimeDirectory() {
        unsetenv("XDG_RUNTIME_DIR");
        unsetenv("PLUGBOARD_BOARD");
    }
};

}  // namespace plugboard::tests
