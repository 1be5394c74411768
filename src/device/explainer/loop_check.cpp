#include "device/explainer/loop_check.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/log.h"
#include "device/device.h"
#include "device/explainer/explainer.h"
#include "device/model.h"

namespace plugboard::device {
namespace {

/// The loops that keep the device once those who hold it without a name have let go: their paths,
/// and the report of each.
std::map<std::string, std::string> loops_that_keep(const Device& device) {
    Graph graph = Graph::capture();
    const auto node =
        std::ranges::find(graph.nodes, static_cast<const Object*>(&device), &Node::object);
    if (node == graph.nodes.end()) return {};
    node->unnamed = 0;
    const auto index = static_cast<size_t>(node - graph.nodes.begin());
    std::map<std::string, std::string> reports;
    for (const Loop& loop : graph.loops())
        if (std::ranges::find(loop.members, index) != loop.members.end())
            reports.emplace(graph.describe(loop), graph.report(loop));
    return reports;
}

}  // namespace

LoopCheckAtDel::LoopCheckAtDel(Device& device) {
    if (device.model().settings().check_loops_at_del) device_ = Ref<Device>::share(device);
}

LoopCheckAtDel::~LoopCheckAtDel() {
    if (!device_) return;
    const auto found = loops_that_keep(**device_);
    if (found.empty()) return;
    const auto still_there = loops_that_keep(**device_);  // objects may have moved meanwhile
    for (const auto& [path, report] : found) {
        if (!still_there.contains(path)) continue;
        log::error("{}: deleted, but a loop of references keeps it: {}", (*device_)->name(),
                   report.substr(0, report.find_last_not_of('\n') + 1));
    }
}

}  // namespace plugboard::device
