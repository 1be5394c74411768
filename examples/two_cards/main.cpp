// Prints the story of the two cards.
#include <cstdio>

#include "examples/two_cards/story.h"

int main() {
    std::fputs(plugboard::two_cards::tell_two_cards().c_str(), stdout);
}
