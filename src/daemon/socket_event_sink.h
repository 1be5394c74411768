// A file's events as bytes on the socket whose other end is the client's DRM descriptor.
// Linux: drm_read() and event_space in drivers/gpu/drm/drm_file.c
#pragma once

#include "base/unique_fd.h"
#include "drm/file.h"

namespace plugboard::daemon {

/// Owned by its drm::File. A stream batches whole events as drm_read() does. Any thread.
class SocketEventSink final : public drm::EventSink {
  public:
    /// `socket` is our end of a stream pair.
    explicit SocketEventSink(UniqueFd socket);

    void push(const drm::EventBytes& event) override;
    size_t unread() const override;
    void hang_up() override;

  private:
    const UniqueFd socket_;
};

}  // namespace plugboard::daemon
