// Buffers and fences that go between the files of a vgem and a vkms, as the input has it: each call
// is answered with 0 or an errno, each wait ends, and nothing is left of files, descriptors and
// cards, in whatever order they go.
#include <drm.h>
#include <drm_fourcc.h>
#include <drm_mode.h>
#include <fmt/format.h>
#include <linux/dma-buf.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <future>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "drivers/both_drivers.h"
#include "drivers/vkms/test_board.h"
#include "drm/gem/dma_buf.h"
#include "drm/gem/dma_buf_ioctl.h"
#include "drm/minors.h"
#include "drm/objects/mode.h"
#include "drm/quota.h"
#include "drm/request.h"
#include "drm/sync/sw_sync.h"
#include "drm/sync/sync_file.h"
#include "drm/trace/ioctl_text.h"
#include "fuzz/answer.h"
#include "fuzz/input.h"
#include "fuzz/pump_sleeper.h"
#include "fuzz/waiters.h"
#include "tests/support/drm_random_ioctl.h"
#include "uapi/drm_extra.h"
#include "uapi/vgem_drm.h"

namespace plugboard::fuzz {
namespace {

using namespace std::chrono_literals;
using tests::CallerMemory;
using tests::Dice;

constexpr uint32_t side = 64;  // pixels
constexpr uint32_t set_deadline = _IOW(SYNC_IOC_MAGIC, 5, uint64_t[2]);
constexpr uint64_t array(uint64_t index) {
    return CallerMemory::arrays + index * CallerMemory::array_size;
}

/// What a lit screen takes; each vkms of the fuzzer has the same ids.
struct Layout {
    uint32_t plane = 0, crtc = 0, connector = 0;
    std::map<std::string, uint32_t> of_plane, of_crtc, of_connector;  // properties by name

    explicit Layout(drm::Device& card) {
        vkms::TestClient client(card);
        plane = client.planes.at(0);
        crtc = client.crtcs.at(0);
        for (const uint32_t id : client.connectors) {
            drm_mode_get_connector get{};
            get.connector_id = id;
            client.ioctl(DRM_IOCTL_MODE_GETCONNECTOR, get);
            if (get.connector_type != DRM_MODE_CONNECTOR_WRITEBACK) connector = id;
        }
        for (const auto& found : client.properties(plane)) of_plane[found.name] = found.id;
        for (const auto& found : client.properties(crtc)) of_crtc[found.name] = found.id;
        for (const auto& found : client.properties(connector)) of_connector[found.name] = found.id;
    }
};

enum CardName : size_t { Vgem, Vkms };
enum FdName : size_t { Buffer, SyncFile, Timeline, Syncobj, Eventfd, any_kind };

/// A file of a card, while it is open; perhaps of one that is gone.
struct Slot {
    CardName card;
    drm::NodeType node;
    std::unique_ptr<tests::Client> client{};
};

/// Both cards in one model, and a client with files of both.
class Machine {
  public:
    Machine() {
        plug(Vgem);
        plug(Vkms);
        for (Slot& slot : slots_) open(slot);
    }
    ~Machine() {
        for (int fd = CallerMemory::first_fd; fd < memory_.end_of_fds(); fd++) memory_.close_fd(fd);
        files_.watch().settle();
        unplug(Vgem);
        unplug(Vkms);
        waiters_.expect_end("after all has gone");
        for (Slot& slot : slots_) close(slot);
    }
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    void play(Dice dice) {
        while (!dice.is_over()) {
            const Step step = steps[dice.below(std::size(steps))];
            (this->*step)(dice);
            waiters_.settle();
        }
    }

  private:
    using Step = void (Machine::*)(Dice&);

    // The cards and their files

    void plug(CardName name) {
        if (cards_[name]) return;
        if (name == Vgem) cards_[name] = machine_.plug_vgem();
        if (name == Vkms)
            cards_[name] = machine_.plug_vkms(
                {.features = {.syncobj = true},
                 .screens = {{.mode = vkms::ScreenMode{.width = side, .height = side}}}});
        if (name == Vkms && !layout_) layout_ = new Layout(*drm_of(name));  // for all inputs
    }
    void unplug(CardName name) {
        if (!cards_[name]) return;
        (*cards_[name])->del();
        cards_[name].reset();
        for (const Slot& slot : slots_) {
            if (slot.card == name) waiters_.expect_end("after the unplug", &slot);
        }
    }
    Ref<drm::Device> drm_of(CardName name) { return machine_.card_on(**cards_[name]); }

    void open(Slot& slot) {
        if (slot.client || !cards_[slot.card]) return;
        slot.client = std::make_unique<tests::Client>(*drm_of(slot.card),
                                                      tests::ClientInfo{.node = slot.node});
        if (!slot.client->is_open()) found("a card cannot be opened");
        if (slot.card == Vkms) slot.client->set_cap(DRM_CLIENT_CAP_ATOMIC);
    }
    /// What is on screen is taken off it, which may wait for vblanks, or for as long as a commit
    /// may take.
    void close(Slot& slot) {
        if (!slot.client) return;
        waiters_.interrupt(&slot);
        const auto closed = std::async(std::launch::async, [&] { slot.client.reset(); });
        while (closed.wait_for(2ms) != std::future_status::ready) clock_.advance(1s);
    }

    // Calls

    Slot& slot_of(Dice& dice, CardName card) {
        return dice.one_in(8) ? slots_[dice.below(slots_.size())]
                              : slots_[card * 2 + dice.below(2)];
    }
    uint32_t word(Dice& dice) {
        switch (dice.below(6)) {
            case 0: return 0;
            case 1: return ~0U;
            case 2: return 1U << dice.below(32);
            case 3: return static_cast<uint32_t>(fd(dice, any_kind));
            case 4: return dice.any() << 24 | dice.any() << 16 | dice.any() << 8 | dice.any();
            default: return dice.below(8);
        }
    }
    uint64_t wide(Dice& dice) {
        if (!dice.one_in(8)) return dice.below(8);
        return uint64_t{word(dice)} << 32 | word(dice);
    }
    uint32_t handle(Dice& dice) { return dice.below(6); }
    /// Mostly an open one of that kind.
    int fd(Dice& dice, FdName kind) {
        const uint32_t which = dice.any();
        if (kind != any_kind && which % 8 != 7 && !fds_[kind].empty())
            return fds_[kind][which / 8 % fds_[kind].size()];
        return CallerMemory::first_fd + static_cast<int>(which % 32) - 1;
    }

    /// Where a call finds its argument, one word of which may be another.
    template <class T>
    void put(Dice& dice, CallerMemory& memory, const T& argument) {
        memory.put(CallerMemory::base, argument);
        if (!dice.one_in(8)) return;
        const uint64_t changed = CallerMemory::base + 4 * dice.below(sizeof(T) / 4);
        memory.put(changed, word(dice));
    }

    static int ioctl(drm::File& file, CallerMemory& memory, Sleeper& sleeper, uint32_t command) {
        drm::Request request(memory, sleeper, caller);
        drm::IoctlText text;  // a trace's
        request.describe_into(text);
        const auto done =
            file.ioctl(request, command, uapi::UserAddress{CallerMemory::base});
        memory.end_request(!done.ok());
        return answer_of(request, command, done);
    }
    template <class T>
    int call(Dice& dice, Slot& slot, uint32_t command, T& argument) {
        put(dice, memory_, argument);
        if (!slot.client) return ENODEV;
        PumpSleeper sleeper(clock_, frame_);
        const int error = ioctl(slot.client->file(), memory_, sleeper, command);
        argument = memory_.peek<T>(CallerMemory::base);
        return error;
    }
    /// A call that may wait, whose answer nobody needs.
    template <class T>
    void wait(Dice& dice, Slot& slot, uint32_t command, const T& argument,
              std::unique_ptr<CallerMemory> memory = std::make_unique<CallerMemory>()) {
        put(dice, *memory, argument);
        if (!slot.client) return;
        waiters_.start(&slot, [command, memory = std::move(memory),
                               file = Ref<drm::File>::share(slot.client->file())](
                                  Sleeper& sleeper) { ioctl(*file, *memory, sleeper, command); });
    }

    /// Of whatever kind the descriptor is. The argument is in the memory.
    static int ioctl(drm::SpecialFiles& files, const UniqueFd& fd, CallerMemory& memory,
                     Sleeper& sleeper, uint32_t command) {
        drm::Request request(memory, sleeper, caller);
        request.keep_reasons();
        const uapi::UserAddress at{CallerMemory::base};
        const auto answered = [&](const Result<int>& done) {
            memory.end_request(!done.ok());
            return answer_of(request, command, done);
        };
        if (const auto file = files.find(fd)) return answered((*file)->ioctl(request, command, at));
        const auto buffer = drm::gem::DmaBuf::find(fd);
        if (!buffer.ok()) return ENOTTY;
        return answered(drm::gem::ioctl(request, **buffer, files, command, at));
    }
    template <class T>
    int call_fd(Dice& dice, int number, uint32_t command, T& argument) {
        put(dice, memory_, argument);
        const auto fd = memory_.take_fd(number);
        if (!fd.ok()) return EBADF;
        PumpSleeper sleeper(clock_, frame_);
        const int error = ioctl(files_, *fd, memory_, sleeper, command);
        argument = memory_.peek<T>(CallerMemory::base);
        return error;
    }
    /// The caller has been given it.
    void note(FdName kind, int number) { fds_[kind].push_back(number); }

    // Steps: cards, files, descriptors, time

    void open_step(Dice& dice) { open(slots_[dice.below(slots_.size())]); }
    void close_step(Dice& dice) { close(slots_[dice.below(slots_.size())]); }
    void plug_step(Dice& dice) {
        const auto name = static_cast<CardName>(dice.below(2));
        plug(name);
        for (Slot& slot : slots_) {
            if (slot.card == name && dice.below(2)) close(slot);
            open(slot);
        }
    }
    void unplug_step(Dice& dice) { unplug(static_cast<CardName>(dice.below(2))); }
    void pass_frames(Dice& dice) {
        for (uint32_t frames = 1 + dice.below(3); frames > 0; frames--) clock_.advance(frame_);
        for (const Slot& slot : slots_) {
            if (slot.client) slot.client->events().take();
        }
    }
    void grow_old(Dice& dice) { clock_.advance(std::chrono::seconds(1 + dice.below(11))); }
    void close_fd(Dice& dice) {
        const int number = fd(dice, static_cast<FdName>(dice.below(any_kind)));
        memory_.close_fd(number);
        for (auto& all : fds_) std::erase(all, number);
        files_.watch().settle();
    }
    void copy_fd(Dice& dice) {
        const auto kind = static_cast<FdName>(dice.below(any_kind));
        auto copy = memory_.take_fd(fd(dice, kind));
        if (copy.ok()) note(kind, memory_.add_fd(*std::move(copy)));
    }
    void interrupt_wait(Dice&) { waiters_.interrupt_oldest(); }
    /// As a report of what is left looks at them.
    void look_at_objects(Dice&) {
        struct Counter final : RefVisitor {
            void edge(const Object&, std::string_view) override { edges++; }
            size_t edges = 0;
        } counter;
        for (const auto& object : live_objects()) {
            if (object->label().empty()) found("an object has no label");
            object->visit_refs(counter);
        }
        (void)drm::sync_info(machine_.model);
    }

    // Steps: buffers

    void create_buffer(Dice& dice) {
        drm_mode_create_dumb dumb{};
        dumb.width = dumb.height = side;
        dumb.bpp = 32;
        call(dice, slots_[dice.below(slots_.size())], DRM_IOCTL_MODE_CREATE_DUMB, dumb);
    }
    void close_buffer(Dice& dice) {
        drm_gem_close close{.handle = handle(dice), .pad = 0};
        call(dice, slots_[dice.below(slots_.size())], DRM_IOCTL_GEM_CLOSE, close);
    }
    void export_buffer(Dice& dice) {
        drm_prime_handle prime{.handle = handle(dice), .flags = dice.below(2) * DRM_RDWR, .fd = -1};
        Slot& slot = slots_[dice.below(slots_.size())];
        if (call(dice, slot, DRM_IOCTL_PRIME_HANDLE_TO_FD, prime) == 0) note(Buffer, prime.fd);
    }
    void import_buffer(Dice& dice) {
        drm_prime_handle prime{.handle = 0, .flags = 0, .fd = fd(dice, Buffer)};
        call(dice, slots_[dice.below(slots_.size())], DRM_IOCTL_PRIME_FD_TO_HANDLE, prime);
    }
    void wait_for_buffer(Dice& dice) {
        auto memory = std::make_unique<CallerMemory>();
        put(dice, *memory, dma_buf_sync{.flags = dice.below(8)});
        auto fd = memory_.take_fd(this->fd(dice, Buffer));
        if (!fd.ok()) return;
        waiters_.start(this, [this, memory = std::move(memory),
                              fd = *std::move(fd)](Sleeper& sleeper) {
            ioctl(files_, fd, *memory, sleeper, DMA_BUF_IOCTL_SYNC);
        });
    }
    void name_buffer(Dice& dice) {
        std::array<char, 36> name{};
        std::ranges::fill_n(name.begin(), dice.below(name.size() + 1), 'a');
        call_fd(dice, fd(dice, Buffer), dice.below(2) ? DMA_BUF_SET_NAME_A : DMA_BUF_SET_NAME_B, name);
    }
    void export_fences(Dice& dice) {
        dma_buf_export_sync_file data{.flags = dice.below(4), .fd = -1};
        if (call_fd(dice, fd(dice, Buffer), DMA_BUF_IOCTL_EXPORT_SYNC_FILE, data) == 0)
            note(SyncFile, data.fd);
    }
    void import_fences(Dice& dice) {
        dma_buf_import_sync_file data{.flags = dice.below(4), .fd = fd(dice, SyncFile)};
        call_fd(dice, fd(dice, Buffer), DMA_BUF_IOCTL_IMPORT_SYNC_FILE, data);
    }
    void attach_fence(Dice& dice) {
        drm_vgem_fence_attach attach{
            .handle = handle(dice), .flags = dice.below(2), .out_fence = 0, .pad = 0};
        call(dice, slot_of(dice, Vgem), DRM_IOCTL_VGEM_FENCE_ATTACH, attach);
    }
    void signal_fence(Dice& dice) {
        drm_vgem_fence_signal signal{.fence = 1 + dice.below(8), .flags = 0};
        call(dice, slot_of(dice, Vgem), DRM_IOCTL_VGEM_FENCE_SIGNAL, signal);
    }
    /// A buffer is shown once its fences and a sync file say so; a sync file says when it is.
    void flip(Dice& dice) {
        Slot& slot = slot_of(dice, Vkms);
        drm_mode_fb_cmd2 fb{};
        fb.width = fb.height = side;
        fb.pixel_format = DRM_FORMAT_XRGB8888;
        fb.handles[0] = handle(dice);
        fb.pitches[0] = side * 4;
        call(dice, slot, DRM_IOCTL_MODE_ADDFB2, fb);
        memory_.put(array(0), mode_);
        drm_mode_create_blob blob{.data = array(0), .length = sizeof(mode_), .blob_id = 0};
        call(dice, slot, DRM_IOCTL_MODE_CREATEPROPBLOB, blob);
        const int64_t in = dice.below(2) ? fd(dice, SyncFile) : -1;
        memory_.put(array(1), int32_t{-1});
        put_commit(fb.fb_id, blob.blob_id, in, dice.below(2) ? array(1) : 0);
        drm_mode_atomic commit{};
        commit.flags = DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_ATOMIC_ALLOW_MODESET;
        if (dice.below(2)) commit.flags |= DRM_MODE_PAGE_FLIP_EVENT;
        commit.count_objs = 3;
        commit.objs_ptr = array(2);
        commit.count_props_ptr = array(3);
        commit.props_ptr = array(4);
        commit.prop_values_ptr = array(5);
        if (call(dice, slot, DRM_IOCTL_MODE_ATOMIC, commit) != 0) return;
        if (const auto out = memory_.peek<int32_t>(array(1)); out >= 0) note(SyncFile, out);
    }
    void put_commit(uint32_t fb, uint32_t blob, int64_t in_fence, uint64_t out_fence) {
        uint64_t objects = 0, values = 0;
        const auto object = [&](uint32_t id) {
            memory_.put(array(2) + objects * 4, id);
            memory_.put(array(3) + objects++ * 4, uint32_t{0});
        };
        const auto set = [&](const auto& properties, const char* name, uint64_t value) {
            const uint64_t count = array(3) + (objects - 1) * 4;
            memory_.put(count, memory_.peek<uint32_t>(count) + 1);
            memory_.put(array(4) + values * 4, properties.at(name));
            memory_.put(array(5) + values++ * 8, value);
        };
        object(layout_->plane);
        set(layout_->of_plane, "FB_ID", fb);
        set(layout_->of_plane, "CRTC_ID", layout_->crtc);
        for (const char* name : {"CRTC_X", "CRTC_Y", "SRC_X", "SRC_Y"}) set(layout_->of_plane, name, 0);
        for (const char* name : {"CRTC_W", "CRTC_H"}) set(layout_->of_plane, name, side);
        for (const char* name : {"SRC_W", "SRC_H"}) set(layout_->of_plane, name, side << 16);
        set(layout_->of_plane, "IN_FENCE_FD", static_cast<uint64_t>(in_fence));
        object(layout_->crtc);
        set(layout_->of_crtc, "MODE_ID", blob);
        set(layout_->of_crtc, "ACTIVE", 1);
        set(layout_->of_crtc, "OUT_FENCE_PTR", out_fence);
        object(layout_->connector);
        set(layout_->of_connector, "CRTC_ID", layout_->crtc);
    }

    // Steps: sync files and timelines

    void merge(Dice& dice) {
        sync_merge_data data{};
        data.fd2 = fd(dice, SyncFile);
        if (call_fd(dice, fd(dice, SyncFile), SYNC_IOC_MERGE, data) == 0) note(SyncFile, data.fence);
    }
    /// Whoever polls a sync file learns what who asks for its status does.
    void look_at_file(Dice& dice) {
        sync_file_info info{};
        info.num_fences = dice.below(2) * dice.below(16);
        info.sync_fence_info = array(0);
        const int number = fd(dice, SyncFile);
        if (call_fd(dice, number, SYNC_IOC_FILE_INFO, info) != 0 || info.status == 0) return;
        const auto fd = memory_.take_fd(number);
        pollfd polled{.fd = fd->borrow(), .events = POLLIN, .revents = 0};
        if (!tests::comes_true([&] { return poll(&polled, 1, 0) == 1; }))
            found("a fence has signalled, its file is not readable");
    }
    void set_file_deadline(Dice& dice) {
        std::array<uint64_t, 2> data{wide(dice), 0};
        call_fd(dice, fd(dice, SyncFile), set_deadline, data);
    }
    void open_timeline(Dice&) {
        auto made = drm::open_sw_sync(machine_.model, "fuzz", caller.uid);
        if (made.ok()) note(Timeline, memory_.add_fd(*std::move(made)));
    }
    void create_fence(Dice& dice) {
        drm::SwSyncCreateFence data{};
        data.value = static_cast<uint32_t>(wide(dice));
        if (call_fd(dice, fd(dice, Timeline), drm::sw_sync_create_fence, data) == 0)
            note(SyncFile, data.fence);
    }
    void advance_timeline(Dice& dice) {
        auto distance = static_cast<uint32_t>(wide(dice));
        call_fd(dice, fd(dice, Timeline), drm::sw_sync_inc, distance);
    }
    void get_deadline(Dice& dice) {
        drm::SwSyncGetDeadline data{};
        data.fence_fd = fd(dice, SyncFile);
        call_fd(dice, fd(dice, Timeline), drm::sw_sync_get_deadline, data);
    }

    // Steps: syncobjs

    void create_syncobj(Dice& dice) {
        drm_syncobj_create create{.handle = 0, .flags = dice.below(2)};
        call(dice, slot_of(dice, Vkms), DRM_IOCTL_SYNCOBJ_CREATE, create);
    }
    void destroy_syncobj(Dice& dice) {
        drm_syncobj_destroy destroy{.handle = handle(dice), .pad = 0};
        call(dice, slot_of(dice, Vkms), DRM_IOCTL_SYNCOBJ_DESTROY, destroy);
    }
    void export_syncobj(Dice& dice) {
        drm_syncobj_handle_with_point data{};
        data.handle = handle(dice);
        data.flags = dice.below(4);
        if (data.flags & DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_TIMELINE) data.point = wide(dice);
        if (call(dice, slot_of(dice, Vkms), DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD_WITH_POINT, data) == 0)
            note(data.flags & DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE ? SyncFile : Syncobj,
                 data.fd);
    }
    void import_syncobj(Dice& dice) {
        drm_syncobj_handle_with_point data{};
        data.handle = handle(dice);
        data.flags = dice.below(4);
        if (data.flags & DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_TIMELINE) data.point = wide(dice);
        data.fd = fd(dice, data.flags & DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE ? SyncFile
                                                                                        : Syncobj);
        call(dice, slot_of(dice, Vkms), DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE_WITH_POINT, data);
    }
    /// Handles in array 0, points in array 1.
    uint32_t put_points(Dice& dice, CallerMemory& memory) {
        const uint32_t count = 1 + dice.below(4);
        for (uint32_t i = 0; i < count; i++) {
            memory.put(array(0) + i * 4, handle(dice));
            memory.put(array(1) + i * 8, wide(dice));
        }
        return count;
    }
    int64_t timeout(Dice& dice) {
        switch (dice.below(4)) {
            case 0: return 0;
            case 1: return INT64_MAX;
            case 2: return static_cast<int64_t>(wide(dice));
            default: return (clock_.now().time_since_epoch() + 10ms * dice.below(256)).count();
        }
    }
    void wait_for_syncobjs(Dice& dice) {
        auto memory = std::make_unique<CallerMemory>();
        drm_syncobj_wait_with_deadline data{};
        data.handles = array(0);
        data.timeout_nsec = timeout(dice);
        data.count_handles = put_points(dice, *memory);
        data.flags = dice.below(16) & ~uint32_t{DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE};
        data.deadline_nsec = wide(dice);
        wait(dice, slot_of(dice, Vkms), DRM_IOCTL_SYNCOBJ_WAIT_WITH_DEADLINE, data,
             std::move(memory));
    }
    void wait_for_points(Dice& dice) {
        auto memory = std::make_unique<CallerMemory>();
        drm_syncobj_timeline_wait_with_deadline data{};
        data.handles = array(0);
        data.points = array(1);
        data.timeout_nsec = timeout(dice);
        data.count_handles = put_points(dice, *memory);
        data.flags = dice.below(16);
        data.deadline_nsec = wide(dice);
        wait(dice, slot_of(dice, Vkms), DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT_WITH_DEADLINE, data,
             std::move(memory));
    }
    void reset_or_signal(Dice& dice) {
        drm_syncobj_array data{};
        data.handles = array(0);
        data.count_handles = put_points(dice, memory_);
        call(dice, slot_of(dice, Vkms),
             dice.below(2) ? DRM_IOCTL_SYNCOBJ_RESET : DRM_IOCTL_SYNCOBJ_SIGNAL, data);
    }
    void signal_or_query_points(Dice& dice) {
        drm_syncobj_timeline_array data{};
        data.handles = array(0);
        data.points = array(1);
        data.count_handles = put_points(dice, memory_);
        const bool is_query = dice.below(2) != 0;
        if (is_query) data.flags = dice.below(2);
        call(dice, slot_of(dice, Vkms),
             is_query ? DRM_IOCTL_SYNCOBJ_QUERY : DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, data);
    }
    void transfer(Dice& dice) {
        drm_syncobj_transfer data{};
        data.src_handle = handle(dice);
        data.dst_handle = handle(dice);
        data.src_point = wide(dice);
        data.dst_point = wide(dice);
        data.flags = dice.below(2) * DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT;
        wait(dice, slot_of(dice, Vkms), DRM_IOCTL_SYNCOBJ_TRANSFER, data);
    }
    void tell_eventfd(Dice& dice) {
        drm_syncobj_eventfd data{};
        data.handle = handle(dice);
        data.flags = dice.below(2) * DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE;
        data.point = wide(dice);
        data.fd = fd(dice, Eventfd);
        call(dice, slot_of(dice, Vkms), DRM_IOCTL_SYNCOBJ_EVENTFD, data);
    }
    /// One that is full now and then: who tells it must not block.
    void make_eventfd(Dice& dice) {
        UniqueFd made(eventfd(0, EFD_CLOEXEC));
        if (dice.one_in(4)) eventfd_write(made.borrow(), UINT64_MAX - 1);
        note(Eventfd, memory_.add_fd(std::move(made)));
    }

    static constexpr uapi::Credentials caller{.pid = 4242, .uid = 1000, .gid = 1000};
    // The corpus knows their numbers: new ones go to the end.
    static constexpr Step steps[] = {
        &Machine::pass_frames,       &Machine::grow_old,         &Machine::open_step,
        &Machine::close_step,        &Machine::plug_step,        &Machine::unplug_step,
        &Machine::close_fd,          &Machine::copy_fd,          &Machine::interrupt_wait,
        &Machine::look_at_objects,   &Machine::create_buffer,    &Machine::close_buffer,
        &Machine::export_buffer,     &Machine::import_buffer,    &Machine::wait_for_buffer,
        &Machine::name_buffer,       &Machine::export_fences,    &Machine::import_fences,
        &Machine::attach_fence,      &Machine::signal_fence,     &Machine::flip,
        &Machine::merge,             &Machine::look_at_file,     &Machine::set_file_deadline,
        &Machine::open_timeline,     &Machine::create_fence,     &Machine::advance_timeline,
        &Machine::get_deadline,      &Machine::create_syncobj,   &Machine::destroy_syncobj,
        &Machine::export_syncobj,    &Machine::import_syncobj,   &Machine::wait_for_syncobjs,
        &Machine::wait_for_points,   &Machine::reset_or_signal,  &Machine::signal_or_query_points,
        &Machine::transfer,          &Machine::tell_eventfd,     &Machine::make_eventfd};
    inline static const Layout* layout_ = nullptr;

    const drm_mode_modeinfo mode_ = drm::Mode::cvt(side, side, 60).to_user(drm::AspectBits::Hide);
    const Nanos frame_{static_cast<int64_t>(drm::Mode::cvt(side, side, 60).frame_duration_ns())};
    FakeClock clock_;
    tests::BothDrivers machine_{clock_};
    drm::SpecialFiles& files_ = machine_.model.service<drm::SpecialFiles>();
    std::array<MaybeRef<device::Device>, 2> cards_;
    std::array<Slot, 4> slots_{{{Vgem, drm::NodeType::Primary},
                                {Vgem, drm::NodeType::Render},
                                {Vkms, drm::NodeType::Primary},
                                {Vkms, drm::NodeType::Primary}}};
    CallerMemory memory_;
    std::array<std::vector<int>, any_kind> fds_;  // numbers of the open ones, by kind
    Waiters waiters_{clock_};
};

size_t open_fds() {
    const std::filesystem::directory_iterator fds("/proc/self/fd");
    return static_cast<size_t>(std::distance(begin(fds), end(fds)));
}

}  // namespace
}  // namespace plugboard::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    using namespace plugboard;
    static const bool has_begun = [] {
        fuzz::Machine();  // makes what is made once
        return true;
    }();
    (void)has_begun;
    const size_t objects = live_object_count(), fds = fuzz::open_fds();
    const tests::Numbers numbers = fuzz::bytes_of(bytes, size);
    fuzz::Machine().play(tests::Dice(numbers));
    if (live_object_count() != objects)
        fuzz::found(fmt::format("{} objects are left", live_object_count() - objects));
    if (fuzz::open_fds() != fds)
        fuzz::found(fmt::format("{} descriptors are open, {} were", fuzz::open_fds(), fds));
    for (const auto& [user, amounts] : drm::Accounts::instance().amounts())
        fuzz::found(fmt::format("user {} has something", user));
    return 0;
}
