// The driver, and the story that the program tells.
#include <gtest/gtest.h>

#include "device/mock_device.h"
#include "examples/serial_line/cable.h"
#include "examples/serial_line/driver.h"
#include "examples/serial_line/story.h"
#include "examples/serial_line/waiting_read.h"

namespace plugboard::serial {
namespace {

constexpr const char* story =
    R"(A serial line on a pseudo-terminal; its driver uses plugboard-device alone.

1. The device is pulled while a client waits in a read.
   The far end sends a line; the client reads: hello
   The client reads again. Nothing comes; it sleeps.
   Now the device is deleted. Unbind undoes probe(), newest first:
   released: serial::Publication
   released: serial::Reader
   released: serial::Port
   The read ends with ENODEV.
   Another one: ENODEV. The line is not to be found any more: ENOENT.
   Left behind: nothing.

2. The cable is cut while a client waits in a read.
   The far end sends a line; the client reads: hello
   The client reads again. Nothing comes; it sleeps.
   Now the far end is gone. The driver's reader sees it, and has its device
   deleted by the model's worker, for it cannot wait for its own end:
   released: serial::Publication
   released: serial::Reader
   released: serial::Port
   The read ends with ENODEV.
   Another one: ENODEV. The line is not to be found any more: ENOENT.
   Left behind: nothing.
)";

class SerialLine : public ::testing::Test {
  protected:
    SerialLine() {
        auto made = Cable::create();
        if (made.ok()) cable = *std::move(made);
    }
    void SetUp() override {
        if (!cable) GTEST_SKIP() << "there is no devpts here";
    }
    device::MockOptions options() const {
        device::MockOptions options;
        options.info.name = "ttyP0";
        options.info.platform_data = cable->near_path();
        return options;
    }

    std::optional<Cable> cable;
    Driver driver;
};

TEST_F(SerialLine, tells_its_story) {
    const auto told = tell_serial_line();
    ASSERT_TRUE(told.ok());
    EXPECT_EQ(*told, story);
}

TEST_F(SerialLine, what_came_before_the_end_is_read_before_it) {
    device::MockDevice port(driver, options());
    const auto line = driver.open("ttyP0").value();
    line->receive("one\ntwo\nhalf");
    port.device().del();
    EXPECT_EQ(WaitingRead(line).result(), "one");
    EXPECT_EQ(WaitingRead(line).result(), "two");
    EXPECT_EQ(WaitingRead(line).result(), "ENODEV");
}

TEST_F(SerialLine, read_that_waits_ends_when_its_device_is_bound_again_at_once) {
    device::MockDevice port(driver, options());
    auto old_line = driver.open("ttyP0").value();
    WaitingRead read(old_line);
    ASSERT_TRUE(port.bus().unbind("ttyP0", "serial_line").ok());
    ASSERT_TRUE(port.bus().bind("ttyP0", "serial_line").ok());
    EXPECT_EQ(read.result(), "ENODEV");
    ASSERT_TRUE(cable->send("again\n").ok());
    EXPECT_EQ(WaitingRead(driver.open("ttyP0").value()).result(), "again");
}

TEST_F(SerialLine, pulled_while_text_comes_every_read_ends_and_nothing_is_left) {
    for (int round = 0; round < 50; round++) {
        device::MockDevice port(driver, options());
        std::string last;
        {
            const auto line = driver.open("ttyP0").value();
            auto sender = Thread::start([this] {
                for (int i = 0; i < 3; i++) EXPECT_TRUE(cable->send("x\n").ok());
            });
            auto client = Thread::start([&line, &last] {
                while (last != "ENODEV") last = WaitingRead(line).result();
            });
            ASSERT_TRUE(sender.ok() && client.ok());
            port.device().del();
            client->join();
            sender->join();
        }
        EXPECT_EQ(port.finish(), "");
    }
}

TEST_F(SerialLine, read_that_is_interrupted_loses_nothing) {
    device::MockDevice port(driver, options());
    const auto line = driver.open("ttyP0").value();
    WaitingRead read(line);
    read.interrupt();
    EXPECT_EQ(read.result(), "EINTR");
    ASSERT_TRUE(cable->send("later\n").ok());
    EXPECT_EQ(WaitingRead(line).result(), "later");
}

TEST_F(SerialLine, probe_that_fails_at_any_step_leaves_nothing) {
    device::MockDevice port(driver, options());
    constexpr unsigned steps = 4;  // three managed, one thread
    for (unsigned failing = 1; failing <= steps + 1; failing++) {
        ASSERT_TRUE(!port.device().is_bound() || port.bus().unbind("ttyP0", "serial_line").ok());
        port.model().fail_nth_step(failing);
        EXPECT_EQ(port.bus().bind("ttyP0", "serial_line").ok(), failing > steps) << failing;
    }
    port.model().fail_nth_step(0);
    EXPECT_EQ(port.finish(), "");
}

TEST_F(SerialLine, is_not_bound_without_a_path) {
    device::MockDevice port(driver);
    EXPECT_FALSE(port.device().is_bound());
}

}  // namespace
}  // namespace plugboard::serial
