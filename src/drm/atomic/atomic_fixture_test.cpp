#include "drm/atomic/atomic_fixture.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "device/bus.h"
#include "drm/atomic/check.h"
#include "uapi/in_process_memory.h"

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
    FakeHooks(const BoardInfo& info, std::function<void(std::string)> note)
        : info_(info), note_(std::move(note)) {}

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
            const PlaneChange* primary = state.find(*change->crtc->info().primary);
            const bool shows = primary && primary->new_state.fb;
            note_(change->crtc->name() + ": fb " +
                  (shows ? std::to_string(raw((*primary->new_state.fb)->id())) : "-"));
        }
    }

  private:
    const BoardInfo info_;
    const std::function<void(std::string)> note_;
};

class FakeDriver final : public device::Driver {
  public:
    explicit FakeDriver(Board& board)
        : Driver({.name = "fake", .matches = {"virtual,fake"}}), board_(board) {}

    Result<void> probe(device::Bound& bound) override {
        const BoardInfo& info = board_.info_;
        Ref<Device> drm =
            TRY(Device::create(bound, {.name = "fake", .description = "Fake", .date = "0"}));
        board_.drm_ = drm;
        ModeConfig& config = drm->mode_config();
        config.limits.min_width = config.limits.min_height = 10;
        config.hooks = &drm->manage<FakeHooks>(
            info, [this](std::string what) { board_.note(std::move(what)); });
        add_pipes(*drm, info);
        if (info.writeback) add_writeback(*drm, info);
        return drm->publish(bound);
    }

  private:
    Plane& add_plane(Device& drm, PlaneType type, uint32_t crtcs) {
        PlaneInfo info{.type = type, .possible_crtcs = crtcs, .formats = {}};
        if (type == PlaneType::Primary) {
            info.formats = {DRM_FORMAT_XRGB8888, DRM_FORMAT_RGB565};
        } else {
            info.formats = {DRM_FORMAT_ARGB8888, DRM_FORMAT_XRGB8888};
        }
        return drm.manage<Plane>(drm, std::move(info));
    }
    void add_pipes(Device& drm, const BoardInfo& info) {
        const uint32_t all = (1u << info.crtcs) - 1;
        const uint32_t all_encoders = (1u << (info.crtcs + 1)) - 1;
        for (uint32_t i = 0; i < info.crtcs; i++) {
            Plane& primary = add_plane(drm, PlaneType::Primary, 1u << i);
            if (i == 0) board_.overlay_ = &add_plane(drm, PlaneType::Overlay, all);
            Plane* cursor = info.cursors ? &add_plane(drm, PlaneType::Cursor, 1u << i) : nullptr;
            drm.manage<Crtc>(
                drm,
                CrtcInfo{.primary = &primary, .cursor = cursor, .gamma_size = info.gamma_size});
            Encoder& encoder = drm.manage<Encoder>(
                drm, EncoderInfo{.possible_crtcs = all,
                                 .possible_clones = info.clones ? all_encoders : 1u << i});
            const auto connector =
                Connector::create(drm, {.encoders = {&encoder}, .writeback_formats = {}});
            board_.screens_.push_back(&*connector);
        }
    }
    void add_writeback(Device& drm, const BoardInfo& info) {
        const uint32_t all_encoders = (1u << (info.crtcs + 1)) - 1;
        Encoder& encoder = drm.manage<Encoder>(
            drm, EncoderInfo{.possible_crtcs = 1,
                             .possible_clones = info.clones ? all_encoders : 1u << info.crtcs});
        board_.writeback_ = Connector::create(drm, {.type = DRM_MODE_CONNECTOR_WRITEBACK,
                                                    .encoders = {&encoder},
                                                    .writeback_formats = {DRM_FORMAT_XRGB8888}});
    }

    Board& board_;
};

Board::Board(BoardInfo info) : info_(info), driver_(std::make_unique<FakeDriver>(*this)) {
    EXPECT_TRUE(model.platform_bus().add_driver(*driver_).ok());
    device::DeviceInfo fake;
    fake.name = "fake0";
    fake.compatible = {"virtual,fake"};
    auto device = model.add_platform_device(std::move(fake));
    EXPECT_TRUE(device.ok());
    if (device.ok()) device_ = *device;
}

Board::~Board() {
    unplug();
    writeback_.reset();
    drm_.reset();
    device_.reset();
    EXPECT_TRUE(model.platform_bus().remove_driver(*driver_).ok());
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

std::vector<std::string> Board::programmed() {
    const std::lock_guard lock(mutex_);
    return programmed_;
}

namespace {

class QueueSink final : public EventSink {
  public:
    explicit QueueSink(std::shared_ptr<EventQueue> queue) : queue_(std::move(queue)) {}
    void push(const EventBytes& event) override {
        if (queue_->before_push) queue_->before_push();
        const std::lock_guard lock(queue_->mutex);
        queue_->events.push_back(event);
    }
    size_t unread() const override {
        const std::lock_guard lock(queue_->mutex);
        return queue_->events.size() * sizeof(EventBytes);
    }
    void hang_up() override {}

  private:
    const std::shared_ptr<EventQueue> queue_;
};

}  // namespace

Client::Client(Board& board) : board_(board), sleeper_(board.clock) {
    auto file =
        File::open(board.drm(), {.flags = O_RDWR, .opener = {.pid = getpid()}, .command = "test"},
                   std::make_unique<QueueSink>(queue_));
    EXPECT_TRUE(file.ok());
    if (file.ok()) file_ = *file;
    for (const uint64_t cap :
         std::initializer_list<uint64_t>{DRM_CLIENT_CAP_UNIVERSAL_PLANES, DRM_CLIENT_CAP_ATOMIC,
                                         DRM_CLIENT_CAP_WRITEBACK_CONNECTORS}) {
        drm_set_client_cap set{cap, 1};
        EXPECT_EQ(call(DRM_IOCTL_SET_CLIENT_CAP, &set), 0);
    }
}

Client::~Client() {
    if (file_) board_.pump([this] { close(); });
}

void Client::close() {
    (*file_)->release();
    file_.reset();
}

int Client::call(unsigned long command, void* argument) {
    uapi::InProcessMemory memory;
    Request request(memory, sleeper_, {.pid = getpid()});
    request.keep_reasons();
    const auto done = (*file_)->ioctl(request, static_cast<uint32_t>(command),
                                      uapi::UserAddress{address(argument)});
    memory.end_request(!done.ok());
    reason_ = request.reason();
    return done.ok() ? 0 : static_cast<int>(done.error());
}

int Client::pumped(unsigned long command, void* argument) {
    int result = 0;
    board_.pump([&] { result = call(command, argument); });
    board_.settle();
    return result;
}

void Client::interrupt() {
    sleeper_.interrupt();
}

uint32_t Client::add_buffer(uint32_t width, uint32_t height) {
    drm_mode_create_dumb dumb{};
    dumb.width = width;
    dumb.height = height;
    dumb.bpp = 32;
    EXPECT_EQ(call(DRM_IOCTL_MODE_CREATE_DUMB, &dumb), 0);
    return dumb.handle;
}

uint32_t Client::add_fb(uint32_t width, uint32_t height, uint32_t format) {
    drm_mode_fb_cmd2 fb{};
    fb.width = width;
    fb.height = height;
    fb.pixel_format = format;
    fb.handles[0] = add_buffer(width, height);
    fb.pitches[0] = width * 4;
    EXPECT_EQ(call(DRM_IOCTL_MODE_ADDFB2, &fb), 0) << reason_;
    return fb.fb_id;
}

uint32_t Client::add_blob(const void* bytes, size_t size) {
    drm_mode_create_blob blob{address(bytes), static_cast<uint32_t>(size), 0};
    EXPECT_EQ(call(DRM_IOCTL_MODE_CREATEPROPBLOB, &blob), 0) << reason_;
    return blob.blob_id;
}

uint32_t Client::add_mode_blob(const drm_mode_modeinfo& mode) {
    return add_blob(&mode, sizeof mode);
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
    std::vector<drm_event_vblank> events;
    const std::lock_guard lock(queue_->mutex);
    for (const EventBytes& bytes : queue_->events) {
        drm_event_vblank event;
        std::memcpy(&event, bytes.data(), sizeof event);
        events.push_back(event);
    }
    queue_->events.clear();
    return events;
}

size_t Client::event_count() {
    const std::lock_guard lock(queue_->mutex);
    return queue_->events.size();
}

void Client::before_each_event(std::function<void()> run) {
    queue_->before_push = std::move(run);
}

Ref<File> Client::take_file() {
    Ref<File> file = *std::move(file_);
    file_.reset();
    return file;
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
    return client.call(DRM_IOCTL_MODE_ATOMIC, &argument);
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

bool comes_true(const std::function<bool()>& predicate) {
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (std::chrono::steady_clock::now() < end) {
        if (predicate()) return true;
        std::this_thread::sleep_for(200us);
    }
    return predicate();
}

}  // namespace plugboard::drm::atomic
