// The order of release; the cases of Linux's KUnit suite drm_managed are in drivers/mock.
#include "drm/managed.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

/// Notes its end in a list.
class Noted {
  public:
    Noted(std::vector<std::string>& ends, std::string name) : ends_(ends), name_(std::move(name)) {}
    ~Noted() { ends_.push_back(name_); }

  private:
    std::vector<std::string>& ends_;
    std::string name_;
};

TEST(ManagedList, releases_newest_first) {
    std::vector<std::string> ends;
    ManagedList list;
    list.make<Noted>(ends, "first");
    list.make<Noted>(ends, "second");
    list.make<Noted>(ends, "third");
    list.release_all();
    EXPECT_EQ(ends, (std::vector<std::string>{"third", "second", "first"}));
}

TEST(ManagedList, releases_the_one_that_it_is_told_to) {
    std::vector<std::string> ends;
    ManagedList list;
    list.make<Noted>(ends, "first");
    auto& second = list.make<Noted>(ends, "second");
    list.make<Noted>(ends, "third");
    list.release(second);
    EXPECT_EQ(ends, (std::vector<std::string>{"second"}));
    list.release_all();
    EXPECT_EQ(ends, (std::vector<std::string>{"second", "third", "first"}));
}

TEST(ManagedList, what_a_release_adds_is_released_too) {
    std::vector<std::string> ends;
    ManagedList list;
    struct Outer {
        Outer(ManagedList& the_list, std::vector<std::string>& the_ends)
            : list(the_list), ends(the_ends) {}
        ~Outer() { list.make<Noted>(ends, "inner"); }
        ManagedList& list;
        std::vector<std::string>& ends;
    };
    list.make<Outer>(list, ends);
    list.release_all();
    EXPECT_EQ(ends, std::vector<std::string>{"inner"});
}

TEST(ManagedList, releases_with_the_last_reference_not_at_unplug) {
    std::vector<std::string> ends;
    tests::Board board;
    board.drm().manage<Noted>(ends, "released");
    auto client = std::make_unique<tests::Client>(board.drm());
    board.unplug();
    board.drop();
    EXPECT_TRUE(ends.empty());
    client.reset();
    EXPECT_EQ(ends, (std::vector<std::string>{"released"}));
}

}  // namespace
}  // namespace plugboard::drm
