#include "examples/serial_line/line.h"

namespace plugboard::serial {

Result<std::string> Line::read_line(Sleeper& sleeper) {
    // Gone wakes too: it comes before unbind waits for anybody, and so before hang_up().
    WaitQueue::Entry gone(device_->gone_queue(), sleeper);
    std::optional<std::string> line;
    bool over = false;
    const Wakeup end = wait_until(sleeper, queue_, [&] {
        over = is_over();
        line = take_line();
        return line || over;
    });
    if (line) return *std::move(line);
    return end == Wakeup::Interrupted && !over ? Errno::Intr : Errno::NoDev;
}

void Line::receive(std::string_view text) {
    {
        MutexLock lock(mutex_);
        text_ += text;
    }
    queue_.wake_all();
}

void Line::hang_up() {
    {
        MutexLock lock(mutex_);
        hung_up_ = true;
    }
    queue_.wake_all();
}

std::optional<std::string> Line::take_line() {
    MutexLock lock(mutex_);
    const size_t end = text_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = text_.substr(0, end);
    text_.erase(0, end + 1);
    return line;
}

bool Line::is_over() const {
    if (device_->is_gone()) return true;
    MutexLock lock(mutex_);
    return hung_up_;  // also when the device is bound again by now
}

}  // namespace plugboard::serial
