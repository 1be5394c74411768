#include "cli/host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plugboard::cli {
namespace {

using testing::HasSubstr;
using Verdict = Check::Verdict;

Host good_host() {
    Host host;
    host.kernel = "6.1";
    host.libc = "2.36";
    host.boards_root = "/run/user/1000/plugboard";
    host.has_runtime_dir = true;
    host.longest_name = 70;
    host.shm_free = uint64_t{64} << 20;
    host.processors = 2;
    host.descriptors = 1024;
    host.most_descriptors = 4096;
    return host;
}

Check check_of(const Host& host, const std::string& name) {
    for (Check& check : judge(host)) {
        if (check.name == name) return std::move(check);
    }
    ADD_FAILURE() << "no check " << name;
    return {};
}

TEST(Host, that_is_good_has_no_remedy) {
    for (const Check& check : judge(good_host())) {
        EXPECT_EQ(check.verdict, Verdict::Ok) << check.name;
        EXPECT_EQ(check.remedy, "") << check.name;
        EXPECT_NE(check.finding, "") << check.name;
    }
}

TEST(Host, without_a_system_call_fails_and_names_it_and_the_filter) {
    Host host = good_host();
    host.refused_calls = {"memfd_create: Operation not permitted"};
    host.seccomp = 2;
    const Check check = check_of(host, "system calls");
    EXPECT_EQ(check.verdict, Verdict::Failure);
    EXPECT_THAT(check.finding, HasSubstr("memfd_create: Operation not permitted"));
    EXPECT_THAT(check.finding, HasSubstr("seccomp filter is on"));
    EXPECT_THAT(check.remedy, HasSubstr("seccomp"));
}

TEST(Host, without_a_place_for_boards_fails) {
    Host host = good_host();
    host.root_problem = "/tmp/plugboard-0 belongs to, or is open to, others";
    EXPECT_EQ(check_of(host, "boards").verdict, Verdict::Failure);
    host = good_host();
    host.longest_name = 5;
    EXPECT_EQ(check_of(host, "boards").verdict, Verdict::Failure);
    EXPECT_THAT(check_of(host, "boards").remedy, HasSubstr("shorter"));
}

TEST(Host, says_why_boards_are_in_no_runtime_directory) {
    Host host = good_host();
    host.boards_root = "/dev/shm/plugboard-1000";
    EXPECT_THAT(check_of(host, "boards").finding, HasSubstr("is no folder of yours"));
    host.has_runtime_dir = false;
    EXPECT_THAT(check_of(host, "boards").finding, HasSubstr("is not set"));
}

TEST(Host, that_has_little_is_warned_of) {
    const struct {
        const char* check;
        void (*change)(Host&);
    } rows[] = {
        {"/dev/shm", [](Host& host) { host.shm_free = 0; }},
        {"/dev/shm", [](Host& host) { host.shm_free.reset(); }},
        {"processors", [](Host& host) { host.processors = 1; }},
        {"descriptors", [](Host& host) { host.descriptors = 64; }},
        {"descriptors", [](Host& host) { host.most_descriptors = 512; }},
        {"preloads", [](Host& host) { host.preload = "libother.so"; }},
        {"preloads", [](Host& host) { host.system_preload = "libother.so"; }},
        {"preloads", [](Host& host) { host.audit = "libother.so"; }},
    };
    for (const auto& row : rows) {
        Host host = good_host();
        row.change(host);
        const Check check = check_of(host, row.check);
        EXPECT_EQ(check.verdict, Verdict::Warning) << row.check;
        EXPECT_NE(check.remedy, "") << row.check;
        EXPECT_TRUE(all_works(judge(host))) << row.check;
    }
}

TEST(Host, whose_setuid_programs_get_no_rights_says_so) {
    Host host = good_host();
    EXPECT_THAT(check_of(host, "privileges").finding, HasSubstr("are not reached"));
    host.no_new_privileges = host.nosuid = true;
    EXPECT_THAT(check_of(host, "privileges").finding, HasSubstr("no_new_privs is set, the file"));
    EXPECT_THAT(check_of(host, "privileges").finding, HasSubstr("and are reached"));
}

TEST(Host, of_this_test_has_what_tests_need) {
    const Host host = look_at_host();
    EXPECT_TRUE(host.refused_calls.empty());
    EXPECT_EQ(host.root_problem, "");
    EXPECT_GT(host.longest_name, 0u);
    EXPECT_GE(host.processors, 1u);
    EXPECT_GT(host.descriptors, 0u);
}

TEST(Checks, are_lines_for_people_and_objects_for_programs) {
    const std::vector<Check> checks = {{"a", Verdict::Ok, "works"},
                                       {"bcd", Verdict::Warning, "is slow", "buy another"},
                                       {"e", Verdict::Failure, "is broken", "mend it"}};
    EXPECT_FALSE(all_works(checks));
    EXPECT_EQ(checks_text(checks, -1),
              "ok       a    works\n"
              "warning  bcd  is slow\n"
              "              remedy: buy another\n"
              "failure  e    is broken\n"
              "              remedy: mend it\n");
    const auto rows = checks_json(checks);
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[1], nlohmann::json({{"name", "bcd"},
                                       {"verdict", "warning"},
                                       {"finding", "is slow"},
                                       {"remedy", "buy another"}}));
}

}  // namespace
}  // namespace plugboard::cli
