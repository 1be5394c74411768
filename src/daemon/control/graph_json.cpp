#include "daemon/control/graph_json.h"

#include <chrono>
#include <string>

#include "base/stack_names.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

constexpr size_t most_functions = 16;

/// Adds since when and where the reference was taken, if that is known.
void add_taken(json& object, const device::Graph& graph, size_t index) {
    if (index == device::none) return;
    const ref_tracker::Record& record = graph.taken[index];
    object["held_s"] = std::chrono::duration<double>(graph.now - record.when).count();
    object["stack"] = telling_functions(record.stack(), most_functions);
}

json unnamed_json(const device::Graph& graph, const device::Node& node) {
    json list = json::array();
    for (const size_t taken : node.unnamed_taken) add_taken(list.emplace_back(), graph, taken);
    return list;
}

json node_json(const device::Graph& graph, const device::Node& node) {
    return {{"label", node.label},
            {"references", node.references},
            {"unnamed", node.unnamed},
            {"unnamed_taken", unnamed_json(graph, node)}};
}

}  // namespace

json objects_json(const device::Graph& graph, std::string_view words) {
    json objects = json::array();
    for (const device::Node& node : graph.nodes) {
        if (node.label.find(words) == std::string::npos) continue;
        json object = node_json(graph, node);
        json& holders = object["holders"] = json::array();
        for (const size_t i : node.in) {
            const device::Edge& edge = graph.edges[i];
            json& holder = holders.emplace_back();
            holder = {{"label", graph.nodes[edge.from].label}, {"reason", edge.reason}};
            add_taken(holder, graph, edge.taken);
        }
        objects.push_back(std::move(object));
    }
    return objects;
}

json loop_json(const device::Graph& graph, const device::Loop& loop) {
    json edges = json::array();
    for (const size_t i : loop.edges) {
        const device::Edge& edge = graph.edges[i];
        json& one = edges.emplace_back();
        one = {{"from", graph.nodes[edge.from].label},
               {"to", graph.nodes[edge.to].label},
               {"reason", edge.reason}};
        add_taken(one, graph, edge.taken);
    }
    return {{"text", graph.describe(loop)}, {"edges", edges}, {"hints", graph.hints(loop)}};
}

json graph_json(const device::Graph& graph, const std::vector<bool>& shown,
                const std::vector<device::Loop>& loops) {
    const device::LoopMembers members(graph, loops);
    json nodes = json::array(), edges = json::array(), found = json::array();
    for (size_t i = 0; i < graph.nodes.size(); i++) {
        if (!shown[i]) continue;
        json node = node_json(graph, graph.nodes[i]);
        node["id"] = i;
        node["in_loop"] = members.has_node(i);
        nodes.push_back(std::move(node));
    }
    for (const device::Edge& edge : graph.edges) {
        if (!shown[edge.from] || !shown[edge.to]) continue;
        json& one = edges.emplace_back();
        one = {{"from", edge.from},
               {"to", edge.to},
               {"reason", edge.reason},
               {"in_loop", members.has_edge(edge)}};
        add_taken(one, graph, edge.taken);
    }
    for (const device::Loop& loop : loops) found.push_back(loop_json(graph, loop));
    return {{"tracking", graph.is_tracked}, {"nodes", nodes}, {"edges", edges}, {"loops", found}};
}

}  // namespace plugboard::daemon
