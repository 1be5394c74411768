#include "device/insiders.h"

#include <fmt/format.h>

namespace plugboard::device {

std::string describe(const Doing& doing, Nanos since) {
    std::string text = doing.what;
    if (doing.pid != 0) text += fmt::format(" of pid {}", doing.pid);
    text += fmt::format(", {:.1f} s", std::chrono::duration<double>(since).count());
    if (doing.hook) text += fmt::format(", in hook {}", doing.hook);
    return text;
}

Insiders::Entry::Entry(Insiders& insiders, const Doing& doing, Time since)
    : insiders_(insiders), doing_(doing), since_(since) {
    MutexLock lock(insiders_.mutex_);
    insiders_.entries_.push_back(*this);
}

Insiders::Entry::~Entry() {
    MutexLock lock(insiders_.mutex_);
    unlink();
}

std::vector<std::string> Insiders::describe_all(Time now) const {
    std::vector<std::string> all;
    MutexLock lock(mutex_);
    for (const Entry* entry = entries_.front(); entry;
         entry = entries_.next(const_cast<Entry&>(*entry)))
        all.push_back(describe(entry->doing_, now - entry->since_));
    return all;
}

}  // namespace plugboard::device
