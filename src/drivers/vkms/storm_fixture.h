// For the unplug storm: a board whose every answer is compared with the model's.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/clock.h"
#include "drivers/vkms/storm_model.h"
#include "drivers/vkms/test_board.h"
#include "drm/gem/object.h"
#include "drm/objects/mode.h"

namespace plugboard::tests {
class Client;
}

namespace plugboard::vkms {

/// What clients do, and what is done to the card. Names of calls are those of their ioctls.
enum class Verb {
    Open,
    OpenRender,
    Reopen,  // of the device that an open file has
    Close,
    GetCap,
    GetResources,
    SetMaster,
    DropMaster,
    CreateDumb,
    Map,
    Write,  // through a mapping
    AddFb,
    RmFb,
    SetCrtc,
    Flip,
    BlockingFlip,
    Read,
    Vblank,
    Pause,  // until the vblank timer rests
    Unbind,
    Unplug,
    Plug,
};

/// What cannot be done as things are is left out.
struct Command {
    Verb verb{};
    size_t file = 0;  // which of the open ones, modulo
    size_t item = 0;  // which of its buffers or framebuffers, or of all mappings, modulo
};
std::ostream& operator<<(std::ostream& out, const Command& command);

/// Where the card and the model part.
struct StormDifference {
    enum class Kind {
        Answer,
        TimeOut,  // the card has not answered; perhaps the machine is busy
    };
    Kind kind = Kind::Answer;
    std::string text{};
};

/// A board, its clients, and the model of both. What a call waits for is a commit that the model
/// knows too, so that nothing depends on which thread is faster.
class Storm {
  public:
    explicit Storm(StormRules rules);
    ~Storm();
    Storm(const Storm&) = delete;
    Storm& operator=(const Storm&) = delete;

    /// Once. In the end all is unplugged and closed. The first answer that is not the model's.
    std::optional<StormDifference> play(const std::vector<Command>& commands);

  private:
    /// An ioctl or close() on a thread of its own.
    struct Call {
        size_t file;
        std::future<int> result;
    };
    struct Mapped {
        drm::gem::Mapping memory;
        size_t buffer;  // its place in contents_
    };

    void step(const Command& command);
    void apply(const Command& command);
    void apply_to(const Command& command, size_t file);
    void open(drm::NodeType node);
    void reopen(size_t file);
    int add_client(drm::Device& device);
    void close(size_t file);
    void create_dumb(size_t file);
    void map(size_t file, size_t item);
    void write(size_t item);
    void add_fb(size_t file, size_t item);
    void remove_fb(size_t file, size_t item);
    void set_crtc(size_t file, size_t item);
    void flip(size_t file, size_t item, bool is_blocking);
    void read(size_t file);
    void pass(Nanos time);
    void pull(Verb verb);
    void plug();

    /// Makes a call that may wait, on a thread of its own.
    void call(size_t file, Answer expected, std::function<int()> run);
    void compare_result(Call& call, int expected);
    /// Compares what the calls gave that have waited longest.
    void finish_calls(const std::vector<int>& expected);
    /// Waits until the card has done what it can do without another vblank.
    void settle();
    void compare_state();
    void compare_mapping(const Mapped& mapped);
    template <class Value>
    void compare(const std::string& what, const Value& expected,
                 const std::type_identity_t<Value>& actual) {
        if (difference_ || expected == actual) return;
        difference_ = StormDifference{
            .text = fmt::format("{}: the model says {}, the card {}", what, expected, actual)};
    }
    void note_time_out(const std::string& what);
    void compare_error(const std::string& what, int expected, int actual);
    /// An ioctl that never waits; whether it succeeded.
    bool ioctl(size_t file, unsigned long command, void* argument, int expected);

    const drm::Mode mode_;
    FakeClock clock_;
    TestBoard board_;
    StormModel model_;
    std::vector<std::unique_ptr<tests::Client>> clients_;  // one a file of the model
    std::vector<uint8_t> contents_;  // of the first and last byte of every buffer there was
    std::vector<Mapped> mappings_;
    std::deque<Call> calls_;  // that wait
    uint64_t flips_ = 0;
    uint8_t writes_ = 0;
    std::optional<StormDifference> difference_;
};

}  // namespace plugboard::vkms
