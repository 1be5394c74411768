#include "daemon/configfs/configfs.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/garble.h"
#include "tests/support/reference_files.h"

namespace plugboard::daemon {
namespace {

using tests::Dice;

/// Remembers what it is told.
struct ToldCards final : ConfigfsCards {
    Result<void> create(const vkms::Config& config) override {
        if (refusal) return *refusal;
        if (!cards.emplace(config.name, config).second) return Errno::Exist;
        return {};
    }
    void destroy(const std::string& name) override { cards.erase(name); }
    void set_screen(const std::string& name, size_t port,
                    const vkms::ScreenConfig& screen) override {
        cards.at(name).screens.at(port) = screen;
    }

    std::map<std::string, vkms::Config> cards;
    std::optional<Errno> refusal;
};

std::string said(const Result<void>& done) {
    return done.ok() ? "ok" : errno_name(done.error());
}

/// The path below vkms that the trace names.
std::string below_vkms(const std::string& path) {
    return "vkms/" + path;
}

/// What os.walk() shows of a folder, in its order and as the trace prints it.
void list_like_trace(const Configfs& configfs, const std::string& folder,
                     std::vector<std::string>& lines) {
    std::map<std::string, Configfs::Entry> here;
    std::vector<std::string> folders;  // in the order of their making
    for (const Configfs::Entry& entry : configfs.list(folder)) {
        if (entry.path.size() > folder.size() &&
            entry.path.find('/', folder.size() + 1) == std::string::npos)
            here[entry.path] = entry;
        if (here.contains(entry.path) && entry.type == Configfs::Entry::Type::Folder)
            folders.push_back(entry.path);
    }
    for (const auto& [path, entry] : here) {
        const std::string shown = path.substr(std::string("vkms/").size());
        if (entry.type == Configfs::Entry::Type::Folder) {
            lines.push_back("    d 755 " + shown + " ");
        } else if (entry.type == Configfs::Entry::Type::Link) {
            lines.push_back("    l 777 " + shown + " ");
        } else {
            std::string text = entry.text;
            if (text.ends_with('\n')) text.replace(text.size() - 1, 1, "\\n");
            lines.push_back("    f 644 " + shown + " '" + text + "'");
        }
    }
    for (const std::string& path : folders) list_like_trace(configfs, path, lines);
}

/// Does what a line of the trace did; nothing: it is no such line.
std::optional<std::string> replay(Configfs& configfs, const std::string& line) {
    std::smatch found;
    const auto is = [&](const char* pattern) {
        return std::regex_match(line, found, std::regex(pattern));
    };
    if (is("mkdir (\\S+) -> .*")) return said(configfs.make_folder(below_vkms(found[1])));
    if (is("rmdir (\\S+) -> .*")) return said(configfs.remove_folder(below_vkms(found[1])));
    if (is("unlink (\\S+) -> .*")) return said(configfs.remove_link(below_vkms(found[1])));
    if (is("ln -s (\\S+) (\\S+) -> .*"))
        return said(configfs.make_link(below_vkms(found[2]), below_vkms(found[1])));
    if (is("write '(.*)' > (\\S+) -> .*")) {
        const std::string text = std::regex_replace(found[1].str(), std::regex("\\\\n"), "\n");
        return said(configfs.store(below_vkms(found[2]), text));
    }
    return std::nullopt;
}

TEST(Configfs, does_what_linux_did) {
    ToldCards cards;
    Configfs configfs(cards, true);
    const auto lines = tests::reference_lines("linux-7.2/configfs-trace.txt");
    ASSERT_GT(lines.size(), 100u);
    std::vector<std::string> listing;  // of the kernel
    std::string listed;                // the last folder that was listed, "d1" or all
    const auto compare = [&] {
        if (listing.empty()) return;
        // All of it, or what is below the first folder that it names.
        const bool is_whole = listing.front() == "    d 755 d1 ";
        std::vector<std::string> ours;
        list_like_trace(configfs, is_whole ? "vkms" : "vkms/d1", ours);
        EXPECT_EQ(ours, listing);
        listing.clear();
    };
    for (const std::string& line : lines) {
        if (std::regex_match(line, std::regex("    [dfl] \\d+ .*"))) {
            listing.push_back(line);
            continue;
        }
        compare();
        if (line.starts_with("    ['card0'")) {
            EXPECT_EQ(cards.cards.size(), 1u) << line;
            const bool has_writeback = line.find("card2-Writeback") != line.npos;
            EXPECT_EQ(cards.cards.begin()->second.layout->crtcs[0].writeback, has_writeback);
        }
        const auto answer = replay(configfs, line);
        if (!answer) continue;
        EXPECT_EQ(line.substr(0, line.rfind("-> ") + 3) + *answer, line);
    }
}

/// "d", which can be enabled.
void make_device(Configfs& configfs) {
    for (const char* folder : {"d", "d/planes/p", "d/crtcs/c", "d/encoders/e", "d/connectors/k"})
        EXPECT_TRUE(configfs.make_folder(below_vkms(folder)).ok()) << folder;
    EXPECT_TRUE(configfs.store("vkms/d/planes/p/type", "1").ok());
    const std::pair<const char*, const char*> links[] = {
        {"d/planes/p/possible_crtcs/c", "d/crtcs/c"},
        {"d/encoders/e/possible_crtcs/c", "d/crtcs/c"},
        {"d/connectors/k/possible_encoders/e", "d/encoders/e"}};
    for (const auto& [path, target] : links)
        EXPECT_TRUE(configfs.make_link(below_vkms(path), below_vkms(target)).ok()) << path;
}

class ConfigfsDevice : public testing::Test {
  protected:
    void SetUp() override { make_device(configfs_); }
    Result<void> enable() { return configfs_.store("vkms/d/enabled", "1\n"); }

    ToldCards cards_;
    Configfs configfs_{cards_, true};
};

TEST_F(ConfigfsDevice, becomes_a_card_of_the_newest_kernel) {
    ASSERT_TRUE(enable().ok());
    ASSERT_TRUE(cards_.cards.contains("d"));
    const vkms::Config& config = cards_.cards.at("d");
    EXPECT_EQ(config.profile, vkms::Profile::LinuxLatest);
    const vkms::Layout wanted{.planes = {{.type = drm::PlaneType::Primary, .possible_crtcs = 1}},
                              .crtcs = {{}},
                              .encoders = {{.possible_crtcs = 1}},
                              .possible_encoders = {1}};
    EXPECT_EQ(config.layout, wanted);
    EXPECT_EQ(config.screens, std::vector<vkms::ScreenConfig>{{}});
}

TEST_F(ConfigfsDevice, is_not_enabled_when_the_card_cannot_be_made) {
    cards_.refusal = Errno::NoDev;
    EXPECT_EQ(enable().error(), Errno::NoDev);
    EXPECT_EQ(*configfs_.show("vkms/d/enabled"), "0\n");
    cards_.refusal.reset();
    EXPECT_TRUE(enable().ok());
}

TEST_F(ConfigfsDevice, tells_the_card_of_a_screens_status) {
    ASSERT_TRUE(enable().ok());
    ASSERT_TRUE(configfs_.store("vkms/d/connectors/k/status", "2").ok());
    EXPECT_FALSE(cards_.cards.at("d").screens[0].connected);
    ASSERT_TRUE(configfs_.store("vkms/d/connectors/k/status", "3").ok());
    EXPECT_TRUE(cards_.cards.at("d").screens[0].is_unsure);
    ASSERT_TRUE(configfs_.store("vkms/d/connectors/k/status", "1").ok());
    EXPECT_EQ(cards_.cards.at("d").screens[0], vkms::ScreenConfig{});
}

TEST_F(ConfigfsDevice, that_is_enabled_goes_with_its_folder) {
    ASSERT_TRUE(enable().ok());
    for (const char* link : {"planes/p/possible_crtcs/c", "encoders/e/possible_crtcs/c",
                             "connectors/k/possible_encoders/e"})
        ASSERT_TRUE(configfs_.remove_link(below_vkms("d/") + link).ok());
    EXPECT_EQ(configfs_.remove_folder("vkms/d").error(), Errno::NotEmpty);
    for (const char* folder : {"planes/p", "crtcs/c", "encoders/e", "connectors/k"})
        ASSERT_TRUE(configfs_.remove_folder(below_vkms("d/") + folder).ok());
    EXPECT_EQ(cards_.cards.size(), 1u);
    ASSERT_TRUE(configfs_.remove_folder("vkms/d").ok());
    EXPECT_TRUE(cards_.cards.empty());
}

TEST_F(ConfigfsDevice, removes_no_folder_that_a_link_leads_to) {
    EXPECT_EQ(configfs_.remove_folder("vkms/d/crtcs/c").error(), Errno::Busy);
}

TEST_F(ConfigfsDevice, takes_a_switch_as_the_kernel_does) {
    for (const char* on : {"1", "y", "Yes", "on", "ON\n", "t"}) {
        EXPECT_TRUE(configfs_.store("vkms/d/crtcs/c/writeback", on).ok()) << on;
        EXPECT_EQ(*configfs_.show("vkms/d/crtcs/c/writeback"), "1\n") << on;
        EXPECT_TRUE(configfs_.store("vkms/d/crtcs/c/writeback", "off").ok());
        EXPECT_EQ(*configfs_.show("vkms/d/crtcs/c/writeback"), "0\n") << on;
    }
    for (const char* neither : {"", "o", "2", " 1", "\n"})
        EXPECT_EQ(configfs_.store("vkms/d/crtcs/c/writeback", neither).error(), Errno::Inval);
}

TEST_F(ConfigfsDevice, has_links_that_lead_where_they_should) {
    for (const Configfs::Entry& entry : configfs_.list("vkms/d/planes")) {
        if (entry.type != Configfs::Entry::Type::Link) continue;
        EXPECT_EQ(entry.path, "vkms/d/planes/p/possible_crtcs/c");
        EXPECT_EQ(entry.text, "../../../../../vkms/d/crtcs/c");
    }
}

TEST(ConfigfsNames, of_devices_are_printable) {
    ToldCards cards;
    Configfs configfs(cards, true);
    for (const char* name : {"vkms", "a b", "a\nb", "\xff"})
        EXPECT_EQ(configfs.make_folder(below_vkms(name)).error(), Errno::Inval) << name;
    EXPECT_EQ(configfs.make_folder(below_vkms(std::string(256, 'x'))).error(), Errno::NameTooLong);
    EXPECT_TRUE(configfs.make_folder(below_vkms(std::string(255, 'x'))).ok());
}

TEST(ConfigfsNames, that_the_folder_is_not_for_are_refused) {
    ToldCards cards;
    Configfs configfs(cards, true);
    EXPECT_EQ(configfs.make_folder("").error(), Errno::Exist);
    EXPECT_EQ(configfs.make_folder("other").error(), Errno::Perm);
    EXPECT_EQ(configfs.make_folder("vkms").error(), Errno::Exist);
    EXPECT_EQ(configfs.make_folder("vkms/d/planes").error(), Errno::NoEnt);
    EXPECT_EQ(configfs.remove_folder("vkms").error(), Errno::Perm);
    EXPECT_EQ(configfs.remove_folder("").error(), Errno::Busy);
    ASSERT_TRUE(configfs.make_folder("vkms/d").ok());
    EXPECT_EQ(configfs.make_folder("vkms/d").error(), Errno::Exist);
    EXPECT_EQ(configfs.make_folder("vkms/d/enabled").error(), Errno::Exist);
    EXPECT_EQ(configfs.make_folder("vkms/d/enabled/x").error(), Errno::NotDir);
    EXPECT_EQ(configfs.remove_folder("vkms/d/enabled").error(), Errno::NotDir);
    EXPECT_EQ(configfs.remove_link("vkms/d/enabled").error(), Errno::Perm);
    EXPECT_EQ(configfs.remove_link("vkms/d/planes").error(), Errno::IsDir);
    EXPECT_EQ(configfs.store("vkms/d/planes", "1").error(), Errno::IsDir);
    EXPECT_EQ(configfs.store("vkms/d/other", "1").error(), Errno::NoEnt);
    EXPECT_EQ(configfs.make_link("vkms/d/planes/x", std::string("vkms/d")).error(), Errno::Perm);
}

TEST(ConfigfsNames, there_are_none_without_vkms) {
    ToldCards cards;
    Configfs configfs(cards, false);
    EXPECT_EQ(configfs.list("").size(), 1u);
    EXPECT_EQ(configfs.make_folder("vkms").error(), Errno::Perm);
    EXPECT_EQ(configfs.make_folder("vkms/d").error(), Errno::NoEnt);
}

TEST(ConfigfsNames, are_not_without_end) {
    ToldCards cards;
    Configfs configfs(cards, true);
    Result<void> made;
    for (int i = 0; made.ok() && i < 10000; ++i)
        made = configfs.make_folder(below_vkms("d" + std::to_string(i)));
    EXPECT_EQ(made.error(), Errno::NoMem);
    ASSERT_TRUE(configfs.remove_folder("vkms/d0").ok());
    EXPECT_TRUE(configfs.make_folder("vkms/again").ok());
}

const std::vector<std::string> path_words = {"vkms",
                                             "/",
                                             "d",
                                             "e",
                                             "planes",
                                             "crtcs",
                                             "encoders",
                                             "connectors",
                                             "p",
                                             "c",
                                             "possible_crtcs",
                                             "possible_encoders",
                                             "enabled",
                                             "type",
                                             "status",
                                             "..",
                                             "writeback",
                                             "//",
                                             "",
                                             ".",
                                             "0",
                                             std::string(1, '\0'),
                                             std::string(300, 'x'),
                                             std::string(3000, '/')};
const std::vector<std::string> good_paths = {"vkms/d",
                                             "vkms/d/planes/p",
                                             "vkms/d/crtcs/c",
                                             "vkms/d/encoders/e",
                                             "vkms/d/connectors/k",
                                             "vkms/d/planes/p/possible_crtcs/c",
                                             "vkms/d/encoders/e/possible_crtcs/c",
                                             "vkms/d/connectors/k/possible_encoders/e",
                                             "vkms/d/enabled",
                                             "vkms/d/planes/p/type",
                                             "vkms/d/crtcs/c/writeback",
                                             "vkms/d/connectors/k/status"};

std::string any_path(Dice& dice) {
    const std::string& good = dice.one_of(good_paths);
    return dice.below(4) ? good : tests::garble(dice, good, path_words, 3);
}

/// One step, of any kind; its error is the model's business.
Result<void> any_step(Configfs& configfs, Dice& dice) {
    const std::string path = any_path(dice);
    switch (dice.below(6)) {
        case 0:
        case 1: return configfs.make_folder(path);
        case 2: return configfs.remove_folder(path);
        case 3: return configfs.make_link(path, any_path(dice));
        case 4: return configfs.remove_link(path);
        default: break;
    }
    static const std::vector<std::string> values = {"0", "1", "2", "3", "", "x", "99999999999"};
    return configfs.store(path, dice.one_of(values));
}

TEST(Configfs, has_at_most_4096_links) {
    ToldCards cards;
    Configfs configfs(cards, true);
    ASSERT_TRUE(configfs.make_folder("vkms/d").ok());
    for (int i = 0; i < 65; ++i) {
        ASSERT_TRUE(configfs.make_folder("vkms/d/crtcs/" + std::to_string(i)).ok());
        ASSERT_TRUE(configfs.make_folder("vkms/d/planes/" + std::to_string(i)).ok());
    }
    const auto link = [&](int plane, int crtc) {
        const std::string name = std::to_string(crtc);
        return configfs.make_link(
            "vkms/d/planes/" + std::to_string(plane) + "/possible_crtcs/" + name,
            "vkms/d/crtcs/" + name);
    };
    for (int i = 0; i < 4096; ++i) ASSERT_TRUE(link(i / 64, i % 64).ok()) << i;
    EXPECT_EQ(link(64, 0).error(), Errno::NoMem);
    ASSERT_TRUE(configfs.remove_link("vkms/d/planes/0/possible_crtcs/0").ok());
    EXPECT_TRUE(link(64, 0).ok());
}

RC_GTEST_PROP(ConfigfsSteps, leave_cards_of_enabled_devices_alone, ()) {
    const auto numbers = *tests::any_numbers(300);
    Dice dice(numbers);
    ToldCards cards;
    Configfs configfs(cards, true);
    if (dice.below(4) != 0) make_device(configfs);
    for (int i = 0; i < 60; ++i) {
        const auto done = any_step(configfs, dice);
        if (!done.ok()) RC_ASSERT(std::string(errno_name(done.error())) != "E?");
        size_t enabled = 0;
        for (const Configfs::Entry& entry : configfs.list("")) {
            if (entry.path.ends_with("/enabled") && entry.text == "1\n") ++enabled;
            if (entry.type == Configfs::Entry::Type::File)
                RC_ASSERT(*configfs.show(entry.path) == entry.text);
        }
        RC_ASSERT(enabled == cards.cards.size());
        for (const auto& [name, config] : cards.cards) RC_ASSERT(vkms::validate(config).empty());
    }
}

}  // namespace
}  // namespace plugboard::daemon
