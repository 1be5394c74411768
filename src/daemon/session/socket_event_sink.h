// A file's events as bytes on the socket whose other end is the client's DRM descriptor.
// Linux: drm_read() and event_space in drivers/gpu/drm/drm_file.c
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "drm/file.h"

namespace plugboard::daemon {

/// Owned by its drm::File. A stream batches whole events as drm_read() does. Any thread.
class SocketEventSink final : public drm::EventSink {
  public:
    /// Of the ends of a new stream pair. NoMem.
    static Result<std::unique_ptr<SocketEventSink>> create(UniqueFd ours, int theirs);

    void push(const drm::EventBytes& event) override;
    size_t unread() const override;
    void hang_up() override;

  private:
    SocketEventSink(UniqueFd socket, size_t booked_bytes)
        : socket_(std::move(socket)), booked_bytes_of_an_event_(booked_bytes) {}

    const UniqueFd socket_;
    const size_t booked_bytes_of_an_event_;
};

}  // namespace plugboard::daemon
