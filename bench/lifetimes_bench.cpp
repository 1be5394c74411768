// What lifetimes cost: references, managed resources, devices. The peer of each is Linux 6.1's own
// driver core on a machine of this kind (docs/performance.md), and a plain C++ stand-in measured
// here.
#include <benchmark/benchmark.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ref.h"
#include "device/model.h"

namespace plugboard {
namespace {

class Counted final : public Object {
  public:
    std::string label() const override { return "counted"; }
    void visit_refs(RefVisitor&) const override {}
};

void ref_get_put(benchmark::State& state) {
    const Ref<Counted> object = make_ref<Counted>();
    for (auto _ : state) {
        Ref<Counted> copy = object;
        benchmark::DoNotOptimize(copy);
    }
}
BENCHMARK(ref_get_put);

void peer_shared_ptr_copy(benchmark::State& state) {
    const auto object = std::make_shared<int>(1);
    for (auto _ : state) {
        auto copy = object;
        benchmark::DoNotOptimize(copy);
    }
}
BENCHMARK(peer_shared_ptr_copy);

void devm_add_and_release(benchmark::State& state) {
    device::Model model;
    const auto entries = state.range(0);
    for (auto _ : state) {
        auto device = model.add_root_device("bench").value();
        for (int64_t i = 0; i < entries; i++)
            benchmark::DoNotOptimize(device->devres().add_action("entry", [] {}).ok());
        device->del();
    }
    state.SetItemsProcessed(state.iterations() * entries);
}
BENCHMARK(devm_add_and_release)->RangeMultiplier(10)->Range(100, 100'000);

void peer_vector_of_functions(benchmark::State& state) {
    const auto entries = state.range(0);
    for (auto _ : state) {
        std::vector<std::pair<std::string, std::function<void()>>> list;
        for (int64_t i = 0; i < entries; i++) list.emplace_back("entry", [] {});
        while (!list.empty()) {
            list.back().second();
            list.pop_back();
        }
    }
    state.SetItemsProcessed(state.iterations() * entries);
}
BENCHMARK(peer_vector_of_functions)->RangeMultiplier(10)->Range(100, 100'000);

void device_add_and_del(benchmark::State& state) {
    device::Model model;
    const auto parent = model.add_root_device("parent").value();
    const auto count = state.range(0);
    for (auto _ : state) {
        std::vector<Ref<device::Device>> devices;
        devices.reserve(static_cast<size_t>(count));
        for (int64_t i = 0; i < count; i++) {
            device::DeviceInfo info;
            info.name = "child" + std::to_string(i);
            info.parent = &*parent;
            auto made = device::Device::create(model, std::move(info));
            if (!made.ok() || !made.value()->add().ok()) {
                state.SkipWithError("device_add failed");
                return;
            }
            devices.push_back(std::move(made).value());
        }
        for (const auto& device : devices) device->del();
    }
    state.SetItemsProcessed(state.iterations() * count);
    parent->del();
}
BENCHMARK(device_add_and_del)->RangeMultiplier(10)->Range(1'000, 1'000'000);

}  // namespace
}  // namespace plugboard

BENCHMARK_MAIN();
