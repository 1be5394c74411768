#include "drm/atomic/atomic_fixture.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "device/bus.h"
#include "drm/atomic/check.h"

namespace plugboard::drm::atomic {
namespace {

using namespace std::chrono_literals;

uint64_t address(const void* pointer) {
    return reinterpret_cast<uint64_t>(pointer);
}

}  // namespace

/// vkms's rules without its pictures.
class FakeHooks final : public KmsHooks {
  public:
    FakeHooks(const BoardInfo& info, std::function<void(std::string)> note,
              std::function<MaybeRef<Fence>()> release)
        : info_(info), note_(std::move(note)), release_(std::move(release)) {}

    Result<void> check(State& state) override {
        for (const PlaneChange* change : state.planes()) {
            const PlaneState& next = change->new_state;
            if (!next.crtc) continue;
            const Rect& to = next.destination;
            if (!to.is_empty() && !next.source.has_size(to.size()))
                return state.refuse(Errno::Range, "{}: it cannot scale", name_of(*change->plane));
            const auto& mode = state.crtc(*next.crtc).mode;
            if (!info_.primary_covers_mode || change->plane->plane_type() != PlaneType::Primary)
                continue;
            const Rect whole{0, 0, mode ? mode->size().width : 0, mode ? mode->size().height : 0};
            if (whole.is_empty() || intersect(to, whole) != whole)
                return state.refuse(Errno::Inval, "{}: it must cover the mode",
                                    name_of(*change->plane));
        }
        return {};
    }
    void commit(const device::Bound&, State& state) override {
        for (const CrtcChange* change : state.crtcs()) {
            if (auto release = release_()) state.set_release_fence(*change->crtc, *release);
            const PlaneChange* primary = state.find(*change->crtc->info().primary);
            const bool shows = primary && primary->new_state.fb;
            note_(change->crtc->name() + ": fb " +
                  (shows ? std::to_string(raw((*primary->new_state.fb)->id())) : "-"));
        }
    }

  private:
    const BoardInfo info_;
    const std::function<void(std::string)> note_;
    const std::function<MaybeRef<Fence>()> release_;
};

Board::Board(BoardInfo info) : info_(info) {
    EXPECT_TRUE(model.platform_bus().add_driver(driver_).ok());
    device::DeviceInfo fake;
    fake.name = "fake0";
    fake.compatible = {"fake"};
    auto device = model.add_platform_device(std::move(fake));
    EXPECT_TRUE(device.ok());
    if (device.ok()) device_ = *device;
}

Result<void> Board::probe(device::Bound& bound) {
    drm_ = TRY(Device::create(bound, {.name = "fake",
                                      .description = "Fake",
                                      .date = "0",
                                      .cursor_hotspot = info_.rich,
                                      .dirty_framebuffers = info_.rich,
                                      .async_page_flip = info_.rich}));
    config().limits.min_width = config().limits.min_height = 10;
    config().hooks = &drm().manage<FakeHooks>(
        info_, [this](std::string what) { note(std::move(what)); }, [this] { return release(); });
    add_pipes();
    if (info_.writeback) add_writeback();
    return drm().publish(bound);
}

Plane& Board::add_plane(PlaneType type, uint32_t crtcs) {
    PlaneInfo info{.type = type, .possible_crtcs = crtcs, .formats = {}};
    if (type == PlaneType::Primary) {
        info.formats = {DRM_FORMAT_XRGB8888, DRM_FORMAT_RGB565, DRM_FORMAT_NV12};
    } else {
        info.formats = {DRM_FORMAT_ARGB8888, DRM_FORMAT_XRGB8888};
    }
    if (info_.rich) {
        const auto index = static_cast<uint32_t>(config().planes.size());
        info.zpos = ZposInfo{.initial = index, .least = 0, .most = 7};
        info.alpha = info.blend_mode = info.scaling_filter = info.damage_clips = true;
        info.size_hints = {{.width = 64, .height = 64}};
    }
    return drm().manage<Plane>(drm(), std::move(info));
}

void Board::add_pipes() {
    const uint32_t all = (1u << info_.crtcs) - 1;
    const uint32_t all_encoders = (1u << (info_.crtcs + 1)) - 1;
    for (uint32_t i = 0; i < info_.crtcs; i++) {
        Plane& primary = add_plane(PlaneType::Primary, 1u << i);
        if (i == 0) overlay_ = &add_plane(PlaneType::Overlay, all);
        Plane* cursor = info_.cursors ? &add_plane(PlaneType::Cursor, 1u << i) : nullptr;
        drm().manage<Crtc>(drm(), CrtcInfo{.primary = &primary,
                                           .cursor = cursor,
                                           .gamma_size = info_.gamma_size,
                                           .degamma_size = info_.rich ? info_.gamma_size : 0,
                                           .ctm = info_.rich});
        Encoder& encoder = drm().manage<Encoder>(
            drm(), EncoderInfo{.possible_crtcs = all,
                               .possible_clones = info_.clones ? all_encoders : 1u << i});
        const auto connector =
            Connector::create(drm(), {.encoders = {&encoder}, .writeback_formats = {}});
        screens_.push_back(&*connector);
    }
}

void Board::add_writeback() {
    const uint32_t all_encoders = (1u << (info_.crtcs + 1)) - 1;
    Encoder& encoder = drm().manage<Encoder>(
        drm(), EncoderInfo{.possible_crtcs = 1,
                           .possible_clones = info_.clones ? all_encoders : 1u << info_.crtcs});
    writeback_ = Connector::create(drm(), {.type = DRM_MODE_CONNECTOR_WRITEBACK,
                                           .encoders = {&encoder},
                                           .writeback_formats = {DRM_FORMAT_XRGB8888}});
}

Board::~Board() {
    unplug();
    writeback_.reset();
    drm_.reset();
    device_.reset();
    EXPECT_TRUE(model.platform_bus().remove_driver(driver_).ok());
    model.flush();
}

void Board::unplug() {
    (*device_)->del();
    model.flush();
}

bool Board::vblank(size_t crtc_index) {
    Vblank& vblank = crtc(crtc_index).vblank();
    const auto due = vblank.next_due();
    if (!due) return false;
    if (*due > clock.now()) clock.advance(*due - clock.now());
    vblank.handle(*due);
    return true;
}

void Board::pump(const std::function<void()>& work) {
    std::atomic<bool> is_done{false};
    std::thread thread([&] {
        work();
        is_done = true;
    });
    while (!is_done) {
        for (size_t i = 0; i < config().crtcs.size(); i++) vblank(i);
        std::this_thread::sleep_for(200us);
    }
    thread.join();
}

void Board::settle() {
    // The worker sleeps again when nothing is left to do: its last task is visible by then.
    EXPECT_TRUE(comes_true([this] { return worker().is_idle(); }));
}

void Board::drain() {
    for (int i = 0; i < 1000; i++) {
        settle();
        if (worker().pending_count() == 0) return;
        for (size_t crtc = 0; crtc < config().crtcs.size(); crtc++) vblank(crtc);
    }
    ADD_FAILURE() << "a commit does not end";
}

void Board::note(std::string what) {
    const std::lock_guard lock(mutex_);
    programmed_.push_back(std::move(what));
}

void Board::replace_after(MaybeRef<Fence> release) {
    const std::lock_guard lock(mutex_);
    release_.swap(release);
}

MaybeRef<Fence> Board::release() {
    const std::lock_guard lock(mutex_);
    return release_;
}

std::vector<std::string> Board::programmed() {
    const std::lock_guard lock(mutex_);
    return programmed_;
}

Client::Client(Board& board)
    : tests::Client(board.drm(), {.sleeper = &sleeper_}), board_(board), sleeper_(board.clock) {
    EXPECT_TRUE(is_open());
    for (const uint64_t cap :
         std::initializer_list<uint64_t>{DRM_CLIENT_CAP_UNIVERSAL_PLANES, DRM_CLIENT_CAP_ATOMIC,
                                         DRM_CLIENT_CAP_WRITEBACK_CONNECTORS})
        EXPECT_EQ(set_cap(cap), 0);
}

Client::~Client() {
    if (is_open()) board_.pump([this] { close(); });
}

int Client::pumped(unsigned long command, void* argument) {
    int result = 0;
    board_.pump([&] { result = ioctl(command, argument); });
    board_.settle();
    return result;
}

int Client::set_crtc(uint32_t fb, size_t crtc_index, const drm_mode_modeinfo& mode) {
    const uint32_t connector = raw(board_.screen(crtc_index).id());
    drm_mode_crtc set{};
    set.crtc_id = raw(board_.crtc(crtc_index).id());
    set.fb_id = fb;
    set.set_connectors_ptr = address(&connector);
    set.count_connectors = 1;
    set.mode_valid = 1;
    set.mode = mode;
    return pumped(DRM_IOCTL_MODE_SETCRTC, &set);
}

std::vector<drm_event_vblank> Client::vblank_events() {
    std::vector<drm_event_vblank> taken;
    for (const EventBytes& bytes : events().take()) {
        drm_event_vblank event;
        std::memcpy(&event, bytes.data(), sizeof event);
        taken.push_back(event);
    }
    return taken;
}

Wakeup WatchedSleeper::sleep(std::optional<Time> deadline, Interrupts interrupts) {
    sleeps_++;
    return inner_.sleep(deadline, interrupts);
}

Waiting::Waiting(Client& client, std::function<int()> call) {
    const uint64_t before = client.sleeper().sleeps();
    thread_ = std::thread([this, run = std::move(call)] {
        result_ = run();
        has_returned_ = true;
    });
    while (client.sleeper().sleeps() == before && !has_returned_) std::this_thread::yield();
}

Waiting::~Waiting() {
    if (thread_.joinable()) thread_.join();
}

int Waiting::result() {
    thread_.join();
    return result_;
}

AtomicRequest& AtomicRequest::set(const ModeObject& object, const Property* property,
                                  uint64_t value) {
    return set(raw(object.id()), raw(property->id()), value);
}

AtomicRequest& AtomicRequest::set(uint32_t object, uint32_t property, uint64_t value) {
    objects_.push_back(object);
    counts_.push_back(1);
    properties_.push_back(property);
    values_.push_back(value);
    return *this;
}

AtomicRequest& AtomicRequest::flags(uint32_t flags) {
    flags_ = flags;
    return *this;
}

AtomicRequest& AtomicRequest::user_data(uint64_t value) {
    user_data_ = value;
    return *this;
}

drm_mode_atomic AtomicRequest::build() {
    drm_mode_atomic argument{};
    argument.flags = flags_;
    argument.count_objs = static_cast<uint32_t>(objects_.size());
    argument.objs_ptr = address(objects_.data());
    argument.count_props_ptr = address(counts_.data());
    argument.props_ptr = address(properties_.data());
    argument.prop_values_ptr = address(values_.data());
    argument.user_data = user_data_;
    return argument;
}

int AtomicRequest::call(Client& client) {
    drm_mode_atomic argument = build();
    return client.ioctl(DRM_IOCTL_MODE_ATOMIC, &argument);
}

int AtomicRequest::pumped(Client& client) {
    drm_mode_atomic argument = build();
    return client.pumped(DRM_IOCTL_MODE_ATOMIC, &argument);
}

void add_modeset(AtomicRequest& request, Board& board, Client& client, uint32_t fb,
                 size_t crtc_index) {
    const StandardProperties& p = board.config().properties;
    const Crtc& crtc = board.crtc(crtc_index);
    const Plane& plane = board.primary(crtc_index);
    request.set(board.screen(crtc_index), p.crtc_id, raw(crtc.id()))
        .set(crtc, p.mode_id, client.add_mode_blob(mode_1024x768()))
        .set(crtc, p.active, 1)
        .set(plane, p.crtc_id, raw(crtc.id()))
        .set(plane, p.fb_id, fb)
        .set(plane, p.crtc_x, 0)
        .set(plane, p.crtc_y, 0)
        .set(plane, p.crtc_w, 1024)
        .set(plane, p.crtc_h, 768)
        .set(plane, p.src_x, 0)
        .set(plane, p.src_y, 0)
        .set(plane, p.src_w, uint64_t{1024} << 16)
        .set(plane, p.src_h, uint64_t{768} << 16)
        .flags(DRM_MODE_ATOMIC_ALLOW_MODESET);
}

bool is_readable(int fd) {
    pollfd poll_fd{fd, POLLIN, 0};
    return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLIN) != 0;
}

}  // namespace plugboard::drm::atomic
