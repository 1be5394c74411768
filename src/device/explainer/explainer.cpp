#include "device/explainer/explainer.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace plugboard::device {
namespace {

/// Collects the edges of one object.
class EdgeCollector final : public RefVisitor {
  public:
    EdgeCollector(Graph& graph, const std::unordered_map<const Object*, size_t>& index)
        : graph_(graph), index_(index) {}

    void from(size_t node) { from_ = node; }
    void edge(const Object& target, std::string_view reason) override {
        edge_of(nullptr, target, reason);
    }
    void edge_of(const void* ref, const Object& target, std::string_view reason) override {
        const auto found = index_.find(&target);
        if (found == index_.end()) return;  // made after the list was taken
        graph_.edges.push_back({from_, found->second, std::string(reason), ref});
    }

  private:
    Graph& graph_;
    const std::unordered_map<const Object*, size_t>& index_;
    size_t from_ = 0;
};

/// Gives the edges their records, and the nodes those that no edge claims.
void match_records(Graph& graph, const std::unordered_map<const Object*, size_t>& index) {
    auto tracked = ref_tracker::snapshot();
    if (!tracked) return;
    graph.is_tracked = true;
    graph.now = tracked->now;
    graph.taken = std::move(tracked->records);
    std::ranges::sort(graph.taken, {}, &ref_tracker::Record::when);
    std::unordered_map<const void*, size_t> by_ref;
    by_ref.reserve(graph.taken.size());
    for (size_t i = 0; i < graph.taken.size(); i++) by_ref.emplace(graph.taken[i].ref, i);

    std::vector<bool> is_named(graph.taken.size());
    for (Edge& edge : graph.edges) {
        const auto found = by_ref.find(edge.ref);
        if (found == by_ref.end()) continue;
        // Another Ref may stand there by now.
        if (graph.taken[found->second].object != graph.nodes[edge.to].object) continue;
        edge.taken = found->second;
        is_named[edge.taken] = true;
    }
    for (size_t i = 0; i < graph.taken.size(); i++) {
        const auto found = index.find(graph.taken[i].object);
        if (!is_named[i] && found != index.end())
            graph.nodes[found->second].unnamed_taken.push_back(i);
    }
}

}  // namespace

Graph Graph::capture() {
    const ref_tracker::Unrecorded own;
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
    match_records(graph, index);
    for (size_t i = 0; i < objects.size(); i++) {
        Node& node = graph.nodes[i];
        const size_t count = objects[i]->ref_count();
        node.label = objects[i]->label();
        node.references = count - 1;  // without the list's
        // Edges may have come and gone since the count was taken; never less than none.
        node.unnamed = node.references - std::min(node.references, node.in.size());
        if (node.unnamed_taken.size() > node.unnamed) node.unnamed_taken.resize(node.unnamed);
    }
    return graph;
}

}  // namespace plugboard::device
