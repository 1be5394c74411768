// The graph of references as a drawing: which part of it, and its Graphviz source.
#include <fmt/format.h>

#include <iterator>

#include "device/explainer/explainer.h"

namespace plugboard::device {
namespace {

/// As a quoted string of the dot language.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out + "\"";
}

/// Marks all that is reached from what is marked. `edges_of` a node lead to `end_of` each.
void spread(const Graph& graph, std::vector<bool>& marked, std::vector<size_t> Node::*edges_of,
            size_t Edge::*end_of) {
    std::vector<size_t> todo;
    for (size_t i = 0; i < marked.size(); i++)
        if (marked[i]) todo.push_back(i);
    while (!todo.empty()) {
        const size_t at = todo.back();
        todo.pop_back();
        for (const size_t e : graph.nodes[at].*edges_of) {
            const size_t next = graph.edges[e].*end_of;
            if (marked[next]) continue;
            marked[next] = true;
            todo.push_back(next);
        }
    }
}

constexpr const char* in_a_loop = ", color=red, fontcolor=red, penwidth=2";

std::string node_line(const Graph& graph, size_t index, bool is_in_loop) {
    const Node& node = graph.nodes[index];
    std::string text =
        fmt::format("    n{} [label={}{}];\n", index,
                    quoted(fmt::format("{}\n{} {}", node.label, node.references,
                                       node.references == 1 ? "reference" : "references")),
                    is_in_loop ? in_a_loop : "");
    if (node.unnamed == 0) return text;
    std::string tip = "a stack, a thread, the core";
    for (const size_t taken : node.unnamed_taken) tip += "\n" + graph.held_text(taken);
    fmt::format_to(std::back_inserter(text),
                   "    u{0} [label=\"{1} unnamed\", shape=plain, fontcolor=gray40, tooltip={2}];\n"
                   "    u{0} -> n{0} [style=dashed, color=gray40];\n",
                   index, node.unnamed, quoted(tip));
    return text;
}

std::string edge_line(const Graph& graph, const Edge& edge, bool is_in_loop) {
    const std::string tip =
        edge.taken == none ? "" : ", tooltip=" + quoted(graph.held_text(edge.taken));
    return fmt::format("    n{} -> n{} [label={}{}{}];\n", edge.from, edge.to, quoted(edge.reason),
                       is_in_loop ? in_a_loop : "", tip);
}

}  // namespace

std::vector<bool> Graph::around(std::string_view words) const {
    std::vector<bool> above(nodes.size());
    for (size_t i = 0; i < nodes.size(); i++)
        above[i] = nodes[i].label.find(words) != std::string::npos;
    std::vector<bool> below = above;
    spread(*this, above, &Node::in, &Edge::from);
    spread(*this, below, &Node::out, &Edge::to);
    for (size_t i = 0; i < nodes.size(); i++) above[i] = above[i] || below[i];
    return above;
}

std::string Graph::dot(const std::vector<bool>& shown, const std::vector<Loop>& loops) const {
    const LoopMembers members(*this, loops);
    std::string text =
        "// Who holds whom: an arrow is a reference, its label the reason. Red: a loop that "
        "nothing "
        "will break.\n"
        "digraph references {\n"
        "    rankdir=LR;\n"
        "    node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=11];\n"
        "    edge [fontname=\"sans-serif\", fontsize=9];\n";
    for (size_t i = 0; i < nodes.size(); i++)
        if (shown[i]) text += node_line(*this, i, members.has_node(i));
    for (const Edge& edge : edges)
        if (shown[edge.from] && shown[edge.to])
            text += edge_line(*this, edge, members.has_edge(edge));
    return text + "}\n";
}

}  // namespace plugboard::device
