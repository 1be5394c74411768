// A buffer and its fence go from a client of one card to a client of another, while the first is
// killed and its card is pulled: what the second shows, and that nothing waits for ever.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "cli/picture_file.h"
#include "tests/support/pictures.h"
#include "tests/support/temporary_folder.h"
#include "tests/system/board.h"

namespace plugboard::tests {
namespace {

constexpr uint32_t width = 1024, height = 768;

/// The number in a variable of the environment.
uint32_t number_in(const char* variable, uint32_t otherwise) {
    const char* text = std::getenv(variable);
    return text ? static_cast<uint32_t>(std::strtoul(text, nullptr, 10)) : otherwise;
}

class Sharing : public testing::Test {
  protected:
    Sharing() {
        cli::write_png(folder_.path() + "/drawn.png", width, height, pattern_rgb(width, height));
        std::vector<uint8_t> blank;
        for (size_t pixel = 0; pixel < size_t{width} * height; ++pixel)
            blank.insert(blank.end(), {0x20, 0x40, 0x60});
        cli::write_png(folder_.path() + "/blank.png", width, height, blank);
    }
    ClientRun share(std::vector<std::string> words, std::chrono::seconds limit) const {
        words.insert(words.begin(), {client_program("share"), folder_.path()});
        return run_on_fresh_board(words, {"--check-leaks", "-c", board_file("vgem-vkms")}, limit);
    }

    const TemporaryFolder folder_;
};

TEST_F(Sharing, goes_on_when_the_one_who_drew_is_killed_and_its_card_pulled) {
    const auto run =
        share({"draw", "import", "commit", "kill", "unplug"}, std::chrono::seconds(60));
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_EQ(run.out, "1 round, 0 failures\n");
}

TEST_F(Sharing, notices_a_picture_that_is_not_there) {
    std::filesystem::copy_file(folder_.path() + "/blank.png", folder_.path() + "/drawn.png",
                               std::filesystem::copy_options::overwrite_existing);
    const auto run = share({"draw", "import", "commit", "kill"}, std::chrono::seconds(60));
    EXPECT_NE(run.out.find("not ok - B's screen shows"), std::string::npos) << run.out;
    EXPECT_EQ(run.status, 1) << run.err;
}

TEST_F(Sharing, goes_on_whatever_happens_when) {
    const uint32_t rounds = number_in("PLUGBOARD_ROUNDS", 30);
    const uint32_t seed = number_in("PLUGBOARD_SEED", std::random_device()());
    const auto run = share({"--rounds", std::to_string(rounds), std::to_string(seed)},
                           std::chrono::seconds(560));
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_NE(run.out.find(std::to_string(rounds) + " rounds, 0 failures"), std::string::npos)
        << run.out;
}

}  // namespace
}  // namespace plugboard::tests
