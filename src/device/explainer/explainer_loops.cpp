// Finds the loops that no outside reference reaches.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>
#include <tuple>

#include "device/explainer/explainer.h"

namespace plugboard::device {
namespace {

/// Which nodes somebody outside the graph holds, at first or at second hand.
std::vector<bool> reached_from_outside(const Graph& graph) {
    std::vector<bool> reached(graph.nodes.size());
    std::vector<size_t> todo;
    for (size_t i = 0; i < graph.nodes.size(); i++) {
        if (graph.nodes[i].unnamed == 0) continue;
        reached[i] = true;
        todo.push_back(i);
    }
    while (!todo.empty()) {
        const size_t at = todo.back();
        todo.pop_back();
        for (const size_t e : graph.nodes[at].out) {
            const size_t to = graph.edges[e].to;
            if (reached[to]) continue;
            reached[to] = true;
            todo.push_back(to);
        }
    }
    return reached;
}

/// Tarjan's strongly connected components of the nodes that are not left out; no recursion, because
/// a chain of objects may be long.
class Components {
  public:
    Components(const Graph& graph, const std::vector<bool>& left_out)
        : graph_(graph),
          left_out_(left_out),
          order_(graph.nodes.size(), none),
          low_(graph.nodes.size()),
          component_(graph.nodes.size(), none) {
        for (size_t i = 0; i < graph.nodes.size(); i++) {
            if (!left_out_[i] && order_[i] == none) search(i);
        }
    }
    const std::vector<std::vector<size_t>>& members() const { return members_; }
    size_t of(size_t node) const { return component_[node]; }

  private:
    struct Frame {
        size_t node;
        size_t next_edge = 0;
    };

    void open(size_t node) {
        order_[node] = low_[node] = count_++;
        path_.push_back(node);
        frames_.push_back({node});
    }
    void search(size_t start) {
        open(start);
        while (!frames_.empty()) {
            Frame& frame = frames_.back();
            const size_t node = frame.node;
            const auto& out = graph_.nodes[node].out;
            if (frame.next_edge < out.size()) {
                visit(node, graph_.edges[out[frame.next_edge++]].to);
                continue;
            }
            frames_.pop_back();
            if (!frames_.empty()) {
                size_t& below = low_[frames_.back().node];
                below = std::min(below, low_[node]);
            }
            if (low_[node] == order_[node]) close(node);
        }
    }
    void visit(size_t node, size_t to) {
        if (left_out_[to]) return;
        if (order_[to] == none) {
            open(to);
        } else if (component_[to] == none) {  // still on the path
            low_[node] = std::min(low_[node], order_[to]);
        }
    }
    void close(size_t node) {
        auto& members = members_.emplace_back();
        size_t member;
        do {
            member = path_.back();
            path_.pop_back();
            component_[member] = members_.size() - 1;
            members.push_back(member);
        } while (member != node);
    }

    const Graph& graph_;
    const std::vector<bool>& left_out_;
    std::vector<size_t> order_, low_, component_;
    std::vector<std::vector<size_t>> members_;
    std::vector<size_t> path_;
    std::vector<Frame> frames_;
    size_t count_ = 0;
};

/// Finds short loops inside components; keeps its memory from one search to the next.
class LoopSearch {
  public:
    LoopSearch(const Graph& graph, const Components& components)
        : graph_(graph), components_(components), edge_to_(graph.nodes.size(), none) {}

    /// The shortest loop through the node that stays in its component and has fewer than `limit`
    /// edges; empty: none.
    std::vector<size_t> shortest_through(size_t start, size_t limit) {
        std::vector<size_t> found;
        std::vector<size_t> ring = {start}, next;
        for (size_t length = 1; length < limit && !ring.empty() && found.empty(); length++) {
            next.clear();
            for (const size_t at : ring) {
                found = expand(start, at, next);
                if (!found.empty()) break;
            }
            ring.swap(next);
        }
        for (const size_t node : seen_) edge_to_[node] = none;
        seen_.clear();
        return found;
    }

  private:
    /// Takes the edges of one node; the loop, if one leads back to the start.
    std::vector<size_t> expand(size_t start, size_t at, std::vector<size_t>& next) {
        for (const size_t e : graph_.nodes[at].out) {
            const size_t to = graph_.edges[e].to;
            if (components_.of(to) != components_.of(start)) continue;
            if (to == start) return way_back(start, e);
            if (edge_to_[to] != none) continue;
            edge_to_[to] = e;
            seen_.push_back(to);
            next.push_back(to);
        }
        return {};
    }
    std::vector<size_t> way_back(size_t start, size_t last_edge) const {
        std::vector<size_t> edges = {last_edge};
        for (size_t at = graph_.edges[last_edge].from; at != start;
             at = graph_.edges[edges.back()].from)
            edges.push_back(edge_to_[at]);
        std::ranges::reverse(edges);
        return edges;
    }

    const Graph& graph_;
    const Components& components_;
    std::vector<size_t> edge_to_;  // how the search came to a node
    std::vector<size_t> seen_;
};

bool is_loop(const Graph& graph, const std::vector<size_t>& members) {
    if (members.size() > 1) return true;
    return std::ranges::any_of(graph.nodes[members.front()].out,
                               [&](size_t e) { return graph.edges[e].to == members.front(); });
}

}  // namespace

std::vector<Loop> Graph::loops() const {
    constexpr size_t exhaustive_up_to = 256;  // members of a component; above, one search does
    const std::vector<bool> reached = reached_from_outside(*this);
    const Components components(*this, reached);
    const auto by_label = [&](size_t a, size_t b) {
        return std::tie(nodes[a].label, a) < std::tie(nodes[b].label, b);
    };
    LoopSearch search(*this, components);
    std::vector<Loop> loops;
    for (std::vector<size_t> members : components.members()) {
        if (!is_loop(*this, members)) continue;
        std::ranges::sort(members, by_label);
        Loop shortest;
        size_t limit = none;
        for (size_t i = 0; i < members.size(); i++) {
            if (i >= exhaustive_up_to && !shortest.edges.empty()) break;
            auto found = search.shortest_through(members[i], limit);
            if (found.empty()) continue;
            limit = found.size();
            shortest.edges = std::move(found);
        }
        shortest.members = std::move(members);
        loops.push_back(std::move(shortest));
    }
    std::ranges::sort(loops, [&](const Loop& a, const Loop& b) {
        return by_label(edges[a.edges.front()].from, edges[b.edges.front()].from);
    });
    return loops;
}

std::vector<Loop> Graph::verified_loops() const {
    std::vector<Loop> found = loops();
    if (found.empty()) return found;
    const Graph second = capture();
    const std::vector<bool> reached = reached_from_outside(second);
    // The same objects still hold each other for the same reasons, and still nobody else holds
    // them.
    std::set<std::tuple<const Object*, const Object*, std::string_view>> still_there;
    for (const Edge& edge : second.edges) {
        if (reached[edge.from]) continue;
        still_there.emplace(second.nodes[edge.from].object, second.nodes[edge.to].object,
                            edge.reason);
    }
    const auto is_still_there = [&](size_t e) {
        const Edge& edge = edges[e];
        return still_there.contains({nodes[edge.from].object, nodes[edge.to].object, edge.reason});
    };
    std::erase_if(
        found, [&](const Loop& loop) { return !std::ranges::all_of(loop.edges, is_still_there); });
    return found;
}

LoopMembers::LoopMembers(const Graph& graph, const std::vector<Loop>& loops)
    : loop_of_(graph.nodes.size(), none) {
    for (size_t i = 0; i < loops.size(); i++)
        for (const size_t node : loops[i].members) loop_of_[node] = i;
}

std::vector<std::string> find_loops() {
    const Graph graph = Graph::capture();
    std::vector<std::string> found;
    for (const Loop& loop : graph.verified_loops()) found.push_back(graph.describe(loop));
    return found;
}

}  // namespace plugboard::device
