// plugboard fault: makes a card answer errors, lose vblanks, flip late, and have bad links.
#include <fmt/format.h>

#include "cli/board_requests.h"
#include "cli/card_command.h"
#include "cli/output.h"

namespace plugboard::cli {
namespace {

constexpr const char* fault_footer =
    "Examples:\n"
    "  plugboard fault gpu0 add ioctl=MODE_ATOMIC call=3 errno=EBUSY   # the third from now on\n"
    "  plugboard fault gpu0 add ioctl=MODE_CREATE_DUMB bytes=\"64 MB\" errno=ENOMEM\n"
    "  plugboard fault gpu0 add vblank=lost every=10\n"
    "  plugboard fault gpu0 add flip=slow by=2 after=5s until=10s\n"
    "  plugboard fault gpu0 add link=DP-1 after=2s\n"
    "  plugboard fault gpu0 list\n"
    "  plugboard fault gpu0 clear       # all of them; clear 2: that one\n"
    "add prints the fault's id. Faults go with the card. docs/faults.md has all keys.";

void print_faults(const nlohmann::json& faults) {
    for (const auto& fault : faults) {
        print_output(fmt::format("{}: {} ({} of {} hit)\n", fault.value("id", 0),
                                 fault.value("text", ""), fault.value("hits", 0),
                                 fault.value("events", 0)));
    }
}

}  // namespace

void add_fault(CLI::App& app, Action& action) {
    struct Options {
        std::string board;
        std::vector<std::string> words;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("fault", "Plant faults in a card, list and clear them");
    command->footer(fault_footer);
    command
        ->add_option("CARD ACTION WORDS", options->words,
                     "The card; add, list or clear; then KEY=VALUE words, or a fault's id")
        ->required();
    add_board_option(*command, options->board);
    command->callback([options, &action] {
        action = [options] {
            const auto body =
                ask_board(find_board(options->board), fault_request(options->words)).body;
            if (body.contains("id")) print_output(fmt::format("{}\n", body["id"].get<uint64_t>()));
            if (body.contains("faults")) print_faults(body["faults"]);
            return 0;
        };
    });
}

}  // namespace plugboard::cli
