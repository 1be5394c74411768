// plugboard plug: a new card into an empty slot.
#include "cli/card_command.h"

namespace plugboard::cli {

void add_plug(CLI::App& app, Action& action) {
    add_card_command(
        app, action, "plug", "Plug a new card into a slot that was unplugged",
        "Example:\n"
        "  plugboard unplug gpu0; plugboard plug gpu0\n"
        "The slot keeps its name and configuration; the card is a new one: new nodes, no open "
        "files.\n"
        "Programs that have the old card open go on seeing ENODEV.");
}

}  // namespace plugboard::cli
