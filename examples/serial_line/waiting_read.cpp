#include "examples/serial_line/waiting_read.h"

#include <utility>

#include "device/model.h"

namespace plugboard::serial {
namespace {

void raise(std::atomic<bool>& flag) {
    flag = true;
    flag.notify_all();
}

}  // namespace

WaitingRead::WaitingRead(Ref<Line> line)
    : sleeper_(line->device().model().clock(), asleep_or_over_) {
    auto started = Thread::start([this, line = std::move(line)] {
        auto read = line->read_line(sleeper_);
        result_ = read.ok() ? *std::move(read) : errno_name(read.error());
        raise(asleep_or_over_);
    });
    if (!started.ok()) {
        result_ = errno_name(started.error());
        return;
    }
    thread_ = *std::move(started);
    asleep_or_over_.wait(false);
}

std::string WaitingRead::result() {
    thread_.join();
    return result_;
}

Wakeup WaitingRead::TellingSleeper::sleep(std::optional<Time> deadline, Interrupts interrupts) {
    raise(asleep_);
    return inner_.sleep(deadline, interrupts);
}

}  // namespace plugboard::serial
