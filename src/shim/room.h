// Memory for as many values as a call brings.
#pragma once

#include <sys/mman.h>

#include <cstddef>

#include "shim/syscalls.h"

namespace plugboard::shim {

/// Up to `few` are on the stack; more are asked of the kernel, and are zero.
template <class T, size_t few>
class Room {
  public:
    explicit Room(size_t count) {
        if (count <= few) return;
        all_ = nullptr;
        if (count > SIZE_MAX / sizeof(T)) return;
        const size_t size = count * sizeof(T);
        const long memory = raw_syscall(SYS_mmap, nullptr, size, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0l);
        if (memory < 0 && memory > -4096) return;
        all_ = reinterpret_cast<T*>(memory);
        mapped_ = size;
    }
    ~Room() { give_back(); }
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

    /// Null: there is no memory.
    T* all() { return all_; }
    const T* all() const { return all_; }
    /// Twice is once.
    void give_back() {
        if (mapped_ != 0) raw_syscall(SYS_munmap, all_, mapped_);
        mapped_ = 0;
    }

  private:
    T stack_[few]{};
    T* all_ = stack_;
    size_t mapped_ = 0;
};

}  // namespace plugboard::shim
