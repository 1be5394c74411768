// What clients pay for sharing buffers and fences, and the memory that each takes. The peers are
// the plain means of this kernel, or plain C++, measured here.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <malloc.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "bench/plain_client.h"
#include "bench/time_only.h"
#include "drivers/both_drivers.h"
#include "drm/sync/fence_array.h"
#include "drm/sync/fence_chain.h"
#include "drm/sync/sync_file.h"
#include "tests/support/drm_client.h"

namespace plugboard {
namespace {

using bench::call;
using bench::make_buffer;
using bench::make_syncobj;
using bench::set_items;
using bench::time_only;
using bench::wait_for_syncobj;

constexpr int64_t most = 10'000;

/// A vkms with syncobjs and a vgem in one machine.
class Machine {
  public:
    ~Machine() {
        vkms_->del();
        vgem_->del();
    }
    Ref<drm::Device> vkms() { return drivers_.card_on(*vkms_); }
    Ref<drm::Device> vgem() { return drivers_.card_on(*vgem_); }
    drm::SpecialFiles& special_files() { return drivers_.model.service<drm::SpecialFiles>(); }

  private:
    tests::BothDrivers drivers_{Clock::real()};
    const Ref<device::Device> vkms_ = drivers_.plug_vkms({.features = {.syncobj = true}});
    const Ref<device::Device> vgem_ = drivers_.plug_vgem();
};

// Buffers

/// Exports a buffer, imports it and lets the importer's handle and the descriptor go.
bool pass_on(drm::File& from, uint32_t buffer, drm::File& to) {
    drm_prime_handle out{.handle = buffer, .flags = DRM_CLOEXEC | DRM_RDWR, .fd = -1};
    if (call(from, DRM_IOCTL_PRIME_HANDLE_TO_FD, out) != 0) return false;
    const UniqueFd fd(out.fd);
    drm_prime_handle in{.handle = 0, .flags = 0, .fd = fd.borrow()};
    if (call(to, DRM_IOCTL_PRIME_FD_TO_HANDLE, in) != 0) return false;
    drm_gem_close gone{.handle = in.handle, .pad = 0};
    return call(to, DRM_IOCTL_GEM_CLOSE, gone) == 0;
}

void export_and_import(benchmark::State& state, drm::Device& from, drm::Device& to) {
    tests::Client maker(from), taker(to);
    const uint32_t buffer = maker.make_buffer(64, 64);
    for (auto _ : state) {
        if (!pass_on(maker.file(), buffer, taker.file()))
            return state.SkipWithError("the buffer was not passed on");
    }
}

void prime_same_device(benchmark::State& state) {
    Machine machine;
    export_and_import(state, *machine.vkms(), *machine.vkms());
}
BENCHMARK(prime_same_device);

void prime_vgem_to_vkms(benchmark::State& state) {
    Machine machine;
    export_and_import(state, *machine.vgem(), *machine.vkms());
}
BENCHMARK(prime_vgem_to_vkms);

/// The maker's descriptor and the taker's, and the look at what it is.
bool dup_and_close(const UniqueFd& memory) {
    const UniqueFd out(fcntl(memory.borrow(), F_DUPFD_CLOEXEC, 0));
    const UniqueFd in(fcntl(out.borrow(), F_DUPFD_CLOEXEC, 0));
    struct stat info {};
    return fstat(in.borrow(), &info) == 0;
}

void peer_dup_fstat_close(benchmark::State& state) {
    const UniqueFd memory(memfd_create("peer", MFD_CLOEXEC));
    for (auto _ : state) {
        if (!dup_and_close(memory)) return state.SkipWithError("no memfd");
    }
}
BENCHMARK(peer_dup_fstat_close);

void prime_with_a_new_buffer(benchmark::State& state) {
    Machine machine;
    tests::Client maker(*machine.vgem()), taker(*machine.vkms());
    for (auto _ : state) {
        const uint32_t buffer = make_buffer(maker.file(), 64);
        if (!pass_on(maker.file(), buffer, taker.file()) ||
            !bench::destroy_buffer(maker.file(), buffer))
            return state.SkipWithError("the buffer was not passed on");
    }
}
BENCHMARK(prime_with_a_new_buffer);

void peer_memfd_dup_close(benchmark::State& state) {
    for (auto _ : state) {
        const UniqueFd memory(memfd_create("peer", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        if (ftruncate(memory.borrow(), 64 * 64 * 4) != 0 ||
            fcntl(memory.borrow(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0 ||
            !dup_and_close(memory))
            return state.SkipWithError("no memfd");
    }
}
BENCHMARK(peer_memfd_dup_close);

// Syncobjs

bool on_syncobj(drm::File& file, unsigned long command, uint32_t handle) {
    drm_syncobj_array all{};
    all.handles = reinterpret_cast<uint64_t>(&handle);
    all.count_handles = 1;
    return call(file, command, all) == 0;
}

void syncobj_signal_and_wait(benchmark::State& state) {
    Machine machine;
    tests::Client client(*machine.vkms());
    const uint32_t syncobj = make_syncobj(client.file());
    for (auto _ : state) {
        if (!on_syncobj(client.file(), DRM_IOCTL_SYNCOBJ_SIGNAL, syncobj) ||
            wait_for_syncobj(client.file(), syncobj) != 0)
            return state.SkipWithError("not signalled");
    }
}
BENCHMARK(syncobj_signal_and_wait);

void peer_eventfd_write_and_poll(benchmark::State& state) {
    const UniqueFd event(eventfd(0, EFD_CLOEXEC));
    for (auto _ : state) {
        uint64_t one = 1;
        if (write(event.borrow(), &one, sizeof one) < 0) return state.SkipWithError("no eventfd");
        pollfd ready{event.borrow(), POLLIN, 0};
        if (poll(&ready, 1, -1) != 1) return state.SkipWithError("not readable");
    }
}
BENCHMARK(peer_eventfd_write_and_poll);

/// Two threads that wake each other: `wake` and `sleep` say how, with what is told and awaited.
template <class Wake, class Sleep>
void ping_pong(benchmark::State& state, Wake wake, Sleep sleep) {
    enum { Ping, Pong };
    std::atomic<bool> stop = false;
    std::thread other([&] {
        for (sleep(Ping); !stop; sleep(Ping)) wake(Pong);
    });
    for (auto _ : state) {
        wake(Ping);
        sleep(Pong);
    }
    stop = true;
    wake(Ping);
    other.join();
}

void syncobj_ping_pong(benchmark::State& state) {
    Machine machine;
    tests::Client client(*machine.vkms());
    drm::File& file = client.file();
    const uint32_t syncobjs[] = {make_syncobj(file), make_syncobj(file)};
    ping_pong(
        state, [&](int which) { on_syncobj(file, DRM_IOCTL_SYNCOBJ_SIGNAL, syncobjs[which]); },
        [&](int which) {
            wait_for_syncobj(file, syncobjs[which]);
            on_syncobj(file, DRM_IOCTL_SYNCOBJ_RESET, syncobjs[which]);
        });
}
BENCHMARK(syncobj_ping_pong)->UseRealTime();

void peer_eventfd_ping_pong(benchmark::State& state) {
    const UniqueFd events[] = {UniqueFd(eventfd(0, EFD_CLOEXEC)),
                               UniqueFd(eventfd(0, EFD_CLOEXEC))};
    ping_pong(
        state, [&](int which) { eventfd_write(events[which].borrow(), 1); },
        [&](int which) {
            pollfd ready{events[which].borrow(), POLLIN, 0};
            poll(&ready, 1, -1);
            eventfd_t value = 0;
            eventfd_read(events[which].borrow(), &value);
        });
}
BENCHMARK(peer_eventfd_ping_pong)->UseRealTime();

// Chains

Ref<drm::Fence> make_fence(uint64_t seqno = 1) {
    return drm::Fence::create(Clock::real(), {.context = drm::next_fence_context(),
                                              .seqno = seqno,
                                              .driver = "vgem",
                                              .timeline = "unbound"});
}

std::vector<Ref<drm::Fence>> make_fences(int64_t count) {
    std::vector<Ref<drm::Fence>> fences;
    for (int64_t i = 0; i < count; i++) fences.push_back(make_fence());
    return fences;
}

/// A chain of so many points, each with a fence of its own.
class Chain {
  public:
    explicit Chain(int64_t count) : fences_(make_fences(count)) {}
    void add_all() {
        for (uint64_t i = 0; i < fences_.size(); i++)
            head_ = drm::add_point(head_, i + 1, fences_[i]);
    }
    void drop() { head_.reset(); }
    const Ref<drm::Fence>& head() const { return *head_; }
    std::vector<Ref<drm::Fence>>& fences() { return fences_; }

  private:
    std::vector<Ref<drm::Fence>> fences_;
    MaybeRef<drm::Fence> head_;
};

/// What a plain program would keep: points by their number, in a map or in their order.
struct PlainFence {
    virtual ~PlainFence() = default;
    std::atomic<bool> is_signaled = false;
};
using PlainPoints = std::map<uint64_t, std::shared_ptr<PlainFence>>;
using PlainList = std::list<std::pair<uint64_t, std::shared_ptr<PlainFence>>>;

std::vector<std::shared_ptr<PlainFence>> make_plain_fences(int64_t count) {
    std::vector<std::shared_ptr<PlainFence>> fences;
    for (int64_t i = 0; i < count; i++) fences.push_back(std::make_shared<PlainFence>());
    return fences;
}

PlainPoints make_plain_points(const std::vector<std::shared_ptr<PlainFence>>& fences) {
    PlainPoints points;
    for (uint64_t i = 0; i < fences.size(); i++)
        points.emplace_hint(points.end(), i + 1, fences[i]);
    return points;
}

void for_each_size(benchmark::internal::Benchmark* each) {
    each->RangeMultiplier(10)->Range(1, most);
}

void chain_add(benchmark::State& state) {
    for (auto _ : state) {
        Chain chain(state.range(0));
        time_only(state, [&] { chain.add_all(); });
    }
    set_items(state);
}
BENCHMARK(chain_add)->Apply(for_each_size)->UseManualTime();

void peer_map_add(benchmark::State& state) {
    for (auto _ : state) {
        const auto fences = make_plain_fences(state.range(0));
        PlainPoints points;
        time_only(state, [&] { points = make_plain_points(fences); });
    }
    set_items(state);
}
BENCHMARK(peer_map_add)->Apply(for_each_size)->UseManualTime();

void chain_drop(benchmark::State& state) {
    for (auto _ : state) {
        Chain chain(state.range(0));
        chain.add_all();
        time_only(state, [&] { chain.drop(); });
    }
    set_items(state);
}
BENCHMARK(chain_drop)->Apply(for_each_size)->UseManualTime();

void peer_map_drop(benchmark::State& state) {
    for (auto _ : state) {
        const auto fences = make_plain_fences(state.range(0));
        PlainPoints points = make_plain_points(fences);
        time_only(state, [&] { points.clear(); });
    }
    set_items(state);
}
BENCHMARK(peer_map_drop)->Apply(for_each_size)->UseManualTime();

void find_in_chain(benchmark::State& state, uint64_t point) {
    Chain chain(state.range(0));
    chain.add_all();
    for (auto _ : state) benchmark::DoNotOptimize(drm::find_point(chain.head(), point));
}

/// Walks all of it, as Linux does.
void chain_find_first(benchmark::State& state) {
    find_in_chain(state, 1);
}
BENCHMARK(chain_find_first)->Apply(for_each_size);

void chain_find_last(benchmark::State& state) {
    find_in_chain(state, static_cast<uint64_t>(state.range(0)));
}
BENCHMARK(chain_find_last)->Apply(for_each_size);

/// The same walk, from the newest to the first.
void peer_list_find_first(benchmark::State& state) {
    const auto fences = make_plain_fences(state.range(0));
    PlainList list;
    for (uint64_t i = 0; i < fences.size(); i++) list.emplace_front(i + 1, fences[i]);
    for (auto _ : state) {
        std::shared_ptr<PlainFence> found;
        for (const auto& [point, fence] : list) {
            if (fence->is_signaled) break;
            found = fence;
        }
        benchmark::DoNotOptimize(found);
    }
}
BENCHMARK(peer_list_find_first)->Apply(for_each_size);

void peer_map_find_first(benchmark::State& state) {
    const PlainPoints points = make_plain_points(make_plain_fences(state.range(0)));
    for (auto _ : state) {
        std::shared_ptr<PlainFence> found = points.lower_bound(1)->second;
        benchmark::DoNotOptimize(found);
    }
}
BENCHMARK(peer_map_find_first)->Apply(for_each_size);

/// In the order of the points or against it; with the last one the whole chain is signalled.
void signal_chain(benchmark::State& state, bool newest_first) {
    for (auto _ : state) {
        Chain chain(state.range(0));
        chain.add_all();
        auto& fences = chain.fences();
        if (newest_first) std::reverse(fences.begin(), fences.end());
        time_only(state, [&] {
            for (const auto& fence : fences) fence->signal();
        });
        if (!chain.head()->is_signaled()) return state.SkipWithError("not signalled");
    }
    set_items(state);
}

void chain_signal(benchmark::State& state) {
    signal_chain(state, false);
}
BENCHMARK(chain_signal)->Apply(for_each_size)->UseManualTime();

void chain_signal_newest_first(benchmark::State& state) {
    signal_chain(state, true);
}
BENCHMARK(chain_signal_newest_first)->Apply(for_each_size)->UseManualTime();

/// As many sync_files of one fence end, the oldest or the newest first.
void take_callbacks_back(benchmark::State& state, bool newest_first) {
    for (auto _ : state) {
        const auto fence = make_fence();
        std::vector<uint64_t> numbers;
        for (int64_t i = 0; i < state.range(0); i++) numbers.push_back(fence->on_signal([] {}));
        if (newest_first) std::reverse(numbers.begin(), numbers.end());
        time_only(state, [&] {
            for (const uint64_t number : numbers) fence->remove_callback(number);
        });
    }
    set_items(state);
}

void callbacks_taken_back(benchmark::State& state) {
    take_callbacks_back(state, false);
}
BENCHMARK(callbacks_taken_back)->Apply(for_each_size)->UseManualTime();

void callbacks_taken_back_newest_first(benchmark::State& state) {
    take_callbacks_back(state, true);
}
BENCHMARK(callbacks_taken_back_newest_first)->Apply(for_each_size)->UseManualTime();

/// Fences that are each merged of the same two, dropped in the order of their making.
void merged_fences_dropped(benchmark::State& state) {
    for (auto _ : state) {
        const auto both = make_fences(2);
        std::list<Ref<drm::Fence>> merged;
        for (int64_t i = 0; i < state.range(0); i++) merged.push_back(drm::merge(both));
        time_only(state, [&] {
            while (!merged.empty()) merged.pop_front();
        });
    }
    set_items(state);
}
BENCHMARK(merged_fences_dropped)->Apply(for_each_size)->UseManualTime();

// Merging

void merge_fences(benchmark::State& state) {
    const auto fences = make_fences(state.range(0));
    for (auto _ : state) benchmark::DoNotOptimize(drm::merge(fences));
    set_items(state);
}
BENCHMARK(merge_fences)->Apply(for_each_size);

/// By context, and out of that as a list.
void peer_map_to_vector(benchmark::State& state) {
    const auto fences = make_plain_fences(state.range(0));
    for (auto _ : state) {
        const PlainPoints newest = make_plain_points(fences);
        std::vector<std::shared_ptr<PlainFence>> members;
        members.reserve(newest.size());
        for (const auto& [context, fence] : newest) members.push_back(fence);
        benchmark::DoNotOptimize(members);
    }
    set_items(state);
}
BENCHMARK(peer_map_to_vector)->Apply(for_each_size);

constexpr int64_t files_at_once = 256;

/// With the end of each file, which is noticed when its descriptor has been closed.
void sync_file_merge(benchmark::State& state) {
    Machine machine;
    drm::SpecialFiles& files = machine.special_files();
    const UniqueFd one = files.export_fence(make_fence()).value();
    const UniqueFd two = files.export_fence(make_fence()).value();
    const auto file = *files.find(one);
    while (state.KeepRunningBatch(files_at_once)) {
        for (int64_t i = 0; i < files_at_once; i++) {
            sync_merge_data merge{};
            merge.fd2 = two.borrow();
            if (bench::call_as({.pid = 4242, .uid = 1000, .gid = 1000}, *file, SYNC_IOC_MERGE,
                               merge) != 0)
                return state.SkipWithError("not merged");
            const UniqueFd merged(merge.fence);
        }
        files.watch().settle();
    }
}
BENCHMARK(sync_file_merge)->UseRealTime();

/// A socket pair under watch for each, closed and noticed.
void peer_socketpair_epoll_close(benchmark::State& state) {
    const UniqueFd watch(epoll_create1(EPOLL_CLOEXEC));
    while (state.KeepRunningBatch(files_at_once)) {
        std::vector<UniqueFd> ours;
        for (int64_t i = 0; i < files_at_once; i++) {
            int ends[2];
            if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
                return state.SkipWithError("no sockets");
            ours.emplace_back(ends[0]);
            const UniqueFd theirs(ends[1]);
            epoll_event event{.events = EPOLLET, .data = {.fd = ends[0]}};
            epoll_ctl(watch.borrow(), EPOLL_CTL_ADD, ends[0], &event);
        }
        for (int64_t left = files_at_once; left > 0;) {
            epoll_event closed[64];
            left -= epoll_wait(watch.borrow(), closed, 64, -1);
        }
    }
}
BENCHMARK(peer_socketpair_epoll_close)->UseRealTime();

// Memory, on this process's heap; what the kernel keeps for descriptors comes on top.

constexpr int64_t objects = 1'000;

size_t allocated_bytes() {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/// Of `objects` of them. `make` gives what keeps one alive.
template <class Make>
void measure_bytes(benchmark::State& state, Make make) {
    for (auto _ : state) {
        std::vector<decltype(make())> kept;
        kept.reserve(objects);
        kept.push_back(make());  // what is made once
        const size_t before = allocated_bytes();
        for (int64_t i = 1; i < objects; i++) kept.push_back(make());
        state.counters["bytes_each"] =
            static_cast<double>(allocated_bytes() - before) / static_cast<double>(objects - 1);
    }
}

void memory_of_an_open_file(benchmark::State& state) {
    Machine machine;
    const auto vkms = machine.vkms();
    std::vector<Ref<drm::File>> files;
    files.reserve(objects);
    measure_bytes(state, [&] {
        files.push_back(*bench::open_file(*vkms, 0));
        return true;
    });
    for (const auto& file : files) file->release();
}
BENCHMARK(memory_of_an_open_file)->Iterations(1);

void memory_of_a_dumb_buffer(benchmark::State& state) {
    Machine machine;
    tests::Client client(*machine.vkms());
    measure_bytes(state, [&] { return make_buffer(client.file(), 32); });
}
BENCHMARK(memory_of_a_dumb_buffer)->Iterations(1);

void memory_of_an_imported_buffer(benchmark::State& state) {
    Machine machine;
    tests::Client maker(*machine.vgem()), taker(*machine.vkms());
    std::vector<UniqueFd> descriptors;
    for (int64_t i = 0; i < objects; i++) {
        drm_prime_handle out{
            .handle = maker.make_buffer(32, 32), .flags = DRM_CLOEXEC | DRM_RDWR, .fd = -1};
        (void)call(maker.file(), DRM_IOCTL_PRIME_HANDLE_TO_FD, out);
        descriptors.emplace_back(out.fd);
    }
    size_t next = 0;
    measure_bytes(state, [&] {
        drm_prime_handle in{.handle = 0, .flags = 0, .fd = descriptors[next++].borrow()};
        return call(taker.file(), DRM_IOCTL_PRIME_FD_TO_HANDLE, in);
    });
}
BENCHMARK(memory_of_an_imported_buffer)->Iterations(1);

void memory_of_a_fence(benchmark::State& state) {
    measure_bytes(state, [] { return make_fence(); });
}
BENCHMARK(memory_of_a_fence)->Iterations(1);

void memory_of_a_point(benchmark::State& state) {
    const auto fences = make_fences(objects);
    MaybeRef<drm::Fence> head;
    uint64_t point = 0;
    measure_bytes(state, [&] {
        head = drm::add_point(head, point + 1, fences[point]);
        return ++point;
    });
}
BENCHMARK(memory_of_a_point)->Iterations(1);

void memory_of_a_syncobj(benchmark::State& state) {
    Machine machine;
    tests::Client client(*machine.vkms());
    measure_bytes(state, [&] { return make_syncobj(client.file()); });
}
BENCHMARK(memory_of_a_syncobj)->Iterations(1);

void memory_of_a_sync_file(benchmark::State& state) {
    Machine machine;
    const auto fence = make_fence();
    measure_bytes(state, [&] { return machine.special_files().export_fence(fence).value(); });
}
BENCHMARK(memory_of_a_sync_file)->Iterations(1);

void peer_memory_of_a_plain_fence(benchmark::State& state) {
    measure_bytes(state, [] { return std::make_shared<PlainFence>(); });
}
BENCHMARK(peer_memory_of_a_plain_fence)->Iterations(1);

void peer_memory_of_a_plain_point(benchmark::State& state) {
    const auto fences = make_plain_fences(objects);
    PlainPoints points;
    measure_bytes(state, [&] {
        points.emplace_hint(points.end(), points.size(), fences[points.size()]);
        return true;
    });
}
BENCHMARK(peer_memory_of_a_plain_point)->Iterations(1);

}  // namespace
}  // namespace plugboard
