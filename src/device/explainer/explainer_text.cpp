// What the graph of references says, in words.
#include <fmt/format.h>

#include <iterator>

#include "base/stack_names.h"
#include "device/explainer/explainer.h"

namespace plugboard::device {
namespace {

constexpr size_t shown_functions = 4;

/// A resource that names itself is a stop of its own on the way: `devm action "put"`.
bool is_stop(const std::string& reason) {
    return reason.find('"') != std::string::npos;
}

std::string duration_text(ref_tracker::Nanos duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1e3);
    if (seconds < 120) return fmt::format("{:.1f} s", seconds);
    return fmt::format("{:.0f} min", seconds / 60);
}

/// Since when the edge's holder has it; empty: nothing is known.
std::string held_since(const Graph& graph, const Edge& edge) {
    if (edge.taken != none) return graph.held_text(edge.taken);
    return graph.is_tracked && edge.ref ? "held since before tracking" : "";
}

void explain_unnamed(const Graph& graph, const Node& node, std::string& text) {
    for (const size_t taken : node.unnamed_taken)
        text += "  unnamed\n      " + graph.held_text(taken) + "\n";
    const size_t rest = node.unnamed - node.unnamed_taken.size();
    if (rest == 0) return;
    fmt::format_to(std::back_inserter(text), "  {} unnamed{}: a stack, a thread, the core\n", rest,
                   graph.is_tracked ? " since before tracking" : "");
}

}  // namespace

std::string Graph::held_text(size_t index) const {
    const ref_tracker::Record& record = taken[index];
    const auto functions = telling_functions(record.stack(), shown_functions);
    const std::string where =
        functions.empty() ? "" : fmt::format(", taken in {}", fmt::join(functions, " <- "));
    return fmt::format("held for {}{}", duration_text(now - record.when), where);
}

std::string Graph::describe(const Loop& loop) const {
    if (loop.edges.empty()) return {};
    std::string text = nodes[edges[loop.edges.front()].from].label;
    for (const size_t i : loop.edges) {
        const Edge& edge = edges[i];
        const std::string& label = nodes[edge.to].label;
        text += is_stop(edge.reason) ? " -> " + edge.reason + " -> " + label
                                     : " -> " + label + " [" + edge.reason + "]";
    }
    return text + ": nothing will break this loop";
}

std::string Graph::hints(const Loop& loop) const {
    std::string text;
    for (const size_t i : loop.edges) {
        const Edge& edge = edges[i];
        if (!edge.reason.starts_with("devm ")) continue;
        text += "releasing " + edge.reason + " of " + nodes[edge.from].label +
                " would break it (unbind, device_del, a devres group)\n";
    }
    return text;
}

std::string Graph::report(const Loop& loop) const {
    std::string text = describe(loop) + "\n";
    for (const size_t i : loop.edges) {
        const Edge& edge = edges[i];
        const std::string since = held_since(*this, edge);
        if (since.empty()) continue;
        text += "  " + nodes[edge.to].label + " [" + edge.reason + "] by " +
                nodes[edge.from].label + "\n      " + since + "\n";
    }
    std::string hint = hints(loop);
    for (size_t end = hint.find('\n'); end != std::string::npos; end = hint.find('\n')) {
        text += "  " + hint.substr(0, end + 1);
        hint.erase(0, end + 1);
    }
    return text;
}

std::string Graph::explain(std::string_view words) const {
    std::string text;
    for (const Node& node : nodes) {
        if (node.label.find(words) == std::string::npos) continue;
        text += node.label + ": " + std::to_string(node.references) +
                (node.references == 1 ? " reference\n" : " references\n");
        for (const size_t i : node.in) {
            text += "  " + nodes[edges[i].from].label + " [" + edges[i].reason + "]\n";
            const std::string since = held_since(*this, edges[i]);
            if (!since.empty()) text += "      " + since + "\n";
        }
        explain_unnamed(*this, node, text);
    }
    return text;
}

}  // namespace plugboard::device
