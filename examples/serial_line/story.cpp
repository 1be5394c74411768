#include "examples/serial_line/story.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"
#include "device/mock_device.h"
#include "examples/serial_line/cable.h"
#include "examples/serial_line/driver.h"
#include "examples/serial_line/waiting_read.h"

namespace plugboard::serial {
namespace {

/// Collects the story's own lines, and between them each release that the device's devres logs.
/// One at a time; any thread.
class Teller {
  public:
    Teller()
        : old_mask_(log::enabled_mask.exchange(static_cast<uint32_t>(log::Category::Devres))),
          old_sink_(log::set_sink([this](log::Category category, std::string_view line) {
              category == log::Category::Devres ? hear(line) : old_sink_(category, line);
          })) {}
    ~Teller() {
        log::set_sink(std::move(old_sink_));
        log::enabled_mask = old_mask_;
    }
    Teller(const Teller&) = delete;
    Teller& operator=(const Teller&) = delete;

    template <class... Args>
    void say(fmt::format_string<Args...> format, Args&&... args) {
        MutexLock lock(mutex_);
        fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
        text_ += '\n';
    }
    std::string take() {
        MutexLock lock(mutex_);
        return std::move(text_);
    }

  private:
    /// "ttyP0: DEVRES REL 0x5581 serial::Reader", and perhaps more words
    void hear(std::string_view line) {
        constexpr std::string_view released = " REL ";
        const size_t at = line.find(released);
        if (at == std::string_view::npos) return;
        const size_t name = line.find(' ', at + released.size()) + 1;
        say("   released: {}", line.substr(name, line.find(' ', name) - name));
    }

    Mutex<LockClass<Teller>> mutex_;
    std::string text_ GUARDED_BY(mutex_);
    const uint32_t old_mask_;
    log::Sink old_sink_;
};

device::MockOptions port_of(const Cable& cable) {
    device::MockOptions options;
    options.info.name = "ttyP0";
    options.info.platform_data = cable.near_path();
    return options;
}

/// Reads once, then waits for more until `pull` has the device end.
template <class Pull>
Result<void> play(Teller& teller, const Cable& cable, Pull pull) {
    Driver driver;
    device::MockDevice port(driver, port_of(cable));
    {
        auto line = TRY(driver.open("ttyP0"));
        TRY(cable.send("hello\n"));
        teller.say("   The far end sends a line; the client reads: {}", WaitingRead(line).result());
        WaitingRead read(line);
        teller.say("   The client reads again. Nothing comes; it sleeps.");
        pull(port, read);
        teller.say("   The read ends with {}.", read.result());
        teller.say("   Another one: {}. The line is not to be found any more: {}.",
                   WaitingRead(line).result(), errno_name(driver.open("ttyP0").error()));
    }
    const std::string left = port.finish();
    teller.say("   Left behind: {}", left.empty() ? "nothing." : "\n" + left);
    return {};
}

}  // namespace

Result<std::string> tell_serial_line() {
    auto cable = TRY(Cable::create());
    Teller teller;
    teller.say("A serial line on a pseudo-terminal; its driver uses plugboard-device alone.");
    teller.say("");
    teller.say("1. The device is pulled while a client waits in a read.");
    TRY(play(teller, cable, [&](device::MockDevice& port, WaitingRead&) {
        teller.say("   Now the device is deleted. Unbind undoes probe(), newest first:");
        port.device().del();
    }));
    teller.say("");
    teller.say("2. The cable is cut while a client waits in a read.");
    TRY(play(teller, cable, [&](device::MockDevice& port, WaitingRead& read) {
        teller.say("   Now the far end is gone. The driver's reader sees it, and has its device");
        teller.say("   deleted by the model's worker, for it cannot wait for its own end:");
        cable.cut();
        (void)read.result();
        port.model().flush();
    }));
    return teller.take();
}

}  // namespace plugboard::serial
