// Makes this process run out of something for a scope.
#pragma once

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>

namespace plugboard::tests {

/// No new descriptor can be opened: EMFILE.
class NoDescriptors {
  public:
    NoDescriptors() {
        if (getrlimit(RLIMIT_NOFILE, &old_) != 0) std::abort();
        const int lowest_free = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (lowest_free < 0) std::abort();
        close(lowest_free);
        set_limit({.rlim_cur = static_cast<rlim_t>(lowest_free), .rlim_max = old_.rlim_max});
    }
    ~NoDescriptors() { set_limit(old_); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

  private:
    static void set_limit(const rlimit& limit) {
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) std::abort();
    }
    rlimit old_{};
};

/// No new thread can be started: EAGAIN, for its stack would be larger than memory.
class NoThreads {
  public:
    NoThreads() {
        pthread_attr_t attributes;
        pthread_getattr_default_np(&attributes);
        pthread_attr_getstacksize(&attributes, &old_);
        set_stack_size(size_t{1} << 46);
        pthread_attr_destroy(&attributes);
    }
    ~NoThreads() { set_stack_size(old_); }
    NoThreads(const NoThreads&) = delete;
    NoThreads& operator=(const NoThreads&) = delete;

  private:
    static void set_stack_size(size_t size) {
        pthread_attr_t attributes;
        pthread_getattr_default_np(&attributes);
        pthread_attr_setstacksize(&attributes, size);
        pthread_setattr_default_np(&attributes);
        pthread_attr_destroy(&attributes);
    }
    size_t old_ = 0;
};

}  // namespace plugboard::tests
