#include "daemon/seat/seat_messages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace plugboard::daemon {
namespace {

void put(seatd::Input& input, const std::string& bytes) {
    const auto room = input.room();
    ASSERT_GE(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    input.received(bytes.size());
}

std::string text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

using namespace std::string_literals;

const std::string open_card = "\x03\x00\x11\x00\x0f\x00/dev/dri/card0\0"s;

TEST(SeatMessages, a_request_comes_out_when_its_last_byte_is_there) {
    seatd::Input input;
    for (const char byte : open_card) {
        const auto early = input.next();
        ASSERT_TRUE(early.ok());
        EXPECT_FALSE(early->has_value());
        put(input, {byte});
    }
    const auto request = input.next();
    ASSERT_TRUE(request.ok() && request->has_value());
    EXPECT_EQ((*request)->type, seatd::RequestType::OpenDevice);
    EXPECT_EQ((*request)->path, "/dev/dri/card0");
    EXPECT_FALSE(input.next()->has_value());
}

TEST(SeatMessages, several_that_come_at_once_come_out_in_order) {
    seatd::Input input;
    put(input, "\x07\x00\x00\x00"s + "\x04\x00\x04\x00\x07\x00\x00\x00"s + open_card);
    EXPECT_EQ((**input.next()).type, seatd::RequestType::Ping);
    EXPECT_EQ((**input.next()).number, 7);
    EXPECT_EQ((**input.next()).path, "/dev/dri/card0");
}

TEST(SeatMessages, what_is_no_request_is_a_broken_protocol) {
    const std::string wrong[] = {
        "\x00\x00\x00\x00"s,                      // no such type
        "\x08\x00\x00\x00"s,                      // nor this
        "\x01\x80\x00\x00"s,                      // an answer
        "\x01\x00\x01\x00x"s,                     // a body where there is none
        "\x04\x00\x03\x00\x01\x00\x00"s,          // a short number
        "\x04\x00\x05\x00\x01\x00\x00\x00\x00"s,  // a long one
        "\x03\x00\x01\x00\x01"s,                  // no length of the path
        "\x03\x00\x04\x00\x05\x00/\x00"s,         // another length than there is
        "\x03\x00\xff\xff"s,                      // longer than any
    };
    for (const std::string& bytes : wrong) {
        seatd::Input input;
        put(input, bytes);
        const auto request = input.next();
        ASSERT_FALSE(request.ok()) << testing::PrintToString(bytes);
        EXPECT_EQ(request.error(), Errno::Proto);
    }
}

TEST(SeatMessages, there_is_room_for_more_until_the_longest_request_is_whole) {
    seatd::Input input;
    put(input, "\x03\x00\x02\x01\x00\x01"s);
    for (int i = 0; i < 256; i++) {
        ASSERT_FALSE(input.next()->has_value());
        put(input, "x");
    }
    EXPECT_EQ((**input.next()).path, std::string(256, 'x'));
}

TEST(SeatMessages, answers_are_laid_out_as_libseat_reads_them) {
    EXPECT_EQ(text(seatd::seat_opened()), "\x01\x80\x07\x00\x05\x00seat0"s);
    EXPECT_EQ(text(seatd::device_opened(3)), "\x03\x80\x04\x00\x03\x00\x00\x00"s);
    EXPECT_EQ(text(seatd::error(Errno::NoEnt)), "\xff\xff\x04\x00\x02\x00\x00\x00"s);
    EXPECT_EQ(text(seatd::reply(seatd::ReplyType::EnableSeat)), "\x06\x80\x00\x00"s);
}

TEST(SeatMessages, weston_asks_for_a_node_and_says_when_it_has_let_go) {
    const auto parse = [](const std::string& packet) {
        return weston_launch::parse(std::as_bytes(std::span(packet)));
    };
    const auto open = parse("\0\0\0\0\x02\0\0\0/dev/dri/card0\0"s);
    ASSERT_TRUE(open.ok());
    EXPECT_EQ(std::get<weston_launch::Open>(*open).flags, 2);
    EXPECT_EQ(std::get<weston_launch::Open>(*open).path, "/dev/dri/card0");
    const auto gone = parse("\x02\0\0\0"s);
    ASSERT_TRUE(gone.ok());
    EXPECT_TRUE(std::holds_alternative<weston_launch::LetGo>(*gone));
    for (const std::string& packet :
         {""s, "\0\0\0"s, "\0\0\0\0\x02\0\0\0"s, "\x02\0\0\0\0"s, "\x01\0\0\0"s})
        EXPECT_FALSE(parse(packet).ok()) << testing::PrintToString(packet);
}

}  // namespace
}  // namespace plugboard::daemon
