// Who holds what and why: the graph of live counted objects, and the loops nobody will break.
// Linux has no such thing; see lib/ref_tracker.c for the nearest.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/ref.h"

namespace plugboard::device {

/// One reference: `from` holds `to`, because of `reason`.
struct Edge {
    size_t from = 0;
    size_t to = 0;
    std::string reason;
};

struct Node {
    const Object* object = nullptr;  // an identity, not to be followed
    std::string label;
    size_t references = 0;        // its count, without the explainer's own
    size_t unnamed = 0;           // references that no live object claims: stacks, threads
    std::vector<size_t> in, out;  // indices into Graph::edges
};

/// A loop as edges, the last leading back to the first edge's `from`.
struct Loop {
    std::vector<size_t> edges;
};

/// A snapshot of all live objects. Plain data: good after the objects are gone.
struct Graph {
    std::vector<Node> nodes;
    std::vector<Edge> edges;

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
    /// Who holds the objects whose label contains the words, one line a holder. Empty: no such
    /// object.
    std::string explain(std::string_view words) const;
};

/// The loops of all live objects that nobody will break, described; captured twice.
std::vector<std::string> find_loops();

}  // namespace plugboard::device
