// plugboard explain: who holds an object since when, which loops nobody will break, and a drawing
// of both.
#include <fmt/format.h>

#include "cli/card_command.h"
#include "cli/failure.h"
#include "cli/graph_file.h"
#include "cli/output.h"

namespace plugboard::cli {
namespace {

struct ExplainOptions {
    std::string board, object, graph, track;
    bool loops = false, json = false;
};

/// Without the protocol's own members.
void print_json(nlohmann::json answer) {
    for (const char* key : {"plugboard", "ok", "text"}) answer.erase(key);
    print_output(answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

int explain_loops(const std::string& board, const ExplainOptions& options) {
    const auto answer = ask_board(board, {{"op", "explain"}, {"loops", true}}).body;
    const auto loops = answer.value("loops", std::vector<std::string>());
    if (options.json) {
        print_json(answer);
    } else if (loops.empty()) {
        print_output("no loop of references that nobody will break\n");
    } else {
        print_output(answer.value("text", ""));
        if (!answer.value("tracking", false)) {
            print_note(
                "plugboard explain --track on, then the same once more: the code that takes "
                "them is named too");
        }
    }
    return static_cast<int>(loops.empty() ? Exit::Ok : Exit::Failed);
}

int explain_object(const std::string& board, const ExplainOptions& options) {
    const auto answer = ask_board(board, {{"op", "explain"}, {"object", options.object}}).body;
    if (options.json) {
        print_json(answer);
    } else {
        print_output(answer.value("text", ""));
    }
    return static_cast<int>(Exit::Ok);
}

int draw(const std::string& board, const ExplainOptions& options) {
    const Answer answer = ask_board(
        board,
        {{"op", "explain"}, {"graph", graph_format(options.graph)}, {"object", options.object}});
    if (!answer.attachment.is_open())
        throw Failure("the board sent no graph", "use the plugboard of the board's own version");
    write_graph(options.graph, answer.attachment.borrow());
    const int objects = answer.body.value("objects", 0), loops = answer.body.value("loops", 0);
    print_output(fmt::format("{}: {} object{}, {} loop{} that nobody will break\n", options.graph,
                             objects, objects == 1 ? "" : "s", loops, loops == 1 ? "" : "s"));
    return static_cast<int>(Exit::Ok);
}

int track(const std::string& board, const ExplainOptions& options) {
    const bool on = options.track == "on";
    ask_board(board, {{"op", "explain"}, {"track", on}});
    print_output(on ? "references that are taken from now on are tracked\n"
                    : "references are not tracked any more\n");
    return static_cast<int>(Exit::Ok);
}

int explain(const ExplainOptions& options) {
    const std::string board = find_board(options.board);
    if (!options.track.empty()) return track(board, options);
    if (!options.graph.empty()) return draw(board, options);
    return options.loops ? explain_loops(board, options) : explain_object(board, options);
}

}  // namespace

void add_explain(CLI::App& app, Action& action) {
    auto options = std::make_shared<ExplainOptions>();
    CLI::App* command = app.add_subcommand("explain", "Say who holds an object and why");
    command->footer(
        "Examples:\n"
        "  plugboard explain card0              # each holder of the card, with its reason\n"
        "  plugboard explain --loops            # reference loops that nobody will break\n"
        "  plugboard explain --graph refs.svg   # all objects and who holds whom, loops in red\n"
        "  plugboard explain --graph refs.svg 'file 3'   # only what reaches it, and what it "
        "reaches\n"
        "  plugboard explain --track on         # from now on also: since when, and in which code\n"
        "A holder is named with the reason of its reference: the file's handle, the plane's FB_ID. "
        "Unnamed\n"
        "holders are stacks, threads and the core; tracking tells those apart too, and makes "
        "references\n"
        "slower; of what was there before it is told as such (unplug and plug make a card anew).\n"
        "An .svg needs Graphviz (Debian: apt install graphviz); .dot, .gv and .json need nothing.\n"
        "Exit status: 1 when --loops finds any.");
    command->add_option("OBJECT", options->object,
                        "Words of the object's label: card0, vkms, file 3");
    CLI::Option* loops =
        command->add_flag("--loops", options->loops, "Look for reference loops instead");
    CLI::Option* graph = command
                             ->add_option("--graph", options->graph,
                                          "Draw it to this file: .svg, .dot, .gv or .json")
                             ->excludes(loops);
    CLI::Option* tracking =
        command
            ->add_option("--track", options->track,
                         "on or off: keep since when and where each reference was taken")
            ->check(CLI::IsMember({"on", "off"}))
            ->excludes(loops)
            ->excludes(graph);
    command->add_flag("--json", options->json, "For programs")->excludes(graph)->excludes(tracking);
    add_board_option(*command, options->board);
    command->callback([options, &action] {
        if (options->object.empty() && !options->loops && options->graph.empty() &&
            options->track.empty())
            throw CLI::RequiredError("an object, --loops, --graph or --track,");
        action = [options] { return explain(*options); };
    });
}

}  // namespace plugboard::cli
