#include "device/explainer.h"

#include <algorithm>
#include <unordered_map>

namespace plugboard::device {
namespace {

/// Collects the edges of one object.
class EdgeCollector final : public RefVisitor {
  public:
    EdgeCollector(Graph& graph, const std::unordered_map<const Object*, size_t>& index)
        : graph_(graph), index_(index) {}

    void from(size_t node) { from_ = node; }
    void edge(const Object& target, std::string_view reason) override {
        const auto found = index_.find(&target);
        if (found == index_.end()) return;  // made after the list was taken
        graph_.edges.push_back({from_, found->second, std::string(reason)});
    }

  private:
    Graph& graph_;
    const std::unordered_map<const Object*, size_t>& index_;
    size_t from_ = 0;
};

/// A resource that names itself is a stop of its own on the way: `devm action "put"`.
bool is_stop(const std::string& reason) {
    return reason.find('"') != std::string::npos;
}

}  // namespace

Graph Graph::capture() {
    const std::vector<Ref<const Object>> objects = live_objects();
    Graph graph;
    std::unordered_map<const Object*, size_t> index;
    graph.nodes.reserve(objects.size());
    index.reserve(objects.size());
    for (const Ref<const Object>& object : objects) {
        index.emplace(&*object, graph.nodes.size());
        graph.nodes.emplace_back().object = &*object;
    }
    EdgeCollector collector(graph, index);
    for (size_t i = 0; i < objects.size(); i++) {
        collector.from(i);
        objects[i]->visit_refs(collector);
    }
    for (size_t i = 0; i < graph.edges.size(); i++) {
        graph.nodes[graph.edges[i].from].out.push_back(i);
        graph.nodes[graph.edges[i].to].in.push_back(i);
    }
    for (size_t i = 0; i < objects.size(); i++) {
        Node& node = graph.nodes[i];
        const size_t count = objects[i]->ref_count();
        node.label = objects[i]->label();
        node.references = count - 1;  // without the list's
        // Edges may have come and gone since the count was taken; never less than none.
        node.unnamed = node.references - std::min(node.references, node.in.size());
    }
    return graph;
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

std::string Graph::explain(std::string_view words) const {
    std::string text;
    for (const Node& node : nodes) {
        if (node.label.find(words) == std::string::npos) continue;
        text += node.label + ": " + std::to_string(node.references) +
                (node.references == 1 ? " reference\n" : " references\n");
        for (const size_t i : node.in)
            text += "  " + nodes[edges[i].from].label + " [" + edges[i].reason + "]\n";
        if (node.unnamed > 0)
            text += "  " + std::to_string(node.unnamed) + " unnamed: a stack, a thread, the core\n";
    }
    return text;
}

std::vector<std::string> find_loops() {
    const Graph graph = Graph::capture();
    std::vector<std::string> found;
    for (const Loop& loop : graph.verified_loops()) found.push_back(graph.describe(loop));
    return found;
}

}  // namespace plugboard::device
