#include "daemon/control/explain_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/ref_tracker.h"
#include "daemon/control/graph_json.h"
#include "daemon/control/sealed_memory.h"
#include "device/explainer/explainer.h"

namespace plugboard::daemon {
namespace {

using nlohmann::json;

Problem no_such_object(const std::string& words) {
    return {.message = fmt::format("no object is called \"{}\"", words),
            .remedy = "use a word of its label: card0, vkms, file, buffer"};
}

Outcome<Reply> explain_loops() {
    const device::Graph graph = device::Graph::capture();
    Reply reply;
    json &loops = reply.body["loops"] = json::array(), &paths = reply.body["paths"] = json::array();
    std::string text;
    for (const device::Loop& loop : graph.verified_loops()) {
        loops.push_back(graph.describe(loop));
        paths.push_back(loop_json(graph, loop));
        text += graph.report(loop);
    }
    reply.body["text"] = std::move(text);
    reply.body["tracking"] = graph.is_tracked;
    return reply;
}

Outcome<Reply> draw_graph(const std::string& format, const std::string& words) {
    if (format != "dot" && format != "json") {
        return Problem{.message = fmt::format("a graph cannot be had as \"{}\"", format),
                       .remedy = "use dot or json"};
    }
    const device::Graph graph = device::Graph::capture();
    const std::vector<bool> shown = graph.around(words);
    if (std::ranges::find(shown, true) == shown.end()) return no_such_object(words);
    auto loops = graph.verified_loops();
    std::erase_if(loops, [&](const device::Loop& loop) { return !shown[loop.members.front()]; });
    const std::string text =
        format == "dot"
            ? graph.dot(shown, loops)
            : graph_json(graph, shown, loops).dump(2, ' ', false, json::error_handler_t::replace) +
                  "\n";
    auto memory = seal_memory("plugboard-references",
                              {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    if (!memory.ok()) {
        return Problem{
            .message = fmt::format("no memory for the graph: {}", errno_name(memory.error())),
            .remedy = "name an object: only what is around it is drawn then"};
    }
    Reply reply;
    reply.body["objects"] = std::ranges::count(shown, true);
    reply.body["loops"] = loops.size();
    reply.attachment = std::move(*memory);
    return reply;
}

Outcome<Reply> explain_object(const std::string& words) {
    const device::Graph graph = device::Graph::capture();
    Reply reply;
    std::string text = graph.explain(words);
    if (text.empty()) return no_such_object(words);
    reply.body["text"] = std::move(text);
    reply.body["objects"] = objects_json(graph, words);
    reply.body["tracking"] = graph.is_tracked;
    return reply;
}

Outcome<Reply> track(bool on) {
    if (on) {
        ref_tracker::switch_on();
    } else {
        ref_tracker::switch_off();
    }
    Reply reply;
    reply.body["tracking"] = on;
    return reply;
}

Outcome<Reply> explain(const JsonPlace& request) {
    const std::string words = request.text_or("object", longest_control_name, "");
    if (const auto on = request.find("track")) return track(on->boolean());
    if (const auto graph = request.find("graph"))
        return draw_graph(graph->text(longest_control_name), words);
    if (request.boolean_or("loops", false)) return explain_loops();
    return explain_object(words);
}

}  // namespace

void add_explain_command(Commands& commands) {
    commands.add("explain", explain);
}

}  // namespace plugboard::daemon
