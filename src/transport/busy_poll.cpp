#include "transport/busy_poll.h"

#include <sched.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/raw_syscall.h"

namespace plugboard::transport {

int64_t monotonic_ns() {
    timespec now{};
    raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

BusyPoll BusyPoll::where_of_use() {
    cpu_set_t processors{};
    const long size = raw_syscall(SYS_sched_getaffinity, 0, sizeof processors, &processors);
    // More processors than the set can hold are more than one.
    return BusyPoll(size < 0 || CPU_COUNT(&processors) > 1);
}

}  // namespace plugboard::transport
