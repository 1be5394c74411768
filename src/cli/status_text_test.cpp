#include "cli/status_text.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/unique_fd.h"

namespace plugboard::cli {
namespace {

using nlohmann::json;

class StatusText : public testing::Test {
  protected:
    std::string text() const { return status_text(status_, no_terminal_.borrow()); }

    json status_ = {{"board", "ci"}, {"directory", "/tmp/ci"}, {"pid", 7}, {"opens", 0}};

  private:
    const UniqueFd no_terminal_{open("/dev/null", O_WRONLY | O_CLOEXEC)};
};

TEST_F(StatusText, has_no_table_of_what_nobody_has) {
    EXPECT_EQ(text(),
              "board ci (/tmp/ci), daemon 7, 0 opens so far\n\n"
              "CARD  DEVICE  DRIVER  NODE  SCREENS  FLIPS\n\n"
              "no open files\n");
}

TEST_F(StatusText, names_a_user_once_and_each_limit) {
    status_["limits"] = {{"files", 4096}};
    status_["users"] = {{{"uid", 1000}, {"has", {{"buffers", 4}, {"files", 1}}}}};
    EXPECT_NE(text().find("USER  HAS        OF AT MOST\n"
                          "1000  4 buffers  (no limit)\n"
                          "      1 files    4096\n"),
              std::string::npos)
        << text();
}

TEST_F(StatusText, tells_what_each_screen_shows) {
    const json card = {
        {"screens",
         {{{"name", "DP-1"}, {"monitor", "gaming"}, {"mode", "1024x768"}, {"refresh_hz", 60}},
          {{"name", "HDMI-A-1"}, {"plugged", false}},
          {{"name", "DP-2"}, {"link_status", "bad"}}}}};
    EXPECT_EQ(screens_text(card),
              "DP-1 (gaming) 1024x768@60, HDMI-A-1 unplugged, DP-2 off link bad");
}

}  // namespace
}  // namespace plugboard::cli
