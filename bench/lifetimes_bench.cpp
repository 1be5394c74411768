// What references and their explanation cost. The peers are plain C++ stand-ins measured here.
#include <benchmark/benchmark.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/ref.h"
#include "base/ref_tracker.h"
#include "device/explainer/explainer.h"

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

/// Switched on, which nobody pays for who does not ask.
void ref_get_put_tracked(benchmark::State& state) {
    const Ref<Counted> object = make_ref<Counted>();
    ref_tracker::switch_on();
    for (auto _ : state) {
        Ref<Counted> copy = object;
        benchmark::DoNotOptimize(copy);
    }
    ref_tracker::switch_off();
}
BENCHMARK(ref_get_put_tracked);

void peer_shared_ptr_copy(benchmark::State& state) {
    const auto object = std::make_shared<int>(1);
    for (auto _ : state) {
        auto copy = object;
        benchmark::DoNotOptimize(copy);
    }
}
BENCHMARK(peer_shared_ptr_copy);

/// With its place on the list of live objects.
void object_make_and_destroy(benchmark::State& state) {
    for (auto _ : state) {
        auto object = make_ref<Counted>();
        benchmark::DoNotOptimize(object);
    }
}
BENCHMARK(object_make_and_destroy);
BENCHMARK(object_make_and_destroy)->Threads(2);

struct PlainBase {
    virtual ~PlainBase() = default;
    std::atomic<uint32_t> count{1};
};
struct Plain final : PlainBase {};

/// A counted object that is on no list.
void peer_plain_make_and_destroy(benchmark::State& state) {
    for (auto _ : state) {
        PlainBase* object = new Plain;
        benchmark::DoNotOptimize(object);
        if (object->count.fetch_sub(1, std::memory_order_acq_rel) == 1) delete object;
    }
}
BENCHMARK(peer_plain_make_and_destroy);
BENCHMARK(peer_plain_make_and_destroy)->Threads(2);

void peer_make_shared_and_destroy(benchmark::State& state) {
    for (auto _ : state) {
        auto object = std::make_shared<Plain>();
        benchmark::DoNotOptimize(object);
    }
}
BENCHMARK(peer_make_shared_and_destroy);

/// Holds two others, as a file its device and a buffer.
class Holder final : public Object {
  public:
    Holder(MaybeRef<Object> first, MaybeRef<Object> second)
        : first_(std::move(first)), second_(std::move(second)) {}
    std::string label() const override { return "holder"; }
    void visit_refs(RefVisitor& visitor) const override {
        if (first_) visitor.edge(*first_, "first");
        if (second_) visitor.edge(*second_, "second");
    }

  private:
    MaybeRef<Object> first_, second_;
};

/// A heap of objects: each holds the root and its parent.
std::vector<Ref<Object>> make_heap(size_t count) {
    std::vector<Ref<Object>> heap;
    heap.reserve(count);
    heap.push_back(make_ref<Counted>());
    while (heap.size() < count)
        heap.push_back(make_ref<Holder>(heap.front(), heap[heap.size() / 2]));
    return heap;
}

void graph_capture(benchmark::State& state) {
    const auto count = static_cast<size_t>(state.range(0));
    const auto heap = make_heap(count);
    for (auto _ : state) benchmark::DoNotOptimize(device::Graph::capture());
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(graph_capture)->RangeMultiplier(10)->Range(1'000, 100'000);

void graph_capture_tracked(benchmark::State& state) {
    ref_tracker::switch_on();
    {
        const auto heap = make_heap(static_cast<size_t>(state.range(0)));
        for (auto _ : state) benchmark::DoNotOptimize(device::Graph::capture());
    }
    ref_tracker::switch_off();
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(graph_capture_tracked)->RangeMultiplier(10)->Range(1'000, 100'000);

void graph_loops(benchmark::State& state) {
    const auto heap = make_heap(static_cast<size_t>(state.range(0)));
    const device::Graph graph = device::Graph::capture();
    for (auto _ : state) benchmark::DoNotOptimize(graph.loops());
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(graph_loops)->RangeMultiplier(10)->Range(1'000, 100'000);

}  // namespace
}  // namespace plugboard

BENCHMARK_MAIN();
