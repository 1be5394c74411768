// What a board must not leave behind: objects and descriptors beyond those that it keeps.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/ref.h"

namespace plugboard::daemon {

/// What somebody holds for good reason. May be a difference, modulo.
struct Kept {
    size_t objects = 0;
    size_t descriptors = 0;
};

/// What is there beyond what the board itself keeps.
struct Leftovers {
    size_t objects = 0;
    size_t descriptors = 0;
    std::vector<std::string> labels;  // of objects, some
};

/// Owned by the board. start() by the thread that makes it, then any thread.
class LeakCheck {
  public:
    /// What is there now is no leak later.
    void start();
    /// What is there beyond that and what is kept; `count` counts this process's descriptors.
    Leftovers leftovers(Kept kept, const std::function<size_t()>& count) const;

  private:
    std::set<const Object*> base_objects_;
    size_t base_descriptors_ = 0;
};

}  // namespace plugboard::daemon
