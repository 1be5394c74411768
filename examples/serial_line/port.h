// An open tty that passes bytes through as they are.
// Linux: drivers/tty/tty_io.c
#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace plugboard::serial {

/// devm: closed at unbind.
class Port {
  public:
    /// What open() and tcsetattr() fail with.
    static Result<Port> create(const std::string& path);
    int fd() const { return fd_.borrow(); }

  private:
    explicit Port(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

}  // namespace plugboard::serial
