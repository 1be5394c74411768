// What managed resources and devices cost, from ten to a million of them. The peers: Linux 6.1's
// own driver core on a machine of this kind (docs/performance.md), and plain C++ measured here.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/time_only.h"
#include "device/model.h"

namespace plugboard::device {
namespace {

using bench::set_items;
using bench::time_only;

constexpr int64_t fewest = 10, most = 1'000'000;

void nothing(void*) {}

/// A device with so many actions; each has data of its own.
class Actions {
  public:
    explicit Actions(int64_t count) : data_(static_cast<size_t>(count)) {}
    ~Actions() { device_->del(); }
    void add_all() {
        for (char& one : data_) device_->devres().add_action("entry", {nothing, &one}).value();
    }
    Devres& devres() { return device_->devres(); }
    Device& device() { return *device_; }
    /// A data pointer, each as likely as any other.
    Action any() {
        at_ = (at_ + 982'451'653) % data_.size();
        return {nothing, &data_[at_]};
    }

  private:
    Model model_;
    std::vector<char> data_;
    size_t at_ = 0;
    Ref<Device> device_ = model_.add_root_device("bench").value();
};

void devm_add(benchmark::State& state) {
    for (auto _ : state) {
        Actions actions(state.range(0));
        time_only(state, [&] { actions.add_all(); });
    }
    set_items(state);
}
BENCHMARK(devm_add)->RangeMultiplier(10)->Range(fewest, most)->UseManualTime();

void devm_release(benchmark::State& state) {
    for (auto _ : state) {
        Actions actions(state.range(0));
        actions.add_all();
        time_only(state, [&] { actions.device().del(); });
    }
    set_items(state);
}
BENCHMARK(devm_release)->RangeMultiplier(10)->Range(fewest, most)->UseManualTime();

void devm_find(benchmark::State& state) {
    Actions actions(state.range(0));
    actions.add_all();
    (void)actions.devres().is_action_added(actions.any());  // makes the index, if it is to be made
    for (auto _ : state) benchmark::DoNotOptimize(actions.devres().is_action_added(actions.any()));
}
BENCHMARK(devm_find)->RangeMultiplier(10)->Range(fewest, most);

/// What a walk of the list would cost: the same nodes in the same order, compared one by one.
void peer_linear_find(benchmark::State& state) {
    struct Entry {
        const void* kind;
        const void* data;
        char rest[96];
    };
    std::vector<char> data(static_cast<size_t>(state.range(0)));
    std::list<Entry> entries;
    for (char& one : data) entries.push_front({&entries, &one, {}});
    size_t at = 0;
    for (auto _ : state) {
        at = (at + 982'451'653) % data.size();
        const Entry* found = nullptr;
        for (const Entry& entry : entries) {
            if (entry.kind != &entries || entry.data != &data[at]) continue;
            found = &entry;
            break;
        }
        benchmark::DoNotOptimize(found);
    }
}
BENCHMARK(peer_linear_find)->RangeMultiplier(10)->Range(fewest, 100'000);

void devm_remove_by_handle(benchmark::State& state) {
    Actions actions(state.range(0));
    actions.add_all();
    for (auto _ : state) {
        const DevresHandle handle = actions.devres().add_action("one", actions.any()).value();
        benchmark::DoNotOptimize(actions.devres().remove(handle));
    }
}
BENCHMARK(devm_remove_by_handle)->RangeMultiplier(10)->Range(fewest, most);

void peer_vector_of_functions(benchmark::State& state) {
    for (auto _ : state) {
        std::vector<std::pair<std::string, std::function<void()>>> list;
        for (int64_t i = 0; i < state.range(0); i++) list.emplace_back("entry", [] {});
        while (!list.empty()) {
            list.back().second();
            list.pop_back();
        }
    }
    set_items(state);
}
BENCHMARK(peer_vector_of_functions)->RangeMultiplier(10)->Range(fewest, most);

void devm_memory(benchmark::State& state) {
    Actions actions(0);
    for (auto _ : state) {
        void* const bytes = actions.devres().alloc(64).value();
        benchmark::DoNotOptimize(bytes);
        actions.devres().free(bytes).value();
    }
}
BENCHMARK(devm_memory);

/// Children of one parent.
class Devices {
  public:
    ~Devices() { parent_->del(); }
    bool add_all(int64_t count) {
        devices_.reserve(static_cast<size_t>(count));
        for (int64_t i = 0; i < count; i++) {
            DeviceInfo info;
            info.name = "child" + std::to_string(i);
            info.parent = &*parent_;
            auto made = Device::create(model_, std::move(info));
            if (!made.ok() || !made.value()->add().ok()) return false;
            devices_.push_back(std::move(made).value());
        }
        return true;
    }
    void del_all() {
        for (const auto& device : devices_) device->del();
        devices_.clear();
    }

  private:
    Model model_;
    Ref<Device> parent_ = model_.add_root_device("parent").value();
    std::vector<Ref<Device>> devices_;
};

void device_add(benchmark::State& state) {
    for (auto _ : state) {
        Devices devices;
        bool are_added = false;
        time_only(state, [&] { are_added = devices.add_all(state.range(0)); });
        if (!are_added) return state.SkipWithError("device_add failed");
        devices.del_all();
    }
    set_items(state);
}
BENCHMARK(device_add)->RangeMultiplier(10)->Range(fewest, most)->UseManualTime();

void device_unregister(benchmark::State& state) {
    for (auto _ : state) {
        Devices devices;
        if (!devices.add_all(state.range(0))) return state.SkipWithError("device_add failed");
        time_only(state, [&] { devices.del_all(); });
    }
    set_items(state);
}
BENCHMARK(device_unregister)->RangeMultiplier(10)->Range(fewest, most)->UseManualTime();

size_t allocated_bytes() {
    return mallinfo2().uordblks;
}

void set_bytes_each(benchmark::State& state, size_t before) {
    state.counters["bytes_each"] =
        static_cast<double>(allocated_bytes() - before) / static_cast<double>(state.range(0));
}

void memory_of_an_entry(benchmark::State& state) {
    for (auto _ : state) {
        Actions actions(state.range(0));
        const size_t before = allocated_bytes();
        actions.add_all();
        set_bytes_each(state, before);
    }
}
BENCHMARK(memory_of_an_entry)->Arg(100'000)->Iterations(1);

void memory_of_an_entry_with_index(benchmark::State& state) {
    for (auto _ : state) {
        Actions actions(state.range(0));
        const size_t before = allocated_bytes();
        actions.add_all();
        (void)actions.devres().is_action_added(actions.any());
        set_bytes_each(state, before);
    }
}
BENCHMARK(memory_of_an_entry_with_index)->Arg(100'000)->Iterations(1);

void memory_of_a_device(benchmark::State& state) {
    for (auto _ : state) {
        Devices devices;
        const size_t before = allocated_bytes();
        if (!devices.add_all(state.range(0))) return state.SkipWithError("device_add failed");
        set_bytes_each(state, before);
        devices.del_all();
    }
}
BENCHMARK(memory_of_a_device)->Arg(100'000)->Iterations(1);

}  // namespace
}  // namespace plugboard::device

BENCHMARK_MAIN();
