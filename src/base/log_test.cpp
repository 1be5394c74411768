#include "base/log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace plugboard::log {
namespace {

TEST(Log, categories_are_words_or_drm_debugs_number) {
    EXPECT_EQ(parse_categories("atomic,kms").value(), 0x14u);
    EXPECT_EQ(parse_categories("0x14").value(), 0x14u);
    EXPECT_EQ(parse_categories("").value(), 0u);
    EXPECT_EQ(parse_categories("all").value(), ~0u);
    EXPECT_EQ(parse_categories("atomic,nonsense").error(), Errno::Inval);
    EXPECT_EQ(parse_categories("0xzz").error(), Errno::Inval);
}

TEST(Log, each_word_that_people_are_told_is_a_category) {
    std::string words = category_words();
    std::erase(words, ' ');
    EXPECT_NE(words.find("vblank"), std::string::npos);
    EXPECT_EQ(parse_categories(words).value(), 0xeffu);
}

TEST(Log, a_category_that_is_off_makes_no_text) {
    std::vector<std::string> lines;
    Sink old = set_sink([&](Category, std::string_view text) { lines.emplace_back(text); });
    const uint32_t before = enabled_mask.exchange(static_cast<uint32_t>(Category::Kms));
    line(Category::Atomic, "off");
    line(Category::Kms, "on {}", 1);
    error("always");
    enabled_mask = before;
    set_sink(std::move(old));
    EXPECT_EQ(lines, (std::vector<std::string>{"on 1", "always"}));
}

}  // namespace
}  // namespace plugboard::log
