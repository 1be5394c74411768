#include "base/lock_order.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bitset>
#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace plugboard {
namespace {

constexpr int max_classes = 256;

struct Graph {
    std::mutex mutex;  // the checker's own: outside the classes it checks
    int count = 0;
    std::array<std::string, max_classes>
        names;  // copies: they are asked for after the classes' end
    std::array<std::bitset<max_classes>, max_classes> after{};  // after[a][b]: b taken under a
};

void append_observed() {
    std::string lines;
    for (const std::string& order : lock_order::observed()) lines += order + "\n";
    // Nobody changes the environment. NOLINTNEXTLINE(concurrency-mt-unsafe)
    std::FILE* file = std::fopen(std::getenv("PLUGBOARD_LOCK_ORDER"), "a");
    if (!file) return;
    std::setvbuf(file, nullptr, _IONBF, 0);  // one write: other processes append too
    std::fwrite(lines.data(), 1, lines.size(), file);
    std::fclose(file);
}

Graph& graph() {
    static Graph* instance = [] {
        // NOLINTNEXTLINE(concurrency-mt-unsafe)
        if (std::getenv("PLUGBOARD_LOCK_ORDER")) std::atexit(append_observed);
        return new Graph;  // never destroyed: locks are taken until the last moment
    }();
    return *instance;
}

/// "drm::File" from "... LockClass<plugboard::drm::File, 0>::info() [Owner = ..., Index = 0]".
std::string class_name(std::string_view pretty) {
    auto from = pretty.find("Owner = ");
    if (from == std::string_view::npos) return std::string(pretty);
    pretty.remove_prefix(from + 8);
    const auto end = pretty.find_first_of(",;]");
    std::string name(pretty.substr(0, end));
    if (name.starts_with("plugboard::")) name.erase(0, 11);
    for (const std::string_view unnamed : {"(anonymous namespace)::", "{anonymous}::"}) {
        const auto at = name.find(unnamed);
        if (at != std::string::npos) name.erase(at, unnamed.size());
    }
    const auto index = pretty.find("Index = ");
    if (index != std::string_view::npos && pretty[index + 8] != '0')
        name += std::string("#") + pretty[index + 8];
    return name;
}

}  // namespace

LockClassInfo::LockClassInfo(const char* pretty_function) : name_(class_name(pretty_function)) {
    std::lock_guard lock(graph().mutex);
    if (graph().count == max_classes) {
        std::fprintf(stderr, "lock order: more than %d lock classes\n", max_classes);
        std::abort();
    }
    id_ = graph().count++;
    graph().names[static_cast<size_t>(id_)] = name_;
}

namespace lock_order {

#ifndef NDEBUG
namespace {

constexpr size_t max_held = 32;
struct Held {
    std::array<int, max_held> ids{};
    size_t count = 0;
};
thread_local Held held;

bool reaches(const Graph& g, int from, int to) {
    std::bitset<max_classes> seen;
    std::array<int, max_classes> stack{};
    size_t depth = 0;
    stack[depth++] = from;
    seen.set(static_cast<size_t>(from));
    while (depth > 0) {
        const int at = stack[--depth];
        if (at == to) return true;
        for (int next = 0; next < g.count; next++) {
            const auto n = static_cast<size_t>(next);
            if (!g.after[static_cast<size_t>(at)][n] || seen[n]) continue;
            seen.set(n);
            stack[depth++] = next;
        }
    }
    return false;
}

[[noreturn]] void complain(const std::string& taken, const std::string& under) {
    std::fprintf(stderr,
                 "lock order: \"%s\" is taken while \"%s\" is held, but the opposite order was "
                 "seen before.\nRemedy: take them in one order everywhere (docs/lock-order.md), or "
                 "let go of \"%s\" first.\n",
                 taken.c_str(), under.c_str(), under.c_str());
    std::abort();
}

}  // namespace

void check_before_lock(const LockClassInfo& lock_class) {
    const int id = lock_class.id();
    for (size_t i = 0; i < held.count; i++) {
        const auto under = static_cast<size_t>(held.ids[i]);
        Graph& g = graph();
        std::lock_guard lock(g.mutex);
        if (g.after[under][static_cast<size_t>(id)]) continue;
        if (reaches(g, id, held.ids[i])) complain(lock_class.name(), g.names[under]);
        g.after[under].set(static_cast<size_t>(id));
    }
    if (held.count < max_held) held.ids[held.count] = id;
    held.count++;
}

void note_unlock(const LockClassInfo& lock_class) {
    for (size_t i = std::min(held.count, max_held); i-- > 0;) {
        if (held.ids[i] != lock_class.id()) continue;
        std::copy(held.ids.begin() + static_cast<long>(i) + 1,
                  held.ids.begin() + static_cast<long>(std::min(held.count, max_held)),
                  held.ids.begin() + static_cast<long>(i));
        break;
    }
    held.count--;
}
#endif

std::vector<std::string> observed() {
    std::vector<std::string> edges;
    Graph& g = graph();
    std::lock_guard lock(g.mutex);
    for (int a = 0; a < g.count; a++) {
        for (int b = 0; b < g.count; b++) {
            const auto from = static_cast<size_t>(a);
            const auto to = static_cast<size_t>(b);
            if (g.after[from][to]) edges.push_back(g.names[from] + " -> " + g.names[to]);
        }
    }
    std::ranges::sort(edges);
    return edges;
}

}  // namespace lock_order
}  // namespace plugboard
