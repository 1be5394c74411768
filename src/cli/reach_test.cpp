#include "cli/reach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/failure.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Way = Reach::Way;

class ReachTest : public testing::Test {
  protected:
    std::string file(const std::string& name) const { return folder_.path() + "/" + name; }
    std::string make_script(const std::string& name, const std::string& line) const {
        std::ofstream(file(name)) << "#!" << line << "\nexit\n";
        chmod(file(name).c_str(), 0755);
        return file(name);
    }
    /// A copy of a program that ends at once.
    std::string copy_program(const std::string& name) const {
        std::filesystem::copy_file("/bin/true", file(name));
        return file(name);
    }
    static Reach reach_of(const std::vector<std::string>& command) {
        return find_reach(command, "/opt/shim.so");
    }

    const tests::TemporaryFolder folder_;
};

TEST_F(ReachTest, of_a_dynamic_program_is_by_preload) {
    const auto reach = reach_of({"true", "word"});
    EXPECT_EQ(reach.way, Way::Preload);
    EXPECT_THAT(reach.command, ElementsAre("true", "word"));
    ASSERT_EQ(reach.files.size(), 1u);
    EXPECT_THAT(reach.files[0], HasSubstr("/true"));
    EXPECT_EQ(preload_words(reach, "/opt/shim.so", ""), "/opt/shim.so");
    EXPECT_EQ(preload_words(reach, "/opt/shim.so", "a.so"), "/opt/shim.so:a.so");
    EXPECT_NO_THROW(announce(reach));
}

TEST_F(ReachTest, of_a_script_is_that_of_its_interpreter) {
    const auto program = copy_program("interpreter");
    const auto inner = make_script("inner", program + " -x");
    const auto outer = make_script("outer", inner);
    EXPECT_THAT(reach_of({outer}).files, ElementsAre(outer, inner, program));
    EXPECT_EQ(reach_of({outer}).way, Way::Preload);
}

TEST_F(ReachTest, goes_through_env) {
    const auto program = copy_program("program");
    for (const std::string words :
         {"", "-i ", "-u HOME A=b ", "-S A=b ", "--chdir / ", "-SA=b -i ", "-- "}) {
        const auto script = make_script("script", "/usr/bin/env -S " + words + program + " -u");
        EXPECT_THAT(reach_of({script}).files, ElementsAre(script, "/usr/bin/env", program))
            << words;
    }
    EXPECT_THAT(reach_of({"env", "-i", program}).files, ElementsAre(HasSubstr("/env"), program));
    EXPECT_THAT(reach_of({"env"}).files, ElementsAre(HasSubstr("/env")));
}

TEST_F(ReachTest, of_what_is_not_there_is_none) {
    EXPECT_EQ(reach_of({"/nonexistent"}).way, Way::NotFound);
    EXPECT_EQ(reach_of({"/etc/passwd"}).way, Way::NotFound);
    EXPECT_EQ(reach_of({make_script("script", "/nonexistent")}).way, Way::NotFound);
    EXPECT_EQ(reach_of({make_script("other", "/usr/bin/env nonexistent-program")}).way,
              Way::NotFound);
}

TEST_F(ReachTest, of_a_script_that_runs_itself_ends) {
    const auto reach = reach_of({make_script("loop", file("loop"))});
    EXPECT_LE(reach.files.size(), 8u);
}

TEST_F(ReachTest, of_a_program_without_a_loader_is_none) {
    // A header without segments: what a static program looks like to who looks for a loader.
    std::ifstream from("/bin/true", std::ios::binary);
    std::string header(64, '\0');
    from.read(header.data(), 64);
    header[56] = header[57] = 0;
    std::ofstream(file("static"), std::ios::binary) << header;
    chmod(file("static").c_str(), 0755);
    for (const auto& command : {file("static"), make_script("script", file("static"))}) {
        const auto reach = reach_of({command});
        EXPECT_EQ(reach.way, Way::NotAtAll) << command;
        EXPECT_THAT(reach.obstacle, HasSubstr(file("static") + " is statically linked"));
        EXPECT_THAT(reach.remedy, HasSubstr("link it dynamically"));
    }
}

TEST_F(ReachTest, of_a_setuid_program_is_refused_unless_it_changes_nothing) {
    auto program = copy_program("setuid");
    chmod(program.c_str(), 04755);
    EXPECT_EQ(reach_of({program}).way, Way::Preload) << "its owner is us";
    if (chown(program.c_str(), 12345, getegid()) == 0) {
        chmod(program.c_str(), 04755);
    } else {
        program = "/bin/su";  // only root can make one; this one is root's
    }
    const auto reach = reach_of({program});
    EXPECT_EQ(reach.way, Way::Refused);
    EXPECT_THAT(reach.obstacle, HasSubstr(program + " is setuid or setgid"));
    EXPECT_THROW(announce(reach), Failure);
}

TEST_F(ReachTest, is_told_in_a_sentence_and_a_remedy_for_each_obstacle) {
    for (const Obstacle obstacle :
         {Obstacle::Static, Obstacle::Go, Obstacle::Musl, Obstacle::OtherLibc, Obstacle::Foreign,
          Obstacle::Setuid, Obstacle::Capabilities}) {
        EXPECT_THAT(describe(obstacle, "/bin/x"), testing::StartsWith("/bin/x "));
        EXPECT_FALSE(remedy_of(obstacle).empty());
    }
}

}  // namespace
}  // namespace plugboard::cli
