#include "cli/daemon_process.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "cli/failure.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::cli {
namespace {

/// A daemon that serves and says its last word, and then ends with that status.
class FakeDaemon {
  public:
    explicit FakeDaemon(int status) {
        std::ofstream(path()) << "#!/bin/bash\n"
                                 "echo '{\"ok\":true}' >&$4\n"
                                 "read -r word <&$4\n"
                                 "echo '{\"ok\":true,\"opens\":3}' >&$4\n"
                                 "exit "
                              << status << "\n";
        chmod(path().c_str(), 0700);
    }
    std::string path() const { return folder_.path() + "/daemon"; }

  private:
    const tests::TemporaryFolder folder_;
};

DaemonProcess start(const FakeDaemon& daemon) {
    DaemonProcess process({.command = "", .daemon = daemon.path(), .shim = ""},
                          {.directory = "/none"});
    process.wait_until_ready();
    return process;
}

TEST(DaemonProcess, gives_the_daemons_report) {
    const FakeDaemon daemon(0);
    EXPECT_EQ(start(daemon).finish().opens, 3u);
}

TEST(DaemonProcess, that_ends_badly_after_its_report_fails_the_run) {
    const FakeDaemon daemon(7);
    try {
        start(daemon).finish();
        FAIL() << "no failure";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.exit(), Exit::Plugboard);
        EXPECT_STREQ(failure.what(), "the daemon ended its board, but it ended with status 7");
    }
}

}  // namespace
}  // namespace plugboard::cli
