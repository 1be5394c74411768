#include "cli/run_environment.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>

#include "tests/support/temporary_folder.h"

namespace plugboard::cli {
namespace {

/// A variable of this process, as it was again at the end.
class SetVariable {
  public:
    SetVariable(const char* name, const char* value) : name_(name), old_(environment_value(name)) {
        setenv(name, value, 1);
    }
    ~SetVariable() {
        if (old_.empty()) {
            unsetenv(name_);
        } else {
            setenv(name_, old_.c_str(), 1);
        }
    }
    SetVariable(const SetVariable&) = delete;
    SetVariable& operator=(const SetVariable&) = delete;

  private:
    const char* name_;
    const std::string old_;
};

class RunEnvironmentTest : public testing::Test {
  protected:
    std::string value(std::string_view name) const {
        const auto environment = run_environment(installation_, board_.path());
        const auto found = std::find_if(environment.begin(), environment.end(),
                                        [&](const auto& one) { return one.first == name; });
        return found == environment.end() ? "none" : found->second;
    }

    const Installation installation_{
        .command = "/opt/bin/plugboard", .daemon = "", .shim = "/opt/libplugboard-preload.so"};
    const tests::TemporaryFolder board_;
};

TEST_F(RunEnvironmentTest, names_the_board) {
    EXPECT_EQ(value("PLUGBOARD_BOARD"), board_.path());
}

TEST_F(RunEnvironmentTest, preloads_one_shim_before_the_callers) {
    const SetVariable preload("LD_PRELOAD", "/other/libplugboard-preload.so:/a/libasan.so");
    EXPECT_EQ(value("LD_PRELOAD"), "/opt/libplugboard-preload.so:/a/libasan.so");
}

TEST_F(RunEnvironmentTest, has_the_boards_folder_first_in_path_and_once) {
    const std::string folder = board_.path() + "/bin";
    const SetVariable first("PATH", "/usr/bin::/bin:");
    EXPECT_EQ(value("PATH"), folder + ":/usr/bin::/bin:");
    const SetVariable second("PATH", (folder + ":/usr/bin:" + folder + ":/bin").c_str());
    EXPECT_EQ(value("PATH"), folder + ":/usr/bin:/bin");
}

TEST_F(RunEnvironmentTest, without_a_path_leaves_it_to_libc) {
    const SetVariable empty("PATH", "");
    EXPECT_EQ(value("PATH"), "none");
}

}  // namespace
}  // namespace plugboard::cli
