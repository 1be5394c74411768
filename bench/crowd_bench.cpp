// Many clients of one card: what an ioctl costs among them, and how long an unplug takes until the
// last one has been told. The peers do the same with this kernel's plain means.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/hangup_watch.h"
#include "base/unique_fd.h"
#include "bench/plain_client.h"
#include "bench/time_only.h"
#include "daemon/session/socket_event_sink.h"
#include "drivers/vkms/test_board.h"
#include "tests/support/threads.h"

namespace plugboard {
namespace {

using bench::call;
using bench::seconds;
using bench::Stopwatch;

constexpr int64_t ioctls_each = 100;
constexpr int64_t unplugs = 10;

/// A card with so many files.
class Crowd {
  public:
    using MakeSink = std::function<std::unique_ptr<drm::EventSink>()>;

    /// Fewer, if not all are let in.
    explicit Crowd(
        int64_t count,
        const MakeSink& make_sink = [] { return std::make_unique<bench::SilentSink>(); }) {
        const auto card = board_.drm();
        for (int64_t i = 0; i < count; i++) {
            auto sink = make_sink();
            if (!sink) return;
            auto file = bench::open_file(*card, static_cast<size_t>(i), std::move(sink));
            if (!file) return;
            files_.push_back(*std::move(file));
        }
    }
    ~Crowd() { close(); }

    const std::vector<Ref<drm::File>>& files() const { return files_; }
    bool is_of(int64_t count) const { return static_cast<int64_t>(files_.size()) == count; }
    /// A buffer of each.
    bool make_buffers() {
        return std::ranges::all_of(
            files_, [](const Ref<drm::File>& file) { return bench::make_buffer(*file, 32) != 0; });
    }
    void unplug() { board_.unplug(); }
    void close() {
        for (const auto& file : files_) file->release();
        files_.clear();
    }

  private:
    vkms::TestBoard board_{{.features = {.syncobj = true}}};
    std::vector<Ref<drm::File>> files_;
};

// Ioctls of all in turn; each thread has its part of them.

/// Made by the first thread before all start, ended by it after all have stopped.
template <class T>
class Shared {
  public:
    Shared(benchmark::State& state, std::unique_ptr<T>& place) : place_(place) {
        is_first_ = state.thread_index() == 0;
        if (is_first_) place_ = std::make_unique<T>(state.range(0));
    }
    ~Shared() {
        if (is_first_) place_.reset();
    }
    T& operator*() { return *place_; }

  private:
    std::unique_ptr<T>& place_;
    bool is_first_ = false;
};

/// Calls `run` with the number of each of the thread's clients, a hundred times.
template <class Run>
bool each_in_turn(const benchmark::State& state, Run run) {
    const int64_t count = state.range(0), threads = state.threads();
    for (int64_t round = 0; round < ioctls_each; round++) {
        for (int64_t i = state.thread_index(); i < std::max(count, threads); i += threads) {
            if (!run(static_cast<size_t>(i % count))) return false;
        }
    }
    return true;
}

void set_items(benchmark::State& state) {
    const int64_t mine = (std::max<int64_t>(state.range(0), state.threads()) -
                          state.thread_index() + state.threads() - 1) /
                         state.threads();
    state.SetItemsProcessed(state.iterations() * ioctls_each * mine);
}

void for_each_crowd(benchmark::internal::Benchmark* each) {
    each->RangeMultiplier(10)->Range(1, 1'000)->ThreadRange(1, 2)->UseRealTime();
}

void get_cap(benchmark::State& state) {
    static std::unique_ptr<Crowd> place;
    Shared<Crowd> crowd(state, place);
    for (auto _ : state) {
        const bool done = each_in_turn(state, [&](size_t client) {
            drm_get_cap cap{.capability = DRM_CAP_DUMB_BUFFER, .value = 0};
            return call(*(*crowd).files()[client], DRM_IOCTL_GET_CAP, cap) == 0;
        });
        if (!done) state.SkipWithError("GET_CAP failed");
    }
    set_items(state);
}
BENCHMARK(get_cap)->Apply(for_each_crowd);

class Pipes {
  public:
    explicit Pipes(int64_t count) {
        for (int64_t i = 0; i < count; i++) {
            int ends[2];
            if (pipe2(ends, O_CLOEXEC) != 0) return;
            ends_.emplace_back(ends[0]);
            writing_.emplace_back(ends[1]);
        }
    }
    int operator[](size_t index) const { return index < ends_.size() ? ends_[index].borrow() : -1; }

  private:
    std::vector<UniqueFd> ends_, writing_;
};

/// As many ioctls of this kernel's own.
void peer_ioctl_of_pipes(benchmark::State& state) {
    static std::unique_ptr<Pipes> place;
    Shared<Pipes> pipes(state, place);
    for (auto _ : state) {
        const bool done = each_in_turn(state, [&](size_t client) {
            int bytes = 0;
            return ioctl((*pipes)[client], FIONREAD, &bytes) == 0;
        });
        if (!done) state.SkipWithError("FIONREAD failed");
    }
    set_items(state);
}
BENCHMARK(peer_ioctl_of_pipes)->Apply(for_each_crowd);

void create_and_destroy_dumb(benchmark::State& state) {
    static std::unique_ptr<Crowd> place;
    Shared<Crowd> crowd(state, place);
    for (auto _ : state) {
        const bool done = each_in_turn(state, [&](size_t client) {
            drm::File& file = *(*crowd).files()[client];
            const uint32_t buffer = bench::make_buffer(file, 32);
            return buffer != 0 && bench::destroy_buffer(file, buffer);
        });
        if (!done) state.SkipWithError("CREATE_DUMB or DESTROY_DUMB failed");
    }
    set_items(state);
}
BENCHMARK(create_and_destroy_dumb)->Apply(for_each_crowd);

void peer_memfd_made_and_closed(benchmark::State& state) {
    for (auto _ : state) {
        const bool done = each_in_turn(state, [&](size_t) {
            const UniqueFd memory(memfd_create("peer", MFD_CLOEXEC | MFD_ALLOW_SEALING));
            return ftruncate(memory.borrow(), 4096) == 0 &&
                   fcntl(memory.borrow(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0;
        });
        if (!done) state.SkipWithError("no memfd");
    }
    set_items(state);
}
BENCHMARK(peer_memfd_made_and_closed)->Apply(for_each_crowd);

// Unplug. The time is until the last client was told; as counters its median and least of
// `unplugs`, and the medians of how long unplug() and, after it, the closing of all files took.

/// One series of times in seconds.
class Series {
  public:
    void add(Stopwatch::time_point from, Stopwatch::time_point to) {
        all_.push_back(seconds(from, to));
    }
    double last() const { return all_.back(); }
    double least_ms() const { return all_.empty() ? 0 : *std::ranges::min_element(all_) * 1e3; }
    double median_ms() const {
        if (all_.empty()) return 0;
        std::vector<double> sorted = all_;
        std::ranges::sort(sorted);
        return sorted[sorted.size() / 2] * 1e3;
    }

  private:
    std::vector<double> all_;
};

class Times {
  public:
    explicit Times(benchmark::State& state) : state_(state) {}
    ~Times() {
        state_.counters["median_ms"] = told_.median_ms();
        state_.counters["least_ms"] = told_.least_ms();
        state_.counters["unplug_ms"] = unplug_.median_ms();
        state_.counters["close_ms"] = close_.median_ms();
    }
    template <class Unplug>
    void unplug(Unplug unplug) {
        from_ = Stopwatch::now();
        unplug();
        unplug_.add(from_, Stopwatch::now());
    }
    void told(Stopwatch::time_point at) {
        told_.add(from_, at);
        state_.SetIterationTime(told_.last());
    }
    template <class Close>
    void close(Close close) {
        const auto from = Stopwatch::now();
        close();
        close_.add(from, Stopwatch::now());
    }

  private:
    benchmark::State& state_;
    Stopwatch::time_point from_;
    Series told_, unplug_, close_;
};

void for_each_unplug(benchmark::internal::Benchmark* each) {
    each->UseManualTime()->Iterations(unplugs)->Unit(benchmark::kMillisecond);
    each->RangeMultiplier(10)->Range(1, 1'000);
}

/// Counts those who have been told; the last one's time is what counts.
class Told {
  public:
    explicit Told(int64_t count) : left_(count) {}
    void one() {
        if (left_.fetch_sub(1) == 1) last_ = Stopwatch::now();
    }
    bool are_all() const { return left_ <= 0; }
    Stopwatch::time_point last() const { return last_; }

  private:
    std::atomic<int64_t> left_;
    Stopwatch::time_point last_;
};

class CountingSink final : public drm::EventSink {
  public:
    explicit CountingSink(Told& told) : told_(told) {}
    void push(const drm::EventBytes&) override {}
    size_t unread() const override { return 0; }
    void hang_up() override { told_.one(); }

  private:
    Told& told_;
};

/// Clients in this process, who are told by a call.
void unplug_in_process(benchmark::State& state) {
    Times times(state);
    for (auto _ : state) {
        Told told(state.range(0));
        Crowd crowd(state.range(0), [&] { return std::make_unique<CountingSink>(told); });
        if (!crowd.is_of(state.range(0)) || !crowd.make_buffers())
            return state.SkipWithError("too few descriptors");
        times.unplug([&] { crowd.unplug(); });
        if (!told.are_all()) return state.SkipWithError("not all were told");
        times.told(told.last());
        times.close([&] { crowd.close(); });
    }
}
BENCHMARK(unplug_in_process)->Apply(for_each_unplug)->Arg(10'000);

/// The clients' ends of so many sockets, whose hang-ups a thread waits for.
class SocketClients {
  public:
    explicit SocketClients(int64_t count) : told_(count) {}
    /// Our end of one more; closed: there are no descriptors.
    UniqueFd add() {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return {};
        theirs_.emplace_back(ends[1]);
        epoll_event event{.events = EPOLLET | EPOLLRDHUP, .data = {.fd = ends[1]}};
        epoll_ctl(epoll_.borrow(), EPOLL_CTL_ADD, ends[1], &event);
        return UniqueFd(ends[0]);
    }
    int last() const { return theirs_.back().borrow(); }
    void start() {
        thread_ = std::thread([this] {
            while (!told_.are_all()) {
                epoll_event events[64];
                const int count = epoll_wait(epoll_.borrow(), events, 64, -1);
                for (int i = 0; i < count; i++) {
                    if (events[i].events & EPOLLHUP) told_.one();
                }
            }
        });
        tests::wait_until_others_sleep();
    }
    Stopwatch::time_point wait() {
        thread_.join();
        return told_.last();
    }

  private:
    const UniqueFd epoll_{epoll_create1(EPOLL_CLOEXEC)};
    std::vector<UniqueFd> theirs_;
    Told told_;
    std::thread thread_;
};

/// As the daemon's: each client polls a socket.
void unplug_with_sockets(benchmark::State& state) {
    Times times(state);
    for (auto _ : state) {
        SocketClients clients(state.range(0));
        Crowd crowd(state.range(0), [&]() -> std::unique_ptr<drm::EventSink> {
            UniqueFd ours = clients.add();
            if (!ours.is_open()) return nullptr;
            auto sink = daemon::SocketEventSink::create(std::move(ours), clients.last());
            if (!sink.ok()) return nullptr;
            return *std::move(sink);
        });
        if (!crowd.is_of(state.range(0)) || !crowd.make_buffers())
            return state.SkipWithError("too few descriptors");
        clients.start();
        times.unplug([&] { crowd.unplug(); });
        times.told(clients.wait());
        times.close([&] { crowd.close(); });
    }
}
BENCHMARK(unplug_with_sockets)->Apply(for_each_unplug)->Arg(5'000);

/// Nothing but the sockets.
void peer_shutdown_of_sockets(benchmark::State& state) {
    Times times(state);
    for (auto _ : state) {
        SocketClients clients(state.range(0));
        std::vector<UniqueFd> ours;
        for (int64_t i = 0; i < state.range(0); i++) {
            ours.push_back(clients.add());
            if (!ours.back().is_open()) return state.SkipWithError("too few descriptors");
        }
        clients.start();
        times.unplug([&] {
            for (const UniqueFd& each : ours) HangupWatch::shut_down(each.borrow());
        });
        times.told(clients.wait());
        times.close([&] { ours.clear(); });
    }
}
BENCHMARK(peer_shutdown_of_sockets)->Apply(for_each_unplug)->Arg(5'000);

/// So many threads asleep, each in a `wait`; `wake_all` ends all of these.
template <class Wait, class WakeAll>
Stopwatch::time_point wake_threads(Times& times, int64_t count, Wait wait, WakeAll wake_all) {
    Told told(count);
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < count; i++) {
        threads.emplace_back([&, i] {
            wait(static_cast<size_t>(i));
            told.one();
        });
    }
    tests::wait_until_others_sleep();
    times.unplug(wake_all);
    for (std::thread& thread : threads) thread.join();
    return told.last();
}

/// Each client's thread waits for a syncobj that nobody will signal.
void unplug_wakes_waiters(benchmark::State& state) {
    Times times(state);
    for (auto _ : state) {
        Crowd crowd(state.range(0));
        if (!crowd.is_of(state.range(0))) return state.SkipWithError("too few files");
        std::atomic<int64_t> ended = 0;
        const auto wait = [&](size_t client) {
            drm::File& file = *crowd.files()[client];
            if (bench::wait_for_syncobj(file, bench::make_syncobj(file)) == ENODEV) ended++;
        };
        times.told(wake_threads(times, state.range(0), wait, [&] { crowd.unplug(); }));
        if (ended != state.range(0)) return state.SkipWithError("a wait ended another way");
        times.close([&] { crowd.close(); });
    }
}
BENCHMARK(unplug_wakes_waiters)->Apply(for_each_unplug);

/// So many threads of one condition variable.
void peer_notify_all(benchmark::State& state) {
    Times times(state);
    for (auto _ : state) {
        std::mutex mutex;
        std::condition_variable gone;
        bool is_gone = false;
        const auto wait = [&](size_t) {
            std::unique_lock lock(mutex);
            gone.wait(lock, [&] { return is_gone; });
        };
        times.told(wake_threads(times, state.range(0), wait, [&] {
            const std::lock_guard lock(mutex);
            is_gone = true;
            gone.notify_all();
        }));
    }
}
BENCHMARK(peer_notify_all)->Apply(for_each_unplug);

}  // namespace
}  // namespace plugboard
