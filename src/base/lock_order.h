// The order in which lock classes are taken, learnt at run time; debug builds abort on an
// inversion. Linux: kernel/locking/lockdep.c
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plugboard {

/// One lock class, registered at its first use. Lives for ever.
class LockClassInfo {
  public:
    explicit LockClassInfo(const char* pretty_function);
    int id() const { return id_; }
    const std::string& name() const { return name_; }

  private:
    std::string name_;
    int id_;
};

namespace lock_order {
// An installed library's users are told which kind it is, for they must do as it does.
#if defined(PLUGBOARD_LOCK_ORDER_CHECKED) ? PLUGBOARD_LOCK_ORDER_CHECKED : !defined(NDEBUG)
inline constexpr bool checked = true;
void check_before_lock(const LockClassInfo& lock_class);
void note_unlock(const LockClassInfo& lock_class);
#else
inline constexpr bool checked = false;
inline void check_before_lock(const LockClassInfo&) {}
inline void note_unlock(const LockClassInfo&) {}
#endif

/// Aborts, naming both classes, if taking this class under those held could deadlock with an order
/// seen before. Does nothing in release builds.
inline void before_lock(const LockClassInfo& lock_class) {
    if constexpr (checked) check_before_lock(lock_class);
}
inline void after_unlock(const LockClassInfo& lock_class) {
    if constexpr (checked) note_unlock(lock_class);
}

/// Each order seen so far, as "Held -> Taken", sorted. Empty in release builds. At exit a debug
/// build appends them to the file that PLUGBOARD_LOCK_ORDER names (tools/check_lock_order.py).
std::vector<std::string> observed();

}  // namespace lock_order
}  // namespace plugboard
