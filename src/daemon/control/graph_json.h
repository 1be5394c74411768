// The graph of references as JSON; docs/control.md has its members.
#pragma once

#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "device/explainer/explainer.h"

namespace plugboard::daemon {

/// The objects whose label contains the words, each with its holders.
nlohmann::json objects_json(const device::Graph& graph, std::string_view words);
/// The edges of the loop, and what would break it.
nlohmann::json loop_json(const device::Graph& graph, const device::Loop& loop);
/// The nodes that are shown, their edges among each other, and the loops.
nlohmann::json graph_json(const device::Graph& graph, const std::vector<bool>& shown,
                          const std::vector<device::Loop>& loops);

}  // namespace plugboard::daemon
