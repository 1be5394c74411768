// plugboard doctor: what it says of a machine that works, of broken ones, and of programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/system/own_boards.h"

namespace plugboard::tests {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class DoctorTest : public OwnBoards {
  protected:
    std::string make_script(const std::string& interpreter) const {
        std::string file = folder_.path() + "/script";
        std::ofstream(file) << "#!" << interpreter << "\n";
        chmod(file.c_str(), 0755);
        return file;
    }
    static json check_of(const json& answer, const std::string& name) {
        for (const json& check : answer.at("checks")) {
            if (check.at("name") == name) return check;
        }
        ADD_FAILURE() << name << " is not in " << answer.dump(2);
        return json::object();
    }
};

TEST_F(DoctorTest, finds_nothing_wrong_where_all_works) {
    const auto result = plugboard({"doctor"});
    EXPECT_EQ(result.status, 0) << result.out;
    EXPECT_THAT(result.out, Not(HasSubstr("failure")));
    EXPECT_THAT(result.out, HasSubstr("/dev/dri/card0 opens through the shim"));
    EXPECT_THAT(result.out, HasSubstr("nothing is left behind"));
    EXPECT_EQ(boards().size(), 0u);
    EXPECT_EQ(plugboard({"run", "--", plugboard_command(), "doctor"}).status, 0)
        << "also on a board";
}

TEST_F(DoctorTest, says_it_in_json_too) {
    const auto result = plugboard({"doctor", "--json"});
    const json answer = json::parse(result.out);
    EXPECT_EQ(answer.at("ok"), true) << result.out;
    EXPECT_EQ(check_of(answer, "program").at("verdict"), "ok");
    EXPECT_THAT(check_of(answer, "boards").at("finding").get<std::string>(),
                HasSubstr(folder_.path() + "/plugboard"));
}

TEST_F(DoctorTest, names_what_is_missing_of_the_installation) {
    const std::string prefix = folder_.path() + "/prefix";
    std::filesystem::create_directories(prefix + "/bin");
    std::filesystem::copy_file(plugboard_command(), prefix + "/bin/plugboard");
    for (const std::string words : {" doctor", " doctor -- true"}) {
        const auto result = shell(prefix + "/bin/plugboard" + words);
        EXPECT_EQ(result.status, 1) << result.err;
        EXPECT_THAT(result.out, HasSubstr("failure  installation"));
        EXPECT_THAT(result.out, HasSubstr("plugboard-daemon is missing"));
        EXPECT_THAT(result.out, HasSubstr("remedy: "));
    }
}

TEST_F(DoctorTest, names_a_folder_that_is_too_deep_for_sockets) {
    const std::string deep = folder_.path() + "/" + std::string(90, 'd');
    std::filesystem::create_directory(deep);
    const auto result = shell("XDG_RUNTIME_DIR=" + deep + " plugboard doctor");
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.out, HasSubstr("too long a path for sockets"));
}

TEST_F(DoctorTest, names_a_folder_that_is_open_to_others) {
    std::filesystem::create_directory(folder_.path() + "/plugboard");
    chmod((folder_.path() + "/plugboard").c_str(), 0755);
    const auto result = plugboard({"doctor"});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.out, HasSubstr("failure  boards"));
    EXPECT_THAT(result.out, HasSubstr("belongs to, or is open to, others"));
    chmod((folder_.path() + "/plugboard").c_str(), 0700);
}

TEST_F(DoctorTest, warns_of_other_preloads_and_few_descriptors) {
    const auto result = shell("ulimit -n 200; LD_PRELOAD=libm.so.6 plugboard doctor");
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    EXPECT_THAT(result.out, HasSubstr("LD_PRELOAD has libm.so.6"));
    EXPECT_THAT(result.out, HasSubstr("200 for a program, 200 for the daemon: few"));
}

TEST_F(DoctorTest, follows_a_command_to_the_program_that_is_reached) {
    const std::string script = make_script("/usr/bin/env -S A=b " + client_program("opener_plain"));
    const auto result = plugboard({"doctor", "--", script, "word"});
    EXPECT_EQ(result.status, 0) << result.out;
    EXPECT_THAT(result.out,
                HasSubstr(script + " -> /usr/bin/env -> " + client_program("opener_plain") + "\n"));
    EXPECT_THAT(result.out, HasSubstr("by LD_PRELOAD"));
    EXPECT_EQ(result.err, "");
    EXPECT_THAT(plugboard({"doctor", client_program("opener_asan")}).out,
                HasSubstr("before the shim"));
}

TEST_F(DoctorTest, names_what_stands_in_the_way_of_a_command) {
    for (const std::string& program :
         {client_program("opener_static"), make_script(client_program("opener_static"))}) {
        const auto result = plugboard({"doctor", "--json", "--", program});
        EXPECT_EQ(result.status, 1) << result.out;
        const json answer = json::parse(result.out);
        EXPECT_EQ(answer.at("way"), "not at all");
        EXPECT_THAT(check_of(answer, "reach").at("finding").get<std::string>(),
                    HasSubstr("opener_static is statically linked"));
        EXPECT_NE(check_of(answer, "reach").at("remedy"), "");
    }
    EXPECT_EQ(plugboard({"doctor", "--", "/nonexistent"}).status, 1);
}

TEST_F(DoctorTest, does_not_start_the_command) {
    const std::string file = folder_.path() + "/started";
    EXPECT_EQ(plugboard({"doctor", "--", "touch", file}).status, 0);
    EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace plugboard::tests
