// One channel of a shim: receives its requests one after the other and hands them to the DRM core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/hangup_watch.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "daemon/session/channel_sleeper.h"
#include "daemon/session/file_table.h"
#include "daemon/session/world.h"
#include "daemon/udev/uevent_sockets.h"
#include "drm/file_opener.h"
#include "drm/gem/buffer_poll.h"
#include "transport/channel.h"

namespace plugboard::daemon {

/// What the sessions of a server share; outlives them.
struct SessionContext {
    World& world;
    FileTable& files;
    Clock& clock;
};

/// As a client is told it: what the daemon has too much of is not the client's own.
inline Errno seen_by_client(Errno error) {
    return error == Errno::MFile ? Errno::NFile : error;
}

/// run() on its own thread. Everything the shim says is hostile input.
class Session final : drm::FileOpener {
  public:
    /// `event`: ChannelSleeper::make_event().
    Session(UniqueFd socket, UniqueFd event, SessionContext context);
    /// How many descriptors it keeps.
    static constexpr size_t descriptors() { return 2; }

    /// Until the client hangs up, breaks the framing, or shut_down().
    void run();
    /// Instead of run(): answers the client's HELLO with the error.
    void refuse(Errno error);
    /// Any thread.
    void shut_down() { channel_.shut_down(); }

  private:
    using Received = transport::Channel::Received;

    /// False: the channel is over.
    bool handle(const Received& received);
    bool handle_hello(const Received& received);
    void handle_open(const Received& received);
    void handle_ioctl(const Received& received);
    void handle_mmap(const Received& received);
    void handle_open_live(const Received& received);
    void handle_write(const Received& received);
    void handle_open_uevents(const Received& received);
    void handle_bind_uevents(const Received& received);
    void handle_name_uevents(const Received& received);
    void handle_poll_buffer(const Received& received);
    void handle_change_names(const Received& received);

    Result<drm::OpenedFile> open_file(drm::Device& device, drm::OpenInfo info) override;
    Result<FileTable::Opened> open_node(const Received& received);
    Result<int> card_ioctl(const Received& received, drm::Request& request);
    /// On what is no card.
    Result<int> other_ioctl(const Received& received, drm::Request& request);
    Result<int> special_ioctl(const Received& received, drm::Request& request);
    Result<int> dma_buf_ioctl(const Received& received, drm::Request& request);
    Result<drm::gem::BufferState> poll_buffer(const Received& received);
    Result<drm::MappedObject> map(const Received& received);
    Result<size_t> write_special(const Received& received);

    Trace& trace() { return context_.files.trace(); }
    void write_trace(TracedCall call, Time start, Nanos took);

    /// The file behind a name that this channel has proved to possess. BadF: none, or not proved.
    Result<FileTable::Use> find_card(transport::FileName name, uint32_t sequence);
    Result<Ref<drm::SpecialFile>> find_special(transport::FileName name, uint32_t sequence);
    Result<Ref<UeventSocket>> find_uevents(transport::FileName name, uint32_t sequence);
    /// The descriptor that the client sends when asked; not open if it sends none.
    UniqueFd ask_for_proof(transport::FileName name, uint32_t sequence);
    bool is_proved(transport::FileName name) const;
    void note_proved(transport::FileName name);

    void reply(uint32_t sequence, const Result<int>& result, uint64_t value = 0, int fd = -1);

    transport::Channel channel_;
    const SessionContext context_;
    ChannelSleeper sleeper_;
    bool greeted_ = false;
    std::set<std::pair<uint32_t, uint64_t>> proved_;  // kind, number
};

}  // namespace plugboard::daemon
