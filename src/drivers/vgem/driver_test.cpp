// vgem as its clients see it.
#include "drivers/vgem/driver.h"

#include <drm.h>
#include <gtest/gtest.h>
#include <linux/dma-buf.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "device/device.h"
#include "device/model.h"
#include "drm/device.h"
#include "drm/gem/dma_buf_ioctl.h"
#include "drm/gem/handles.h"
#include "drm/minors.h"
#include "drm/sync/sync_file.h"
#include "tests/support/drm_client.h"
#include "tests/support/drm_kernel_answers.h"
#include "tests/support/threads.h"
#include "uapi/in_process_memory.h"
#include "uapi/vgem_drm.h"

namespace plugboard::vgem {
namespace {

using tests::Client;

/// Two cards of the driver, on a clock that stands still.
struct Vgem : testing::Test {
    static constexpr uint32_t write = VGEM_FENCE_WRITE;

    ~Vgem() override {
        first.reset();
        second.reset();
        for (const auto& device : devices) device->del();
        bus.remove_driver(driver).value();
    }
    Ref<device::Device> add(const char* name) {
        device::DeviceInfo info;
        info.name = name;
        info.compatible = {"virtual,vgem"};
        return model.add_platform_device(std::move(info)).value();
    }
    drm::Device& one() { return **first; }
    drm::Device& two() { return **second; }

    /// 0 or the errno; the fence's id is in last_fence.
    int attach(Client& client, uint32_t handle, uint32_t flags = 0, uint32_t pad = 0) {
        drm_vgem_fence_attach argument{
            .handle = handle, .flags = flags, .out_fence = 0, .pad = pad};
        const int error = client.ioctl(DRM_IOCTL_VGEM_FENCE_ATTACH, argument);
        last_fence = argument.out_fence;
        return error;
    }
    int signal(Client& client, uint32_t fence, uint32_t flags = 0) {
        drm_vgem_fence_signal argument{.fence = fence, .flags = flags};
        return client.ioctl(DRM_IOCTL_VGEM_FENCE_SIGNAL, argument);
    }
    std::vector<Ref<drm::Fence>> fences_of(Client& client, uint32_t handle) {
        const auto object = drm::gem::find_object(client.file(), handle);
        return (*object)->memory().fences(drm::gem::Usage::Bookkeep);
    }

    FakeClock clock;
    device::Model model{clock};
    device::Bus& bus = model.platform_bus();
    Driver driver;
    std::vector<Ref<device::Device>> devices = {add("vgem"), add("other")};
    MaybeRef<drm::Device> first, second;
    uint32_t last_fence = 0;

    Vgem() {
        bus.add_driver(driver).value();
        first = model.service<drm::Minors>().find(drm::NodeType::Primary, 0);
        second = model.service<drm::Minors>().find(drm::NodeType::Primary, 1);
    }
};

TEST_F(Vgem, says_what_it_is) {
    Client client(one(), {.node = drm::NodeType::Render});
    std::array<char, 64> name{};
    drm_version version{};
    version.name = name.data();
    version.name_len = name.size();
    EXPECT_EQ(client.ioctl(DRM_IOCTL_VERSION, version), 0);
    EXPECT_STREQ(name.data(), "vgem");
    EXPECT_EQ(version.version_major, 1);
    drm_get_cap cap{.capability = DRM_CAP_PRIME, .value = 0};
    EXPECT_EQ(client.ioctl(DRM_IOCTL_GET_CAP, cap), 0);
    EXPECT_EQ(cap.value, 3u);
}

TEST_F(Vgem, fence_is_refused_as_by_the_kernel) {
    Client client(one());
    const uint32_t handle = client.make_buffer();
    EXPECT_EQ(attach(client, handle, 2), EINVAL);
    EXPECT_EQ(client.reason(), "flags 0x2: not WRITE");
    EXPECT_EQ(attach(client, handle, write, 1), EINVAL);
    EXPECT_EQ(attach(client, handle + 1), ENOENT);
    EXPECT_EQ(attach(client, handle), 0);
    EXPECT_EQ(last_fence, 1u);
    EXPECT_EQ(client.text().argument, "handle=1");
    EXPECT_EQ(client.text().answer, "out_fence=1");
    EXPECT_EQ(signal(client, 1, 1), EINVAL);
    EXPECT_EQ(signal(client, 2), ENOENT);
    EXPECT_EQ(signal(client, 1), 0);
    EXPECT_EQ(signal(client, 1), ENOENT) << "an id is used once";
    EXPECT_EQ(attach(client, handle, write), 0);
    EXPECT_EQ(last_fence, 2u) << "and never given again";
}

TEST_F(Vgem, pending_fence_excludes_a_write_and_a_write_excludes_all) {
    Client client(one());
    const uint32_t handle = client.make_buffer();
    EXPECT_EQ(attach(client, handle), 0);
    EXPECT_EQ(attach(client, handle), 0) << "who reads does not mind others who read";
    EXPECT_EQ(attach(client, handle, write), EBUSY);
    EXPECT_EQ(client.reason(), "handle 1 has a pending fence that excludes a write");
    EXPECT_EQ(signal(client, 1), 0);
    EXPECT_EQ(signal(client, 2), 0);
    EXPECT_EQ(attach(client, handle, write), 0);
    EXPECT_EQ(attach(client, handle), EBUSY);
    EXPECT_EQ(fences_of(client, handle).size(), 1u);
}

TEST_F(Vgem, fences_are_seen_on_the_card_that_a_buffer_is_shared_with) {
    Client here(one()), there(two());
    const uint32_t made = here.make_buffer(), imported = there.import(here.share(made));
    EXPECT_EQ(attach(here, made, write), 0);
    EXPECT_EQ(attach(there, imported), EBUSY);
    here.close();
    EXPECT_EQ(attach(there, imported), 0) << "a file's fences end with it";
}

TEST_F(Vgem, fence_ends_after_ten_seconds) {
    Client client(one());
    const uint32_t handle = client.make_buffer(), later = client.make_buffer();
    ASSERT_EQ(attach(client, handle, write), 0);
    const Ref<drm::Fence> fence = fences_of(client, handle).front();
    EXPECT_EQ(fence->driver_name(), "vgem");
    EXPECT_EQ(fence->timeline_name(), "unbound");
    clock.advance(std::chrono::seconds(4));
    ASSERT_EQ(attach(client, later, write), 0);
    const Ref<drm::Fence> second_fence = fences_of(client, later).front();
    clock.advance(std::chrono::milliseconds(5999));
    tests::wait_until_others_sleep();
    EXPECT_FALSE(fence->is_signaled());
    clock.advance(std::chrono::milliseconds(1));
    tests::wait_until_others_sleep();
    EXPECT_EQ(fence->status(), 1);
    EXPECT_FALSE(second_fence->is_signaled());
    EXPECT_EQ(signal(client, 1), ETIMEDOUT);
    EXPECT_EQ(signal(client, 1), ENOENT);
    clock.advance(std::chrono::seconds(4));
    tests::wait_until_others_sleep();
    EXPECT_EQ(second_fence->status(), 1);
    EXPECT_EQ(attach(client, handle, write), 0);
    clock.advance(std::chrono::seconds(10));
    tests::wait_until_others_sleep();
    EXPECT_EQ(signal(client, 3), ETIMEDOUT) << "the timer is set anew";
}

TEST_F(Vgem, unbind_ends_pending_fences_with_an_error) {
    Client client(one());
    ASSERT_EQ(attach(client, client.make_buffer(), write), 0);
    const Ref<drm::Fence> fence = fences_of(client, 1).front();
    bus.unbind("vgem", "vgem").value();
    EXPECT_EQ(fence->status(), -ENODEV);
    EXPECT_EQ(attach(client, 1), ENODEV);
    EXPECT_EQ(signal(client, 1), ENODEV);
}

TEST_F(Vgem, unbind_ends_a_wait_on_a_buffer_for_its_fence) {
    Client client(one());
    ASSERT_EQ(attach(client, client.make_buffer(), write), 0);
    const auto object = drm::gem::find_object(client.file(), 1);
    auto syncing = std::async(std::launch::async, [&] {
        uapi::InProcessMemory memory;
        ThreadSleeper sleeper(clock);
        drm::Request request(memory, sleeper, {});
        const dma_buf_sync argument{DMA_BUF_SYNC_RW};
        const auto done = drm::gem::ioctl(
            request, (*object)->memory(), model.service<drm::SpecialFiles>(), DMA_BUF_IOCTL_SYNC,
            uapi::UserAddress{reinterpret_cast<uintptr_t>(&argument)});
        return done.ok() ? 0 : static_cast<int>(done.error());
    });
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(syncing));
    bus.unbind("vgem", "vgem").value();
    EXPECT_EQ(syncing.get(), 0) << "an error of the fence is none of the wait";
}

TEST_F(Vgem, card_that_returns_is_another_one_with_a_number_of_its_own) {
    const auto card = [&](uint32_t number) {
        return drm::find_device(model, drm::NodeType::Primary, number);
    };
    Client old(one());
    bus.unbind("vgem", "vgem").value();
    bus.bind("vgem", "vgem").value();
    EXPECT_FALSE(card(0)) << "the old one's, which a file keeps";
    ASSERT_TRUE(card(2));
    {
        Client fresh(**card(2));
        EXPECT_EQ(attach(fresh, fresh.make_buffer()), 0);
        EXPECT_EQ(last_fence, 1u);
    }
    EXPECT_EQ(attach(old, 1), ENODEV);
    EXPECT_TRUE(old.events().is_hung_up());
    EXPECT_EQ(Client(one()).open_error(), ENODEV);
    old.close();
    first.reset();
    bus.unbind("vgem", "vgem").value();
    bus.bind("vgem", "vgem").value();
    EXPECT_TRUE(card(3)) << "numbers that were free for longer come first";
}

TEST_F(Vgem, clients_fences_leave_nothing) {
    const size_t before = live_object_count();
    {
        Client client(one());
        for (int i = 0; i < 3; i++) EXPECT_EQ(attach(client, client.make_buffer(), write), 0);
        EXPECT_EQ(signal(client, 2), 0);
    }
    EXPECT_EQ(live_object_count(), before);
}

TEST_F(Vgem, probe_that_fails_at_each_step_in_turn_leaves_nothing) {
    bus.unbind("vgem", "vgem").value();
    first.reset();
    const size_t before = live_object_count();
    unsigned step = 1;
    for (;; step++) {
        model.fail_nth_step(step);
        const auto bound = bus.bind("vgem", "vgem");
        model.fail_nth_step(0);
        if (bound.ok()) break;
        EXPECT_FALSE(devices[0]->is_bound());
        EXPECT_EQ(devices[0]->devres().size(), 0u);
        EXPECT_EQ(live_object_count(), before) << "step " << step;
    }
    EXPECT_GT(step, 4u);
}

class VgemAnswers : public Vgem, public testing::WithParamInterface<const char*> {};

TEST_P(VgemAnswers, are_the_kernels) {
    const std::string opener = GetParam();
    std::unique_ptr<Client> master;
    if (opener.ends_with("not master")) master = std::make_unique<Client>(one());
    const auto lines = tests::kernel_lines(opener);
    for (const tests::KernelLine& line : lines)
        EXPECT_EQ(tests::answers(one(), line), line.answers) << line.name;
    EXPECT_EQ(lines.size(), 112u);
}

INSTANTIATE_TEST_SUITE_P(Openers, VgemAnswers,
                         testing::Values("vgem primary, root, master",
                                         "vgem primary, root, not master",
                                         "vgem primary, user, master",
                                         "vgem primary, user, not master", "vgem render, user"));

}  // namespace
}  // namespace plugboard::vgem
