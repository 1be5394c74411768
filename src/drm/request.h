// One ioctl on its way: its caller's memory, how it waits, and how it says why it refuses.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/wait.h"
#include "uapi/ioctl_table.h"
#include "uapi/user_memory.h"

namespace plugboard::drm {

class Device;
class Fence;
class FileOpener;
struct IoctlText;

/// Where a test may stop a request; see Request::stop_point.
enum class StopPoint { Entry, AfterCopy, Wait };

/// Called at each stop point of each request, with no lock held. For tests.
using StopHook = std::function<void(Device&, const uapi::Ioctl&, StopPoint)>;
/// Borrowed; null: none. May be set at any time; the hook ends when no request runs.
extern std::atomic<const StopHook*> stop_hook;

/// What most refuse with.
inline constexpr auto core = log::Category::Core, kms = log::Category::Kms;

/// Lives as long as the call, on the caller's thread (in-process) or its channel's.
class Request {
  public:
    Request(uapi::UserMemory& memory, Sleeper& sleeper, uapi::Credentials caller)
        : memory_(memory), sleeper_(sleeper), caller_(caller) {}
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    ~Request() { write_reasons(); }

    uapi::UserMemory& memory() { return memory_; }
    const uapi::Credentials& caller() const { return caller_; }
    /// The row being served; set by dispatch.
    const uapi::Ioctl& row() const { return *row_; }
    /// False: none is, or there is no such ioctl.
    bool has_row() const { return row_ != nullptr; }
    /// The reason of the first refusal, empty before one and when nobody asks for reasons.
    const std::string& reason() const { return reason_; }
    bool is_refused() const { return is_refused_; }

    /// Notes why the request fails ("plane-0: CRTC_ID set without FB_ID") and gives the error back:
    /// `return request.refuse(Category::Atomic, Errno::Inval, "...", ...)`. The text is made only
    /// when the category is on or a trace asks for reasons; the line is written at the request's
    /// end, so this may be called under any lock.
    template <class... Args>
    Errno refuse(log::Category category, Errno error, fmt::format_string<Args...> format,
                 Args&&... args) {
        is_refused_ = true;
        if (!keeps_reasons_ && !log::is_enabled(category)) return error;
        return refused(category, error, fmt::format(format, std::forward<Args>(args)...));
    }

    /// Names a fault that has no reason yet: functions pass those of the caller's memory on as they
    /// are. The result as it is otherwise.
    Result<void> name_fault(log::Category category, Result<void> result) {
        if (result.ok() || result.error() != Errno::Fault || is_refused()) return result;
        return refuse(category, Errno::Fault, "memory that the argument points at");
    }

    /// Waits until `ready()` (it takes the locks it needs) or the end. NoDev: the device is gone;
    /// Intr: a signal (not when ignored); Time: the deadline. Holds nothing.
    Result<void> wait(Device& device, WaitQueue& queue, const std::function<bool()>& ready,
                      std::optional<Time> deadline = std::nullopt,
                      Interrupts interrupts = Interrupts::Allowed);
    /// The same for who has seen to it that sleeper() is woken.
    Result<void> wait_woken(Device& device, const std::function<bool()>& ready,
                            std::optional<Time> deadline = std::nullopt,
                            Interrupts interrupts = Interrupts::Allowed);

    /// Until the fence signals, whatever device it is of. Intr.
    Result<void> wait(Fence& fence);

    /// Where Linux takes a descriptor's number first: MFile if the caller has none free.
    Result<void> expect_free_fd();

    void stop_point(Device& device, StopPoint point);

    /// For waits in queues of the caller's choice.
    Sleeper& sleeper() { return sleeper_; }

    /// Who gives the caller new files; null: nobody can.
    FileOpener* opener() { return opener_; }
    void set_opener(FileOpener& opener) { opener_ = &opener; }

    void begin(const uapi::Ioctl& row) { row_ = &row; }
    void keep_reasons() { keeps_reasons_ = true; }
    /// For a trace: dispatch fills in the text, which outlives the ioctl, and reasons are kept.
    void describe_into(IoctlText& text) {
        text_ = &text;
        keeps_reasons_ = true;
    }
    IoctlText* text() { return text_; }
    /// Writes the log lines of the refusals so far. With no lock held.
    void write_reasons();

  private:
    Errno refused(log::Category category, Errno error, std::string reason);

    uapi::UserMemory& memory_;
    Sleeper& sleeper_;
    uapi::Credentials caller_;
    FileOpener* opener_ = nullptr;
    const uapi::Ioctl* row_ = nullptr;
    IoctlText* text_ = nullptr;
    std::string reason_;
    std::vector<std::pair<log::Category, std::string>> unwritten_;  // log lines
    bool is_refused_ = false;
    bool keeps_reasons_ = false;
};

}  // namespace plugboard::drm
