#include "device/explainer/loop_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/log.h"
#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::named;
using testing::Thing;

/// What is logged as an error meanwhile.
class Errors {
  public:
    Errors()
        : before_(log::set_sink([this](log::Category category, std::string_view line) {
              if (category == log::Category::Error) trace_.add(std::string(line));
          })) {}
    ~Errors() { log::set_sink(std::move(before_)); }
    Lines take() { return trace_.take(); }

  private:
    testing::Trace trace_;
    log::Sink before_;
};

constexpr Settings checked{.check_loops_at_del = true};
constexpr Settings checked_as_before_66{.release_only_at_last_put = true,
                                        .check_loops_at_del = true};

/// mock0 and a card on it, as a DRM device on a device without a driver.
struct Mock {
    explicit Mock(Model& model) : device(model.add_root_device("mock0").value()) {
        auto card = make_ref<Thing>("card1");
        card->hold(device, "drm_device.dev");
        entry = device->devres().add_put("drm_dev_put", card).value();
    }
    Ref<Device> device;
    DevresHandle entry = nullptr;
};

TEST(LoopCheckAtDel, names_the_loop_that_keeps_the_device_though_somebody_still_holds_it) {
    Errors errors;
    Model model(Clock::real(), checked_as_before_66);
    Mock mock(model);
    mock.device->del();
    EXPECT_EQ(errors.take(),
              Lines{"mock0: deleted, but a loop of references keeps it: card1 -> device mock0 "
                    "[drm_device.dev] -> devm action \"drm_dev_put\" -> card1: nothing will break "
                    "this loop\n  releasing devm action \"drm_dev_put\" of device mock0 would "
                    "break it (unbind, device_del, a devres group)"});
    mock.device->devres().release(mock.entry);
}

TEST(LoopCheckAtDel, says_nothing_when_del_breaks_the_loop) {
    Errors errors;
    Model model(Clock::real(), checked);
    Mock mock(model);
    mock.device->del();
    EXPECT_EQ(errors.take(), Lines{});
}

TEST(LoopCheckAtDel, says_nothing_of_a_loop_that_somebody_else_holds) {
    Errors errors;
    Model model(Clock::real(), checked_as_before_66);
    auto client = make_ref<Thing>("file 3");
    Mock mock(model);
    {
        auto card = make_ref<Thing>("card2");
        card->hold(mock.device, "drm_device.dev");
        client->hold(card, "drm_file.minor");
        mock.device->devres().release(mock.entry);
        mock.entry = mock.device->devres().add_put("drm_dev_put", card).value();
    }
    mock.device->del();
    EXPECT_EQ(errors.take(), Lines{});
    mock.device->devres().release(mock.entry);
}

TEST(LoopCheckAtDel, says_nothing_unless_asked) {
    Errors errors;
    Model model(Clock::real(), {.release_only_at_last_put = true});
    Mock mock(model);
    mock.device->del();
    EXPECT_EQ(errors.take(), Lines{});
    mock.device->devres().release(mock.entry);
}

/// Deletes a device while it is being added: the model's worker has to finish that.
class Deleter final : public Watcher {
  public:
    explicit Deleter(Model& model) : model_(model) { model_.add_watcher(*this); }
    ~Deleter() { model_.remove_watcher(*this); }
    void device_added(Device& device) override { device.del(); }

  private:
    Model& model_;
};

TEST(LoopCheckAtDel, looks_after_a_deletion_that_the_worker_finishes_too) {
    Errors errors;
    Model model(Clock::real(), checked_as_before_66);
    auto parent = model.add_root_device("parent").value();
    DeviceInfo info = named("mock0");
    info.parent = &*parent;
    auto device = Device::create(model, std::move(info)).value();
    const DevresHandle entry = device->devres().add_put("put", device).value();
    {
        const Deleter deleter(model);
        ASSERT_TRUE(device->add().ok());
        model.flush();
    }
    EXPECT_EQ(errors.take(),
              Lines{"mock0: deleted, but a loop of references keeps it: device mock0 -> "
                    "devm action \"put\" -> device mock0: nothing will break this "
                    "loop\n  releasing devm action \"put\" of device mock0 would "
                    "break it (unbind, device_del, a devres group)"});
    device->devres().release(entry);
    parent->del();
}

}  // namespace
}  // namespace plugboard::device
