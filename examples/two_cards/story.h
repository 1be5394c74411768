// A picture that is drawn on one card and shown on the other, until both are pulled.
#pragma once

#include <string>

namespace plugboard::two_cards {

/// Plays it and tells what happened.
std::string tell_two_cards();

}  // namespace plugboard::two_cards
