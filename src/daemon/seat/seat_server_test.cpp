// Clients of a board's seat: their turns, their cards, pauses, and what ends them.
#include "daemon/seat/seat_server.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <future>

#include "base/log.h"
#include "daemon/seat/seat_fixture.h"

namespace plugboard::daemon {
namespace {

using State = SeatClient::State;
constexpr std::chrono::seconds limit{60};

std::vector<State> states(const SeatInfo& info) {
    std::vector<State> states;
    for (const SeatClientInfo& client : info.clients) states.push_back(client.state);
    return states;
}

TEST_F(SeatTest, a_client_gets_the_seat_and_is_master_of_the_card_it_opens) {
    const SeatdTestClient client(directory());
    const auto opened = client.ask(1);
    EXPECT_EQ(opened.type, 0x8001);
    EXPECT_EQ(opened.body, std::string("\5\0seat0", 7));
    EXPECT_EQ(client.next().type, 0x8006);
    const auto card = client.open_device("/dev/dri/card0");
    EXPECT_EQ(card.type, 0x8003);
    EXPECT_EQ(card.number(), 1);
    EXPECT_TRUE(card.fd.is_open());
    EXPECT_NE(fcntl(card.fd.borrow(), F_GETFL) & O_NONBLOCK, 0) << "as seatd opens it";
    EXPECT_TRUE(has_master());
    const auto info = seat().info();
    ASSERT_EQ(info.clients.size(), 1u);
    EXPECT_EQ(info.clients[0].peer.pid, getpid());
    EXPECT_EQ(info.clients[0].devices, std::vector<std::string>{"/dev/dri/card0"});
    EXPECT_EQ(board_->open_files().at(0).pid, getpid()) << "it is for the client, in status";
}

TEST_F(SeatTest, only_nodes_of_the_board_are_devices) {
    const SeatdTestClient client(directory());
    client.enter();
    for (const char* path : {"/dev/input/event0", "/dev/null", "/etc/passwd", "/dev/dri/card1",
                             "/dev/dri/../../../../../../etc/passwd", "", "card0", "/dev/dri",
                             "/sys/class/drm/card0/uevent"}) {
        const auto answer = client.open_device(path);
        EXPECT_EQ(answer.type, 0xffff) << path;
        EXPECT_EQ(answer.number(), ENOENT) << path;
    }
    EXPECT_EQ(client.open_device("/dev/dri/./card0").type, 0x8003) << "by another name";
}

TEST_F(SeatTest, a_device_opened_twice_is_one_until_it_is_closed_twice) {
    const SeatdTestClient client(directory());
    client.enter();
    auto first = client.open_device("/dev/dri/card0");
    auto second = client.open_device("/dev/dri/card0");
    EXPECT_EQ(first.number(), second.number());
    EXPECT_EQ(board_->open_files().size(), 1u);
    first.fd.reset();
    second.fd.reset();
    EXPECT_EQ(client.ask(4, bytes_of(first.number())).type, 0x8004);
    EXPECT_TRUE(has_master()) << "the seat has a copy";
    EXPECT_EQ(client.ask(4, bytes_of(first.number())).type, 0x8004);
    EXPECT_EQ(client.ask(4, bytes_of(first.number())).number(), EBADF);
    EXPECT_EQ(board_->open_files().size(), 0u);
}

TEST_F(SeatTest, a_closed_seat_leaves_nothing_open_and_is_not_opened_again) {
    const SeatdTestClient client(directory());
    client.enter();
    EXPECT_EQ(client.open_device("/dev/dri/card0").type, 0x8003);
    EXPECT_EQ(client.ask(7).type, 0x8007) << "PING";
    EXPECT_EQ(client.ask(2).type, 0x8002);
    EXPECT_EQ(board_->open_files().size(), 0u);
    EXPECT_EQ(client.ask(1).type, 0) << "that ends it";
}

TEST_F(SeatTest, one_client_has_the_seat_at_a_time) {
    SeatdTestClient first(directory());
    const SeatdTestClient second(directory());
    first.enter();
    EXPECT_EQ(second.ask(1).type, 0x8001);
    EXPECT_EQ(second.open_device("/dev/dri/card0").number(), EPERM) << "not its turn";
    first.hang_up();
    EXPECT_EQ(second.next().type, 0x8006);
    EXPECT_EQ(second.open_device("/dev/dri/card0").type, 0x8003);
}

TEST_F(SeatTest, a_client_makes_way_for_the_session_it_switches_to) {
    const SeatdTestClient first(directory()), second(directory());
    first.enter();
    const auto card = first.open_device("/dev/dri/card0");
    EXPECT_EQ(second.ask(1).type, 0x8001);
    EXPECT_EQ(first.ask(6, bytes_of(99)).number(), EINVAL) << "no such session";
    EXPECT_EQ(second.ask(6, bytes_of(1)).number(), EPERM) << "not its to switch";
    EXPECT_EQ(first.ask(6, bytes_of(2)).type, 0x8005) << "asked to let go";
    EXPECT_FALSE(has_master()) << "by then the rule is taken";
    EXPECT_EQ(states(seat().info()), (std::vector{State::Leaving, State::Away}));
    first.request(5);
    EXPECT_EQ(second.next().type, 0x8006);
    EXPECT_EQ(first.ask(5).number(), EBUSY) << "it has gone already";
    EXPECT_EQ(second.ask(6, bytes_of(1)).type, 0x8005);
    second.request(5);
    EXPECT_EQ(first.next().type, 0x8006);
    EXPECT_TRUE(has_master());
}

TEST_F(SeatTest, pause_takes_the_rule_and_resume_gives_it_back) {
    const SeatdTestClient client(directory());
    client.enter();
    const auto card = client.open_device("/dev/dri/card0");
    auto paused = std::async(std::launch::async, [&] { return seat().pause(limit); });
    EXPECT_EQ(client.next().type, 0x8005);
    EXPECT_FALSE(has_master());
    client.request(5);
    const auto after = paused.get();
    ASSERT_TRUE(after.ok());
    EXPECT_TRUE(after.value().is_paused);
    EXPECT_EQ(states(after.value()), std::vector{State::Away});
    EXPECT_EQ(client.open_device("/dev/dri/card0").number(), EPERM);

    ASSERT_TRUE(seat().resume().ok());
    EXPECT_EQ(client.next().type, 0x8006);
    EXPECT_TRUE(has_master());
}

TEST_F(SeatTest, the_client_that_had_the_seat_before_a_pause_has_it_afterwards) {
    const SeatdTestClient first(directory()), second(directory());
    first.enter();
    second.ask(1);
    first.ask(6, bytes_of(2));
    first.request(5);
    EXPECT_EQ(second.next().type, 0x8006);
    auto paused = std::async(std::launch::async, [&] { return seat().pause(limit); });
    EXPECT_EQ(second.next().type, 0x8005);
    second.request(5);
    ASSERT_TRUE(paused.get().ok());
    ASSERT_TRUE(seat().resume().ok());
    EXPECT_EQ(second.next().type, 0x8006);
}

TEST_F(SeatTest, who_does_not_let_go_in_time_is_no_longer_master) {
    const WestonTestClient weston(directory());
    const auto card = weston.open("/dev/dri/card0", O_RDWR);
    EXPECT_TRUE(has_master());
    const auto paused = seat().pause(std::chrono::nanoseconds(0));
    ASSERT_TRUE(paused.ok());
    EXPECT_EQ(states(paused.value()), std::vector{State::Leaving});
    EXPECT_FALSE(has_master());
    // A resume that comes before the answer takes effect with it.
    ASSERT_TRUE(seat().resume().ok());
    EXPECT_EQ(weston.next().bytes, bytes_of(1));
    weston.say_gone();
    EXPECT_EQ(weston.next().bytes, bytes_of(0));
    EXPECT_TRUE(has_master());
}

TEST_F(SeatTest, pausing_twice_or_nobody_is_refused_with_a_remedy) {
    EXPECT_EQ(seat().pause(limit).problem().message, SeatServer::nobody);
    EXPECT_FALSE(seat().resume().problem().remedy.empty());
    const SeatdTestClient client(directory());
    client.enter();
    ASSERT_TRUE(seat().pause(std::chrono::nanoseconds(0)).ok());
    const auto again = seat().pause(limit);
    ASSERT_FALSE(again.ok());
    EXPECT_FALSE(again.problem().remedy.empty());
}

TEST_F(SeatTest, weston_keeps_the_rule_until_it_has_let_go) {
    const WestonTestClient weston(directory());
    const auto card = weston.open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
    EXPECT_EQ(card.bytes, bytes_of(3) + bytes_of(0));
    ASSERT_TRUE(card.fd.is_open());
    auto paused = std::async(std::launch::async, [&] { return seat().pause(limit); });
    EXPECT_EQ(weston.next().bytes, bytes_of(1));
    EXPECT_TRUE(has_master());
    weston.say_gone();
    ASSERT_TRUE(paused.get().ok());
    EXPECT_FALSE(has_master());
    ASSERT_TRUE(seat().resume().ok());
    EXPECT_EQ(weston.next().bytes, bytes_of(0));
    EXPECT_TRUE(has_master());
}

TEST_F(SeatTest, weston_is_refused_what_is_no_node_and_goes_on) {
    const WestonTestClient weston(directory());
    const auto refused = weston.open("/dev/input/event0", O_RDWR);
    EXPECT_EQ(refused.bytes, bytes_of(3) + bytes_of(-ENOENT));
    EXPECT_FALSE(refused.fd.is_open());
    EXPECT_TRUE(weston.open("/dev/dri/card0", O_RDWR).fd.is_open());
}

TEST_F(SeatTest, a_card_that_weston_closes_is_free) {
    const WestonTestClient weston(directory());
    for (int i = 0; i < 300; i++)  // more than it may have at a time
        ASSERT_TRUE(weston.open("/dev/dri/card0", O_RDWR).fd.is_open()) << i;
    EXPECT_EQ(board_->open_files().size(), 0u);
}

TEST_F(SeatTest, weston_has_so_many_nodes_open_at_a_time_and_no_more) {
    const WestonTestClient weston(directory());
    std::vector<UniqueFd> cards;
    for (int i = 0; i < 128; i++) {
        cards.push_back(weston.open("/dev/dri/card0", O_RDWR).fd);
        ASSERT_TRUE(cards.back().is_open()) << i;
    }
    EXPECT_EQ(weston.open("/dev/dri/card0", O_RDWR).bytes, bytes_of(3) + bytes_of(-EMFILE));
    cards.pop_back();
    EXPECT_TRUE(weston.open("/dev/dri/card0", O_RDWR).fd.is_open());
}

TEST_F(SeatTest, weston_that_starts_on_a_paused_seat_waits_for_its_turn) {
    const WestonTestClient first(directory());
    EXPECT_EQ(first.open("/none", 0).bytes, bytes_of(3) + bytes_of(-ENOENT));  // it is in
    ASSERT_TRUE(seat().pause(std::chrono::nanoseconds(0)).ok());
    const WestonTestClient second(directory());
    EXPECT_EQ(second.next().bytes, bytes_of(1));
    second.say_gone();
    const auto card = second.open("/dev/dri/card0", O_RDWR);
    EXPECT_TRUE(card.fd.is_open());
    EXPECT_FALSE(has_master());
    ASSERT_TRUE(seat().resume().ok());
    EXPECT_EQ(second.next().bytes, bytes_of(0));
    EXPECT_TRUE(has_master());
}

TEST_F(SeatTest, a_card_pulled_while_the_seat_has_it_hangs_up_and_is_gone) {
    const SeatdTestClient client(directory());
    client.enter();
    const auto card = client.open_device("/dev/dri/card0");
    ASSERT_TRUE(board_->slots().unplug("gpu0").ok());
    pollfd hung_up{.fd = card.fd.borrow(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&hung_up, 1, 0), 1);
    EXPECT_NE(hung_up.revents & POLLHUP, 0);
    ASSERT_TRUE(seat().pause(std::chrono::nanoseconds(0)).ok());
    EXPECT_EQ(client.next().type, 0x8005);
    client.request(5);
    ASSERT_TRUE(seat().resume().ok());
    EXPECT_EQ(client.next().type, 0x8006);
    EXPECT_EQ(client.open_device("/dev/dri/card1").number(), ENOENT);
    EXPECT_EQ(client.ask(4, bytes_of(card.number())).type, 0x8004);
    ASSERT_TRUE(board_->slots().plug("gpu0").ok());
    EXPECT_EQ(client.open_device("/dev/dri/card1").type, 0x8003) << "the new one";
}

TEST_F(SeatTest, who_shuts_a_card_down_does_not_harm_the_seat) {
    const SeatdTestClient client(directory());
    client.enter();
    const auto card = client.open_device("/dev/dri/card0");
    ASSERT_EQ(shutdown(card.fd.borrow(), SHUT_RDWR), 0);
    ASSERT_TRUE(seat().pause(std::chrono::nanoseconds(0)).ok());
    EXPECT_EQ(client.next().type, 0x8005);
    client.request(5);
    ASSERT_TRUE(seat().resume().ok());
    EXPECT_EQ(client.next().type, 0x8006);
}

TEST_F(SeatTest, a_client_that_reads_no_answers_is_ended_and_others_are_served) {
    const UniqueFd deaf = connect_to(directory() + "/seat", SOCK_STREAM);
    std::string pings;
    for (int i = 0; i < 1000; i++) pings += std::string("\7\0\0\0", 4);
    EXPECT_TRUE(tests::comes_true([&] {
        return send(deaf.borrow(), pings.data(), pings.size(), MSG_NOSIGNAL) < 0 && errno == EPIPE;
    }));
    const SeatdTestClient client(directory());
    client.enter();
}

TEST_F(SeatTest, clients_beyond_the_limit_are_turned_away_and_served_when_there_is_room) {
    const auto old = log::set_sink([](log::Category, std::string_view) {});
    std::vector<std::unique_ptr<SeatdTestClient>> clients;
    for (int i = 0; i < 64; i++) {
        clients.push_back(std::make_unique<SeatdTestClient>(directory()));
        ASSERT_EQ(clients.back()->ask(7).type, 0x8007);
    }
    {
        const UniqueFd refused = connect_to(directory() + "/seat", SOCK_STREAM);
        EXPECT_TRUE(receive(refused.borrow(), 4).bytes.empty());
    }
    clients.pop_back();
    seat().settle();
    const SeatdTestClient late(directory());
    EXPECT_EQ(late.ask(7).type, 0x8007);
    log::set_sink(old);
}

}  // namespace
}  // namespace plugboard::daemon
