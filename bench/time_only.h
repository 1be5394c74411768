// For benchmarks: the time of a part of each iteration, and how much there is to do in one.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>

namespace plugboard::bench {

using Stopwatch = std::chrono::steady_clock;

inline double seconds(Stopwatch::time_point from, Stopwatch::time_point to) {
    return std::chrono::duration<double>(to - from).count();
}

/// What is timed of the iteration; for UseManualTime().
template <class Part>
void time_only(benchmark::State& state, Part part) {
    const auto from = Stopwatch::now();
    part();
    state.SetIterationTime(seconds(from, Stopwatch::now()));
}

/// Each iteration has done as many things as the benchmark's argument says.
inline void set_items(benchmark::State& state) {
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

}  // namespace plugboard::bench
