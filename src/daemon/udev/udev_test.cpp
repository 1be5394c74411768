#include "daemon/udev/udev.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "device/bus.h"
#include "device/driver.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::daemon {
namespace {

/// A listener as a client has it.
class UeventListener {
  public:
    UeventListener(UeventSockets& sockets, device::Model& model, UeventGroup group)
        : theirs_(sockets.open(SOCK_RAW, O_NONBLOCK).value()) {
        const auto file = *model.service<drm::SpecialFiles>().find(theirs_);
        EXPECT_TRUE(static_cast<UeventSocket&>(*file)
                        .change(transport::UeventsChange::Bind, 0, static_cast<uint32_t>(group),
                                {.pid = 100, .uid = 0, .gid = 0})
                        .ok());
    }
    /// The next message; empty: there is none.
    std::string next() const {
        std::array<char, 4096> bytes;
        const ssize_t size = recv(theirs_.borrow(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        return size > 0 ? std::string(bytes.data(), static_cast<size_t>(size)) : "";
    }
    /// "add /devices/platform/one", of it.
    std::string next_event() const {
        const std::string text = next();
        return value(text, "ACTION") + " " + value(text, "DEVPATH");
    }
    static std::string value(const std::string& message, const std::string& key) {
        using namespace std::string_literals;
        const std::string wanted = "\0"s + key + "=";
        std::string text = message.starts_with("libudev") ? "\0"s + message.substr(40) : message;
        const auto at = text.find(wanted);
        return at == std::string::npos ? "" : text.c_str() + at + wanted.size();
    }

  private:
    UniqueFd theirs_;
};

class Probing final : public device::Driver {
  public:
    explicit Probing(std::function<Result<void>(device::Bound&)> probe)
        : Driver({.name = "probing", .matches = {"test,one"}}), probe_(std::move(probe)) {}
    Result<void> probe(device::Bound& bound) override { return probe_(bound); }

  private:
    std::function<Result<void>(device::Bound&)> probe_;
};

class UdevTest : public testing::Test {
  protected:
    std::string content(const std::string& path) const {
        std::ifstream file(tree_->root() + path);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }
    bool exists(const std::string& path) const {
        return std::filesystem::exists(tree_->root() + path);
    }
    Ref<device::Device> add_one() {
        device::DeviceInfo info;
        info.name = "one";
        info.compatible = {"test,one"};
        return model_.add_platform_device(std::move(info)).value();
    }
    Ref<device::Device> add_drm(device::Device& parent, const std::string& name, uint32_t minor) {
        device::DeviceInfo info;
        info.name = name;
        info.parent = &parent;
        info.device_class = class_;
        info.devtype = "drm_minor";
        info.node = device::DeviceNode{226, minor, "dri/" + name};
        auto made = device::Device::create(model_, std::move(info)).value();
        EXPECT_TRUE(made->add().ok());
        return made;
    }

    const tests::TemporaryFolder board_;
    FakeClock clock_;
    device::Model model_{clock_};
    device::Class* const class_ = &model_.add_class("drm");
    std::unique_ptr<Tree> tree_ = Tree::create(board_.path()).value();
    UeventSockets sockets_{model_};
    Udev udev_{model_, *tree_, sockets_};
    UeventListener kernel_{sockets_, model_, UeventGroup::Kernel};
    UeventListener listener_{sockets_, model_, UeventGroup::Udev};
};

TEST_F(UdevTest, the_database_has_what_the_rules_give_a_card) {
    const auto parent = add_one();
    const auto card = add_drm(*parent, "card0", 0);
    EXPECT_EQ(content("/run/udev/data/c226:0"),
              "S:dri/by-path/platform-one-card\nI:1000000\nE:ID_PATH=platform-one\n"
              "E:ID_PATH_TAG=platform-one\nE:ID_FOR_SEAT=drm-platform-one\nG:uaccess\nG:seat\n"
              "G:master-of-seat\nQ:uaccess\nQ:seat\nQ:master-of-seat\nV:1\n");
    EXPECT_EQ(content("/run/udev/data/+platform:one"),
              "I:1000000\nE:ID_PATH=platform-one\nE:ID_PATH_TAG=platform-one\nV:1\n");
    for (const char* tag : {"seat", "uaccess", "master-of-seat"})
        EXPECT_TRUE(exists(std::string("/run/udev/tags/") + tag + "/c226:0")) << tag;
    EXPECT_TRUE(exists("/run/udev/control"));
    card->del();
    parent->del();
}

TEST_F(UdevTest, a_render_node_is_of_no_seat) {
    const auto parent = add_one();
    const auto render = add_drm(*parent, "renderD128", 128);
    EXPECT_EQ(content("/run/udev/data/c226:128"),
              "S:dri/by-path/platform-one-render\nI:1000000\nE:ID_PATH=platform-one\n"
              "E:ID_PATH_TAG=platform-one\nG:uaccess\nQ:uaccess\nV:1\n");
    EXPECT_FALSE(exists("/run/udev/tags/seat"));
    render->del();
    parent->del();
}

TEST_F(UdevTest, a_device_keeps_its_time_until_it_goes) {
    const auto parent = add_one();
    clock_.advance(std::chrono::seconds(5));
    parent->send_uevent("change", {});
    EXPECT_EQ(UeventListener::value(listener_.next(), "USEC_INITIALIZED"), "1000000");
    EXPECT_EQ(UeventListener::value(listener_.next(), "USEC_INITIALIZED"), "1000000");
    parent->del();
    EXPECT_EQ(UeventListener::value(listener_.next(), "USEC_INITIALIZED"), "1000000");
    add_one()->del();
    EXPECT_EQ(UeventListener::value(listener_.next(), "USEC_INITIALIZED"), "6000000");
}

TEST_F(UdevTest, of_a_device_that_has_gone_nothing_is_left_but_its_last_event) {
    const auto parent = add_one();
    add_drm(*parent, "card0", 0)->del();
    parent->del();
    EXPECT_TRUE(std::filesystem::is_empty(tree_->root() + "/run/udev/data"));
    EXPECT_TRUE(std::filesystem::is_empty(tree_->root() + "/run/udev/tags"));
    EXPECT_EQ(listener_.next_event(), "add /devices/platform/one");
    EXPECT_EQ(listener_.next_event(), "add /devices/platform/one/drm/card0");
    const std::string removed = listener_.next();
    EXPECT_EQ(UeventListener::value(removed, "ACTION"), "remove");
    EXPECT_EQ(UeventListener::value(removed, "TAGS"), ":uaccess:seat:master-of-seat:");
    EXPECT_EQ(UeventListener::value(removed, "DEVLINKS"), "/dev/dri/by-path/platform-one-card");
}

TEST_F(UdevTest, what_comes_during_a_probe_is_told_after_it) {
    std::string told, database = "none";
    MaybeRef<device::Device> card;
    Probing driver([&](device::Bound& bound) -> Result<void> {
        card = add_drm(bound.device(), "card0", 0);
        told = listener_.next();
        database = content("/run/udev/data/c226:0");
        EXPECT_EQ(kernel_.next_event(), "add /devices/platform/one");
        EXPECT_EQ(kernel_.next_event(), "add /devices/platform/one/drm/card0");
        return {};
    });
    ASSERT_TRUE(model_.platform_bus().add_driver(driver).ok());
    const auto parent = add_one();
    EXPECT_EQ(UeventListener::value(told, "ACTION"), "add") << "of the platform device";
    EXPECT_EQ(database, "");
    EXPECT_EQ(listener_.next_event(), "add /devices/platform/one/drm/card0");
    EXPECT_EQ(listener_.next_event(), "bind /devices/platform/one");
    EXPECT_NE(content("/run/udev/data/c226:0"), "");
    (*card)->del();
    card.reset();
    parent->del();
    EXPECT_TRUE(model_.platform_bus().remove_driver(driver).ok());
}

TEST_F(UdevTest, a_probe_that_fails_holds_nothing_up) {
    Probing driver([](device::Bound&) -> Result<void> { return Errno::NoMem; });
    ASSERT_TRUE(model_.platform_bus().add_driver(driver).ok());
    const auto parent = add_one();
    EXPECT_EQ(listener_.next_event(), "add /devices/platform/one");
    parent->send_uevent("change", {});
    EXPECT_EQ(listener_.next_event(), "change /devices/platform/one");
    parent->del();
    EXPECT_TRUE(model_.platform_bus().remove_driver(driver).ok());
}

TEST_F(UdevTest, a_closed_listener_is_noticed_by_the_next_event) {
    auto& files = model_.service<drm::SpecialFiles>();
    { const UeventListener short_lived(sockets_, model_, UeventGroup::Kernel); }
    EXPECT_EQ(files.size(), 3u);
    const auto parent = add_one();
    model_.flush();
    EXPECT_EQ(files.size(), 2u);
    parent->del();
}

TEST_F(UdevTest, a_slow_reader_never_holds_up_others) {
    const auto parent = add_one();
    for (int i = 0; i < 5000; ++i) {
        parent->send_uevent("change", {});
        ASSERT_NE(kernel_.next(), "");
    }
    size_t heard = 0;
    std::string last;
    for (std::string text = listener_.next(); !text.empty(); text = listener_.next()) {
        ++heard;
        last = text;
    }
    EXPECT_LT(heard, 5000u);
    EXPECT_EQ(last.size(), transport::uevents_lost_size);
    parent->send_uevent("change", {});
    EXPECT_EQ(listener_.next_event(), "change /devices/platform/one");
    parent->del();
}

TEST_F(UdevTest, a_listeners_address_is_its_own) {
    EXPECT_EQ(sockets_.open(SOCK_STREAM, 0).error(), Errno::Inval);
    const auto file = [&] {
        UniqueFd theirs = sockets_.open(SOCK_RAW, 0).value();
        return *model_.service<drm::SpecialFiles>().find(theirs);
    }();
    auto& socket = static_cast<UeventSocket&>(*file);
    const uapi::Credentials caller{.pid = 100, .uid = 0, .gid = 0};
    const auto bind = [&](uint32_t port) {
        return socket.change(transport::UeventsChange::Bind, port, 1, caller);
    };
    EXPECT_EQ(bind(100).error(), Errno{EADDRINUSE});
    EXPECT_TRUE(bind(0).ok());
    EXPECT_NE(socket.address().port, 100u);
    EXPECT_EQ(bind(7).error(), Errno::Inval);
    EXPECT_EQ(socket.change(transport::UeventsChange{9}, 0, 1, caller).error(), Errno::Inval);
}

}  // namespace
}  // namespace plugboard::daemon
