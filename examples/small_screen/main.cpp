// Prints the story of the small screen.
#include <cstdio>

#include "examples/small_screen/story.h"

int main() {
    std::fputs(plugboard::small::tell_small_screen().c_str(), stdout);
}
