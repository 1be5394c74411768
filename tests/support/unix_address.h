// The address of a socket in the file system.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <string>

namespace plugboard::tests {

/// For bind() and connect(); aborts when the path is too long.
class UnixAddress {
  public:
    explicit UnixAddress(const std::string& path) {
        if (path.size() >= sizeof(address_.sun_path)) std::abort();
        address_.sun_family = AF_UNIX;
        path.copy(address_.sun_path, path.size());
    }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
    socklen_t size() const { return sizeof(address_); }

  private:
    sockaddr_un address_{};
};

}  // namespace plugboard::tests
