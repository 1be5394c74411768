// Prints the story of a serial line that is pulled.
#include <cstdio>

#include "examples/serial_line/story.h"

int main() {
    const auto story = plugboard::serial::tell_serial_line();
    if (!story.ok()) {
        std::fprintf(stderr,
                     "serial_line: no pseudo-terminal: %s\n  remedy: mount devpts on /dev/pts\n",
                     plugboard::errno_name(story.error()));
        return 1;
    }
    std::fputs(story->c_str(), stdout);
}
