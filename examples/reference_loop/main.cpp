// Prints the story of the reference loop.
#include <cstdio>

#include "examples/reference_loop/story.h"

int main() {
    std::fputs(plugboard::examples::tell_reference_loop().c_str(), stdout);
}
