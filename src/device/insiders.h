// Who is inside a device's gate, and what for: whom its end waits for.
// Linux has no such thing; a hung unbind there is a stack in the log after two minutes.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/list.h"
#include "base/mutex.h"

namespace plugboard::device {

/// What a thread does inside a device. The texts live for ever.
struct Doing {
    const char* what = nullptr;  // "commit"; null: is not told
    const char* hook = nullptr;  // "Screen::commit"; null: none
    int pid = 0;                 // of the client that it is done for; 0: none
};

/// "commit of pid 4711, 3.2 s, in hook Screen::commit"
std::string describe(const Doing& doing, Nanos since);

/// Of one device. Any thread.
class Insiders {
  public:
    /// Inside for the scope of this object.
    class Entry : private ListNode {
      public:
        Entry(Insiders& insiders, const Doing& doing, Time since);
        ~Entry();

      private:
        friend class Insiders;
        friend class List<Entry>;
        Insiders& insiders_;
        const Doing doing_;
        const Time since_;
    };

    /// One text for each that tells what it does, oldest first.
    std::vector<std::string> describe_all(Time now) const;

  private:
    mutable Mutex<LockClass<Insiders>> mutex_;
    mutable List<Entry> entries_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::device
