// What an ioctl costs through shim and daemon. Run it on a board:
//     plugboard run -- build/release/bench/round_trip_bench
// The peers are bare requests and replies over the same kind of socket, between two processes.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <drm.h>
#include <drm_mode.h>

namespace {

int card() {
    static const int fd = [] {
        const int opened = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
        if (opened < 0) {
            std::fprintf(stderr, "no /dev/dri/card0: run this as  plugboard run -- %s\n",
                         program_invocation_name);
            std::exit(1);
        }
        drm_set_client_cap cap{DRM_CLIENT_CAP_ATOMIC, 1};
        ioctl(opened, DRM_IOCTL_SET_CLIENT_CAP, &cap);
        return opened;
    }();
    return fd;
}

void think(long milliseconds) {
    const timespec pause{0, milliseconds * 1'000'000};
    nanosleep(&pause, nullptr);  // the think time is what is measured here
}

void get_cap(benchmark::State& state) {
    drm_get_cap cap{};
    for (auto _ : state) {
        cap.capability = DRM_CAP_DUMB_BUFFER;
        if (ioctl(card(), DRM_IOCTL_GET_CAP, &cap) != 0) state.SkipWithError("GET_CAP failed");
    }
}
BENCHMARK(get_cap)->UseRealTime();

void get_cap_with_4_ms_think_time(benchmark::State& state) {
    drm_get_cap cap{};
    for (auto _ : state) {
        state.PauseTiming();
        think(4);
        state.ResumeTiming();
        cap.capability = DRM_CAP_DUMB_BUFFER;
        if (ioctl(card(), DRM_IOCTL_GET_CAP, &cap) != 0) state.SkipWithError("GET_CAP failed");
    }
}
BENCHMARK(get_cap_with_4_ms_think_time)->UseRealTime()->Iterations(300);

void atomic_test_only_empty(benchmark::State& state) {
    for (auto _ : state) {
        drm_mode_atomic request{};
        request.flags = DRM_MODE_ATOMIC_TEST_ONLY;
        if (ioctl(card(), DRM_IOCTL_MODE_ATOMIC, &request) != 0)
            state.SkipWithError("ATOMIC failed");
    }
}
BENCHMARK(atomic_test_only_empty)->UseRealTime();

/// A request and a reply of 128 bytes between two processes. `flags` of recv(): with MSG_DONTWAIT
/// neither end ever sleeps.
void bare_seqpacket(benchmark::State& state, int flags) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0) {
        state.SkipWithError("socketpair failed");
        return;
    }
    const auto take = [flags](int fd, std::array<char, 128>& message) {
        ssize_t size;
        do {
            size = recv(fd, message.data(), message.size(), flags);
        } while (size < 0 && errno == EAGAIN);
        return size > 0;
    };
    const pid_t child = fork();
    std::array<char, 128> message{};
    if (child == 0) {
        close(ends[0]);
        while (take(ends[1], message)) send(ends[1], message.data(), message.size(), MSG_NOSIGNAL);
        _exit(0);
    }
    close(ends[1]);
    for (auto _ : state) {
        send(ends[0], message.data(), message.size(), MSG_NOSIGNAL);
        take(ends[0], message);
    }
    close(ends[0]);
    waitpid(child, nullptr, 0);
}

void peer_that_sleeps(benchmark::State& state) {
    bare_seqpacket(state, 0);
}
BENCHMARK(peer_that_sleeps)->UseRealTime();

void peer_that_never_sleeps(benchmark::State& state) {
    bare_seqpacket(state, MSG_DONTWAIT);
}
BENCHMARK(peer_that_never_sleeps)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
