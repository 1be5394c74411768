// Random bytes to the seat of a board: each client is answered or ended, and who speaks properly
// afterwards gets the seat and the card.
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/log.h"
#include "daemon/seat/seat_fixture.h"
#include "tests/support/garble.h"

namespace plugboard::daemon {
namespace {

using namespace std::string_literals;
using tests::Dice;

const std::vector<std::string> requests = {
    "\1\0\0\0"s,                             // OPEN_SEAT
    "\2\0\0\0"s,                             // CLOSE_SEAT
    "\3\0\x11\0\x0f\0/dev/dri/card0\0"s,     // OPEN_DEVICE
    "\3\0\x14\0\x12\0/dev/input/event0\0"s,  // and one that is none
    "\4\0\4\0\1\0\0\0"s,                     // CLOSE_DEVICE
    "\5\0\0\0"s,                             // DISABLE_SEAT
    "\6\0\4\0\1\0\0\0"s,                     // SWITCH_SESSION
    "\7\0\0\0"s,                             // PING
};
const std::vector<std::string> packets = {
    "\0\0\0\0\2\0\0\0/dev/dri/card0\0"s,
    "\0\0\0\0\xff\xff\xff\xff/dev/dri/card0\0"s,
    "\2\0\0\0"s,
};
const std::vector<std::string> parts = {"\0"s,   "\xff"s,     "\1\0\0\0"s,    "\xff\xff"s, "/"s,
                                        ".."s,   "/dev/dri"s, "\0\0\0\0"s,    "\4\0"s,     "\x7f"s,
                                        "%n%s"s, "card"s,     "\x80\0\0\0\0"s};

/// Mostly proper requests, some of which are garbled, cut at any byte.
void talk(Dice& dice, const UniqueFd& client, const std::vector<std::string>& proper) {
    for (uint32_t left = 1 + dice.below(12); left > 0; left--) {
        std::string bytes = dice.one_of(proper);
        if (dice.below(3) == 0) bytes = tests::garble(dice, bytes, parts, 4);
        if (dice.below(6) == 0) bytes.resize(dice.below(bytes.size() + 1));
        bytes.resize(std::min<size_t>(bytes.size(), 8192));
        // It may have been ended by now.
        send(client.borrow(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

class SeatBytes : public SeatTest {};

TEST_F(SeatBytes, are_answered_or_end_the_client_and_the_next_gets_the_card) {
    const auto old = log::set_sink([](log::Category, std::string_view) {});
    const bool holds = rc::check([&] {
        const auto numbers = *tests::any_numbers(64);
        Dice dice(numbers);
        const bool as_weston = dice.below(3) == 0;
        UniqueFd client = connect_to(directory() + (as_weston ? "/weston" : "/seat"),
                                     as_weston ? SOCK_SEQPACKET : SOCK_STREAM);
        talk(dice, client, as_weston ? packets : requests);
        if (dice.below(4) == 0) (void)seat().pause(std::chrono::nanoseconds(0));
        talk(dice, client, as_weston ? packets : requests);
        (void)seat().resume();  // it may not be paused
        client.reset();
        // Bytes of a dead client are as good as its end: twice, for what was before it in the
        // queue.
        const SeatdTestClient next(directory());
        RC_ASSERT(next.ask(1).type == 0x8001);
        RC_ASSERT(next.next().type == 0x8006);
        RC_ASSERT(next.open_device("/dev/dri/card0").type == 0x8003);
        RC_ASSERT(seat().info().clients.size() == 1u);
        RC_ASSERT(board_->open_files().size() == 1u);
    });
    EXPECT_TRUE(holds);
    log::set_sink(old);
}

}  // namespace
}  // namespace plugboard::daemon
