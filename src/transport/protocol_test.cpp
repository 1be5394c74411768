#include "transport/protocol.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include "tests/support/dice.h"
#include "transport/file_number.h"

namespace plugboard::transport {
namespace {

std::vector<std::byte> packet(std::span<const std::byte> head, std::span<const Range> ranges = {},
                              std::span<const std::byte> payload = {}) {
    std::vector<std::byte> bytes(head.begin(), head.end());
    const auto range_bytes = std::as_bytes(ranges);
    bytes.insert(bytes.end(), range_bytes.begin(), range_bytes.end());
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return bytes;
}

TEST(Protocol, a_message_without_tail_comes_back) {
    const Outgoing out(MessageType::PullFd, 7, PullFdBody{.number = 42});
    const auto bytes = packet(out.bytes());
    const auto message = decode(bytes);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->type(), MessageType::PullFd);
    EXPECT_EQ(message->sequence(), 7u);
    EXPECT_EQ(message->body<PullFdBody>().number, 42);
    EXPECT_TRUE(message->payload().empty());
}

TEST(Protocol, ranges_and_their_bytes_come_back) {
    const std::array<Range, 2> ranges{Range{0x1000, 3}, Range{0x2000, 2}};
    const std::array<std::byte, 5> data{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
                                        std::byte{5}};
    const Outgoing out(MessageType::Reply, 1, ReplyBody{.result = 5}, ranges.size(), data.size());
    const auto bytes = packet(out.bytes(), ranges, data);
    const auto message = decode(bytes);
    ASSERT_TRUE(message);
    ASSERT_EQ(message->range_count(), 2u);
    EXPECT_EQ(message->range(1).address, 0x2000u);
    EXPECT_EQ(message->payload().size(), 5u);
    EXPECT_EQ(message->payload()[4], std::byte{5});
}

TEST(Protocol, an_empty_body_takes_no_bytes) {
    const Outgoing out(MessageType::Cancel, 3, CancelBody{});
    EXPECT_EQ(out.bytes().size(), sizeof(Header));
    EXPECT_TRUE(decode(out.bytes()));
}

TEST(Protocol, every_truncation_is_refused) {
    const std::array<Range, 1> ranges{Range{0, 8}};
    const std::array<std::byte, 8> data{};
    const Outgoing out(MessageType::Ioctl, 1, IoctlBody{}, 1, 8);
    const auto bytes = packet(out.bytes(), ranges, data);
    ASSERT_TRUE(decode(bytes));
    for (size_t size = 0; size < bytes.size(); size++)
        EXPECT_FALSE(decode(std::span(bytes).first(size))) << size;
}

TEST(Protocol, ranges_that_do_not_add_up_are_refused) {
    const std::array<std::byte, 8> data{};
    for (const uint64_t length : {uint64_t{7}, uint64_t{9}, ~uint64_t{0}, ~uint64_t{0} - 7}) {
        const std::array<Range, 1> ranges{Range{0, length}};
        const Outgoing out(MessageType::Reply, 1, ReplyBody{}, 1, data.size());
        EXPECT_FALSE(decode(packet(out.bytes(), ranges, data)));
    }
}

TEST(Protocol, ranges_whose_sum_wraps_are_refused) {
    const std::array<Range, 2> ranges{Range{0, ~uint64_t{0}}, Range{0, 9}};
    const std::array<std::byte, 8> data{};
    const Outgoing out(MessageType::Reply, 1, ReplyBody{}, 2, data.size());
    EXPECT_FALSE(decode(packet(out.bytes(), ranges, data)));
}

TEST(Protocol, unknown_types_are_refused) {
    Outgoing out(MessageType::Cancel, 3, CancelBody{});
    for (const unsigned type : {0u, 13u, 63u, 70u, 0xffffu}) {
        out.header.type = static_cast<uint16_t>(type);
        EXPECT_FALSE(decode(out.bytes())) << type;
    }
}

TEST(Protocol, a_payload_over_the_cap_is_refused) {
    const std::vector<std::byte> data(max_payload + 1);
    const Outgoing out(MessageType::Write, 1, WriteBody{}, 0, data.size());
    EXPECT_FALSE(decode(packet(out.bytes(), {}, data)));
    const Outgoing fits(MessageType::Write, 1, WriteBody{}, 0, max_payload);
    EXPECT_TRUE(decode(packet(fits.bytes(), {}, std::span(data).first(max_payload))));
}

TEST(Protocol, a_head_alone_is_enough_to_find_the_ranges) {
    const std::array<Range, 2> ranges{Range{0x1000, 30000}, Range{0x2000, 20000}};
    const Outgoing out(MessageType::Reply, 1, ReplyBody{}, 2, 50000);
    const auto head = packet(out.bytes(), ranges);
    const auto message = decode_head(head, head.size() + 50000);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->range(1).length, 20000u);
    EXPECT_FALSE(decode_head(head, head.size() + 49999));
}

/// Framed well or nearly so, filled with anything.
std::vector<std::byte> random_packet(const tests::Numbers& numbers) {
    tests::Dice dice(numbers);
    constexpr MessageType with_ranges[] = {MessageType::Ioctl, MessageType::Reply};
    Header header{};
    header.type = static_cast<uint16_t>(
        dice.below(2) ? static_cast<uint32_t>(with_ranges[dice.below(2)]) : dice.below(80));
    header.range_count = static_cast<uint16_t>(dice.below(3));
    header.sequence = dice.any();
    std::vector<Range> ranges(header.range_count);
    std::vector<std::byte> body(dice.below(6) * size_t{8}), payload(dice.below(32));
    size_t rest = payload.size();
    for (Range& range : ranges) {
        range = {dice.any(), dice.below(rest + 1)};
        rest -= range.length;
    }
    if (!ranges.empty()) ranges.back().length += rest;
    if (!ranges.empty() && dice.one_in(8)) ranges.front().length += dice.any();
    for (std::byte& byte : body) byte = static_cast<std::byte>(dice.any());
    header.size = static_cast<uint32_t>(sizeof header + body.size() +
                                        ranges.size() * sizeof(Range) + payload.size());
    if (dice.one_in(8)) header.size = dice.any();
    auto bytes = packet(std::as_bytes(std::span(&header, 1)), {}, body);
    return packet(bytes, ranges, payload);
}

/// Whether a message that was decoded from these bytes says that there are others.
bool reaches_past_its_end(const Message& message, std::span<const std::byte> bytes) {
    size_t sum = 0;
    for (size_t i = 0; i < message.range_count(); i++) sum += message.range(i).length;
    if (message.range_count() != 0 && sum != message.payload().size()) return true;
    return message.payload().data() + message.payload().size() > bytes.data() + bytes.size();
}

RC_GTEST_PROP(Protocol, random_bytes_never_reach_past_their_end, ()) {
    const auto bytes = random_packet(*tests::any_numbers(64));
    const auto message = decode(bytes);
    if (message) RC_ASSERT(!reaches_past_its_end(*message, bytes));
}

TEST(Protocol, the_judge_finds_a_message_that_reaches_past_its_end) {
    int found = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        const auto bytes = random_packet(tests::any_numbers(64)(rc::Random(seed)).value());
        const auto message = decode(bytes);
        if (!message || message->range_count() == 0) continue;
        found += reaches_past_its_end(*message, std::span(bytes).first(bytes.size() - 1));
    }
    EXPECT_GT(found, 0);
}

TEST(FileNumber, tells_the_node) {
    for (const Node node : {Node{false, 0}, Node{false, 63}, Node{true, 128}, Node{true, 0xfffff}})
        EXPECT_EQ(node_of_file(make_file_number(12345, node)), node);
    EXPECT_NE(make_file_number(1, {false, 0}), make_file_number(2, {false, 0}));
}

}  // namespace
}  // namespace plugboard::transport
