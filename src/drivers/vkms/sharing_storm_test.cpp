// Buffers with fences go from a client of a vgem, A, to one of a vkms, B, which shows them, in
// random order with A's and B's end and the unplug of either card; each fence, picture and wait is
// compared with a model's. The time stands still but for the vblanks of the list.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/dma-buf.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "drivers/both_drivers.h"
#include "drivers/vkms/screenshot.h"
#include "drivers/vkms/test_board.h"
#include "drm/gem/dma_buf.h"
#include "drm/gem/dma_buf_ioctl.h"
#include "drm/sync/sync_file.h"
#include "tests/support/dice.h"
#include "tests/support/threads.h"
#include "uapi/in_process_memory.h"
#include "uapi/vgem_drm.h"

namespace plugboard::vkms {
namespace {

using namespace std::chrono_literals;
using tests::Dice;
using tests::Numbers;

constexpr uint32_t width = 64, height = 64;
constexpr Nanos frame = 17ms;  // a vblank at least

/// What the model says of the ends of fences; a wrong rule must be noticed.
struct Rules {
    bool close_ends_fences = true;
    bool unplug_is_an_error = true;
    bool age_ends_fences = true;
    bool commits_wait = true;
};

/// A buffer that A has shared, with the fence it has put there.
struct Item {
    size_t of = 0;  // which A
    uint32_t fence_id = 0;
    UniqueFd buffer, fence_fd;
    Ref<drm::Fence> fence;
    drm::gem::Mapping pixels;
    uint32_t colour = 0;
    int status = 0;            // of the fence, as the model has it
    bool has_expired = false;  // and nobody has signalled it since
    bool is_taken = false;     // its id
};

/// What B has asked to be shown, until it is.
struct Commit {
    size_t item = 0;
    uint64_t user_data = 0;
    Ref<drm::Fence> out_fence;
};

/// A DMA_BUF_IOCTL_SYNC of an item's buffer.
struct Waiter {
    size_t item = 0;
    std::future<int> result;
};

class SharingStorm {
  public:
    explicit SharingStorm(Rules rules) : rules_(rules) {
        plug_vgem();
        plug_vkms();
        open_b();
    }
    ~SharingStorm() {
        if (vgem_) (*vgem_)->del();
        if (vkms_) (*vkms_)->del();
        a_.reset();
        b_.reset();
        vgem_.reset();
        vkms_.reset();
    }
    SharingStorm(const SharingStorm&) = delete;
    SharingStorm& operator=(const SharingStorm&) = delete;

    /// What is not as the model says; nothing if all is.
    std::optional<std::string> play(const Numbers& numbers) {
        Dice dice(numbers);
        for (size_t i = 0; i < numbers.size() / 2; ++i) step(dice);
        last_ = "in the end";
        pull_vgem();
        pass_vblanks();
        compare_state();
        compare("a commit is left", false, commit_.has_value());
        for (Waiter& waiter : waiters_) compare("a wait's result", 0, waiter.result.get());
        return difference_;
    }

  private:
    // The cards

    void plug_vgem() { vgem_ = machine_.plug_vgem(); }
    void plug_vkms() {
        vkms_ = machine_.plug_vkms(
            {.screens = {{.mode = ScreenMode{.width = width, .height = height}}}});
    }
    void pull_vgem() {
        if (!vgem_) return;
        (*vgem_)->del();
        vgem_.reset();
        for (Item& item : items_) end(item, rules_.unplug_is_an_error ? -ENODEV : 1);
        a_.reset();
        ++generation_;
    }

    // A

    void open_a() {
        if (!a_ && vgem_) a_ = std::make_unique<tests::Client>(*machine_.card_on(**vgem_));
    }
    void close_a() {
        if (!a_) return;
        a_.reset();
        if (rules_.close_ends_fences) {
            for (Item& item : items_)
                if (item.of == generation_) end(item, 1);
        }
        ++generation_;
    }

    void share() {
        open_a();
        if (!a_) return;
        const uint32_t handle = a_->make_buffer(width, height);
        drm_mode_map_dumb map{.handle = handle, .pad = 0, .offset = 0};
        EXPECT_EQ(a_->ioctl(DRM_IOCTL_MODE_MAP_DUMB, map), 0);
        const auto mapped = a_->file().map(map.offset, size_t{width} * height * 4,
                                           PROT_READ | PROT_WRITE, MAP_SHARED);
        if (!mapped.ok()) return compare("mmap", true, false);
        void* data = mmap(nullptr, mapped->size, PROT_READ | PROT_WRITE, MAP_SHARED,
                          mapped->memory.borrow(), 0);
        drm_vgem_fence_attach attach{
            .handle = handle, .flags = VGEM_FENCE_WRITE, .out_fence = 0, .pad = 0};
        compare("FENCE_ATTACH", 0, a_->ioctl(DRM_IOCTL_VGEM_FENCE_ATTACH, attach));
        UniqueFd buffer = a_->share(handle);
        dma_buf_export_sync_file exported{.flags = DMA_BUF_SYNC_READ, .fd = -1};
        compare("EXPORT_SYNC_FILE", 0, call(buffer, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &exported));
        UniqueFd fence_fd(exported.fd);
        const auto fence = files_.import_fence(fence_fd);
        if (!fence.ok()) return compare("the sync_file", true, false);
        items_.push_back({.of = generation_,
                          .fence_id = attach.out_fence,
                          .buffer = std::move(buffer),
                          .fence_fd = std::move(fence_fd),
                          .fence = *fence,
                          .pixels = drm::gem::Mapping(data, mapped->size)});
        draw(items_.size() - 1);
    }

    /// The memory is there whatever has become of A and its card.
    void draw(size_t index) {
        Item& item = items_[index];
        item.colour = ++colours_ * 0x010305 & 0xffffff;
        const auto bytes = item.pixels.bytes();
        for (size_t i = 0; i < bytes.size(); i += 4)
            std::memcpy(&bytes[i], &item.colour, sizeof(item.colour));
    }

    void signal(Item& item) {
        if (!a_ || item.of != generation_) return;
        drm_vgem_fence_signal signal{.fence = item.fence_id, .flags = 0};
        const int expected = item.is_taken ? ENOENT : item.has_expired ? ETIMEDOUT : 0;
        compare("FENCE_SIGNAL", expected, a_->ioctl(DRM_IOCTL_VGEM_FENCE_SIGNAL, signal));
        item.is_taken = true;
        end(item, 1);
    }

    static void end(Item& item, int status) {
        if (item.status == 0) item.status = status;
    }

    // B

    /// What a call gives that waits for nothing but vblanks.
    int with_vblanks(const std::function<int()>& run) {
        auto result = std::async(std::launch::async, run);
        for (tests::wait_until_others_sleep(); !tests::is_ready(result);
             tests::wait_until_others_sleep())
            clock_.advance(frame);
        return result.get();
    }

    void open_b() {
        if (b_ || !vkms_ || commit_) return;
        b_ = std::make_unique<TestClient>(*machine_.card_on(**vkms_));
        const auto buffer = b_->make_mapped_buffer(width, height, DRM_FORMAT_XRGB8888, 4);
        const auto mode = b_->probe(b_->connectors[0]).at(0);
        const int error = with_vblanks([&] {
            return b_->turn_on(b_->crtcs[0], b_->connectors[0], mode, b_->planes[0], buffer.fb);
        });
        compare("the modeset", 0, error);
        shown_.reset();
    }
    /// What it waits for may be pending; a flip that is due would be waited for.
    void close_b() {
        if (!b_ || (commit_ && has_ended(*commit_))) return;
        with_vblanks([this] {
            b_.reset();
            return 0;
        });
        shown_.reset();
    }
    void pull_vkms() {
        if (!vkms_) return;
        (*vkms_)->del();
        vkms_.reset();
        tests::wait_until_others_sleep();
        if (commit_ && !has_ended(*commit_))
            compare("the out-fence's status", -ENODEV, commit_->out_fence->status());
        if (commit_) compare("the out-fence has ended", true, commit_->out_fence->is_signaled());
        commit_.reset();
        shown_.reset();
        b_.reset();
    }

    void show(size_t index) {
        if (!b_) return;
        Item& item = items_[index];
        const uint32_t fb = b_->add_fb_of(b_->import(item.buffer), width, height);
        int32_t out = -1;
        const uint64_t user_data = ++commits_;
        const int error = b_->atomic(
            {{b_->planes[0], "FB_ID", fb},
             {b_->planes[0], "IN_FENCE_FD", static_cast<uint64_t>(int64_t{item.fence_fd.borrow()})},
             {b_->crtcs[0], "OUT_FENCE_PTR", reinterpret_cast<uint64_t>(&out)}},
            DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT, user_data);
        compare("the commit", commit_ ? EBUSY : 0, error);
        if (error) return;
        const auto fence = files_.import_fence(UniqueFd(out));
        if (!fence.ok()) return compare("the out-fence", true, false);
        commit_.emplace(Commit{.item = index, .user_data = user_data, .out_fence = *fence});
    }

    bool has_ended(const Commit& commit) const { return items_[commit.item].status != 0; }

    /// More than a commit needs that waits for nothing else, and one of the core's after it.
    void pass_vblanks() {
        for (int i = 0; i < 4; ++i) {
            tests::wait_until_others_sleep();
            clock_.advance(frame);
        }
        tests::wait_until_others_sleep();
        if (!commit_ || (rules_.commits_wait && !has_ended(*commit_))) return;
        compare("the out-fence's status", 1, commit_->out_fence->status());
        if (b_) {
            compare("events", size_t{1}, b_->events().unread() / sizeof(drm_event_vblank));
            (void)b_->events().take();
            shown_ = commit_->item;
        }
        commit_.reset();
    }

    void grow_old() {
        pass_vblanks();  // no flip is due that would be late
        clock_.advance(10s);
        tests::wait_until_others_sleep();
        for (Item& item : items_) {
            if (item.status != 0) continue;
            if (rules_.age_ends_fences) end(item, 1);
            item.has_expired = true;
        }
        pass_vblanks();
    }

    void wait(size_t index) {
        const UniqueFd& buffer = items_[index].buffer;
        waiters_.push_back(
            {.item = index, .result = std::async(std::launch::async, [this, &buffer] {
                                const dma_buf_sync sync{DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ};
                                return call(buffer, DMA_BUF_IOCTL_SYNC, &sync);
                            })});
    }

    /// An ioctl of a dma-buf descriptor.
    int call(const UniqueFd& buffer, uint32_t command, const void* argument) {
        uapi::InProcessMemory memory;
        ThreadSleeper sleeper(clock_);
        drm::Request request(memory, sleeper, {.pid = 1, .uid = 1000, .gid = 1000});
        const auto found = drm::gem::DmaBuf::find(buffer);
        if (!found) return EBADF;
        const auto done = drm::gem::ioctl(request, **found, files_, command,
                                          uapi::UserAddress{reinterpret_cast<uintptr_t>(argument)});
        memory.end_request(!done.ok());
        return done.ok() ? *done : static_cast<int>(done.error());
    }

    // The list

    void step(Dice& dice) {
        if (difference_) return;
        const uint32_t verb = dice.below(24);
        const auto with_item = [&](const char* name, auto act) {
            const size_t index = dice.below(std::max<size_t>(items_.size(), 1));
            last_ = fmt::format("{} {}", name, index);
            if (index < items_.size()) act(index);
        };
        const auto alone = [&](const char* name, auto act) {
            last_ = name;
            act();
        };
        if (verb < 5)
            alone("share", [&] { share(); });
        else if (verb < 9)
            with_item("show", [&](size_t index) { show(index); });
        else if (verb < 11)
            with_item("signal", [&](size_t index) { signal(items_[index]); });
        else if (verb < 12)
            with_item("draw", [&](size_t index) { draw(index); });
        else if (verb < 14)
            with_item("wait", [&](size_t index) { wait(index); });
        else if (verb < 18)
            alone("vblanks", [&] { pass_vblanks(); });
        else if (verb < 19)
            alone("close A", [&] { close_a(); });
        else if (verb < 20)
            alone("close B", [&] { close_b(); });
        else if (verb < 21)
            alone("pull the vgem", [&] { pull_vgem(); });
        else if (verb < 22)
            alone("pull the vkms", [&] { pull_vkms(); });
        else if (verb < 23)
            alone("grow old", [&] { grow_old(); });
        else
            alone("plug", [&] {
                if (!vgem_) plug_vgem();
                if (!vkms_) plug_vkms();
                open_b();
            });
        compare_state();
    }

    void compare_state() {
        tests::wait_until_others_sleep();
        for (size_t i = 0; i < items_.size(); ++i)
            compare(fmt::format("the fence of {}", i), items_[i].status, items_[i].fence->status());
        for (const Waiter& waiter : waiters_) {
            compare(fmt::format("a wait for {} has ended", waiter.item),
                    items_[waiter.item].status != 0, tests::is_ready(waiter.result));
        }
        if (commit_ && has_ended(*commit_)) return;  // it may be on screen or not
        if (commit_ && rules_.commits_wait)
            compare("the out-fence", 0, commit_->out_fence->status());
        if (b_) compare("unread events", size_t{0}, b_->events().unread());
        if (!b_ || !shown_) return;
        const auto image = screenshot(b_->file().device(), 0);
        if (!image.ok()) return compare("a picture", true, false);
        const uint32_t pixel =
            uint32_t{image->rgb[0]} << 16 | uint32_t{image->rgb[1]} << 8 | image->rgb[2];
        compare("the colour on screen", items_[*shown_].colour, pixel);
    }

    template <class Value>
    void compare(const std::string& what, const Value& expected,
                 const std::type_identity_t<Value>& actual) {
        if (difference_ || expected == actual) return;
        difference_ =
            fmt::format("{}: {}: the model says {}, the cards {}", last_, what, expected, actual);
    }

    const Rules rules_;
    FakeClock clock_;
    tests::BothDrivers machine_{clock_};
    drm::SpecialFiles& files_ = machine_.model.service<drm::SpecialFiles>();
    MaybeRef<device::Device> vgem_, vkms_;
    std::unique_ptr<tests::Client> a_;
    std::unique_ptr<TestClient> b_;
    size_t generation_ = 0;   // of A
    std::deque<Item> items_;  // waiters know their places
    std::vector<Waiter> waiters_;
    std::optional<Commit> commit_;
    std::optional<size_t> shown_;  // an item; none: B's own buffer, or nothing
    uint32_t colours_ = 0;
    uint64_t commits_ = 0;
    std::string last_;  // step
    std::optional<std::string> difference_;
};

/// What the cards do otherwise than the model. In the end nothing may be left of them.
std::optional<std::string> difference_in(const Numbers& numbers, Rules rules) {
    const size_t objects = live_object_count();
    auto difference = SharingStorm(rules).play(numbers);
    if (difference || live_object_count() == objects) return difference;
    return fmt::format("{} objects are left", live_object_count() - objects);
}

RC_GTEST_PROP(SharingStorm, shows_what_was_drawn_and_leaves_nobody_waiting, ()) {
    const auto difference = difference_in(*tests::any_numbers(80), {});
    if (difference) RC_FAIL(*difference);
}

/// Whether the storm notices what is planted into the model, by a difference that has this text.
bool finds(std::string_view text, Rules rules) {
    for (uint64_t seed = 0; seed < 50; seed++) {
        const auto numbers = tests::any_numbers(80)(rc::Random(seed), 100).value();
        const auto difference = difference_in(numbers, rules);
        if (difference && difference->find(text) != std::string::npos) return true;
    }
    return false;
}

TEST(SharingStorm, finds_fences_that_outlive_their_file) {
    EXPECT_TRUE(finds("close A: the fence of", {.close_ends_fences = false}));
}

TEST(SharingStorm, finds_fences_that_an_unplug_calls_done) {
    EXPECT_TRUE(finds("pull the vgem: the fence of", {.unplug_is_an_error = false}));
}

TEST(SharingStorm, finds_fences_that_never_grow_old) {
    EXPECT_TRUE(finds("grow old: the fence of", {.age_ends_fences = false}));
}

TEST(SharingStorm, finds_pictures_that_wait_for_no_fence) {
    EXPECT_TRUE(finds("vblanks: the out-fence's status", {.commits_wait = false}));
}

}  // namespace
}  // namespace plugboard::vkms
