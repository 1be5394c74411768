// Who holds what and why: the graph of live counted objects, and the loops nobody will break.
// Linux has no such thing; see lib/ref_tracker.c for the nearest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ref.h"
#include "base/ref_tracker.h"

namespace plugboard::device {

/// The index of nothing.
inline constexpr size_t none = SIZE_MAX;

/// One reference: `from` holds `to`, because of `reason`.
struct Edge {
    size_t from = 0;
    size_t to = 0;
    std::string reason;
    const void* ref = nullptr;  // an identity; null: the holder did not tell which Ref it is
    size_t taken = none;        // index into Graph::taken: since when it is held
};

struct Node {
    const Object* object = nullptr;  // an identity, not to be followed
    std::string label;
    size_t references = 0;              // its count, without the explainer's own
    size_t unnamed = 0;                 // references that no live object claims: stacks, threads
    std::vector<size_t> unnamed_taken;  // those of them that are tracked, oldest first
    std::vector<size_t> in, out;        // indices into Graph::edges
};

/// A loop as edges, the last leading back to the first edge's `from`; and all nodes that lie on
/// this or another loop with it.
struct Loop {
    std::vector<size_t> edges;
    std::vector<size_t> members;
};

/// A snapshot of all live objects. Plain data: good after the objects are gone.
struct Graph {
    std::vector<Node> nodes;
    std::vector<Edge> edges;
    bool is_tracked = false;  // ref_tracker was on
    std::vector<ref_tracker::Record> taken;
    ref_tracker::Nanos now{};  // on the tracker's clock

    /// Walks the live objects, one object's lock at a time.
    static Graph capture();

    /// Loops that no unnamed reference reaches, from outside or through other objects: each
    /// strongly connected component of unreachable nodes once, as its shortest loop, smallest label
    /// first.
    std::vector<Loop> loops() const;
    /// loops(), but only those that a second capture finds again: objects may move meanwhile. Their
    /// edges are of this graph.
    std::vector<Loop> verified_loops() const;
    /// "card1 (mock) -> device mock0 [drm_device.dev] -> ... -> card1 (mock): nothing will break
    /// this loop"
    std::string describe(const Loop& loop) const;
    /// What a person could do to break the loop, a line each; empty: nothing that is known.
    std::string hints(const Loop& loop) const;
    /// describe(), since when its references are held as far as that is tracked, and hints(); the
    /// lines after the first are indented.
    std::string report(const Loop& loop) const;
    /// Who holds the objects whose label contains the words, one line a holder, and one for since
    /// when and from where if it is tracked. Empty: no such object.
    std::string explain(std::string_view words) const;

    /// The nodes whose label contains the words, with all that reaches them and all they reach.
    std::vector<bool> around(std::string_view words) const;
    /// Graphviz source of the nodes that are shown and what they hold of each other; what belongs
    /// to the loops is red.
    std::string dot(const std::vector<bool>& shown, const std::vector<Loop>& loops) const;

    /// "held for 3.2 s, taken in drm::File::open <- daemon::Session::open"; `index` into taken.
    std::string held_text(size_t index) const;
};

/// What belongs to loops: each node and edge by its index.
class LoopMembers {
  public:
    LoopMembers(const Graph& graph, const std::vector<Loop>& loops);
    bool has_node(size_t node) const { return loop_of_[node] != none; }
    bool has_edge(const Edge& edge) const {
        return has_node(edge.from) && loop_of_[edge.from] == loop_of_[edge.to];
    }

  private:
    std::vector<size_t> loop_of_;  // by node
};

/// The loops of all live objects that nobody will break, described; captured twice.
std::vector<std::string> find_loops();

}  // namespace plugboard::device
