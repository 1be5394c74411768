#include "drivers/vkms/storm_fixture.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <ostream>
#include <sstream>

#include "drm/atomic/commit_worker.h"
#include "drm/objects/mode_config.h"
#include "tests/support/comes_true.h"
#include "tests/support/drm_client.h"

namespace plugboard::vkms {
namespace {

using namespace std::chrono_literals;
using tests::comes_true;
using tests::patience;

constexpr std::array verb_names = {
    "Open",      "OpenRender", "Reopen",     "Close",        "GetCap", "GetResources",
    "SetMaster", "DropMaster", "CreateDumb", "Map",          "Write",  "AddFb",
    "RmFb",      "SetCrtc",    "Flip",       "BlockingFlip", "Read",   "Vblank",
    "Pause",     "Unbind",     "Unplug",     "Plug"};
static_assert(verb_names.size() == static_cast<size_t>(Verb::Plug) + 1);

constexpr uint32_t screen_side = 64;  // of the screen, in pixels

Config small_screen() {
    Config config;
    config.screens = {{.mode = ScreenMode{.width = screen_side, .height = screen_side}}};
    return config;
}

StormObjects live_storm_objects() {
    StormObjects all;
    for (const Ref<const Object>& object : live_objects()) {
        all.devices += dynamic_cast<const drm::Device*>(&*object) != nullptr;
        all.files += dynamic_cast<const drm::File*>(&*object) != nullptr;
        all.framebuffers += dynamic_cast<const drm::Framebuffer*>(&*object) != nullptr;
        all.buffers += dynamic_cast<const drm::gem::Object*>(&*object) != nullptr;
    }
    return all;
}

std::string text_of(const StormObjects& all) {
    return fmt::format("{} devices, {} files, {} framebuffers, {} buffers", all.devices, all.files,
                       all.framebuffers, all.buffers);
}

int flip_to(tests::Client& client, uint32_t fb, uint64_t user_data, bool is_blocking) {
    const drm::ModeConfig& config = client.file().device().mode_config();
    const uint32_t plane = raw(config.planes[0]->id());
    const uint32_t count = 2;
    const uint32_t properties[] = {raw(config.properties.fb_id->id()),
                                   raw(config.properties.crtc_id->id())};
    const uint64_t values[] = {fb, raw(config.crtcs[0]->id())};
    drm_mode_atomic request{};
    request.flags = DRM_MODE_PAGE_FLIP_EVENT;
    if (!is_blocking) request.flags |= DRM_MODE_ATOMIC_NONBLOCK;
    request.count_objs = 1;
    request.objs_ptr = reinterpret_cast<uint64_t>(&plane);
    request.count_props_ptr = reinterpret_cast<uint64_t>(&count);
    request.props_ptr = reinterpret_cast<uint64_t>(properties);
    request.prop_values_ptr = reinterpret_cast<uint64_t>(values);
    request.user_data = user_data;
    return client.ioctl(DRM_IOCTL_MODE_ATOMIC, request);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Command& command) {
    return out << verb_names[static_cast<size_t>(command.verb)] << "(" << command.file << ", "
               << command.item << ")";
}

Storm::Storm(StormRules rules)
    : mode_(drm::Mode::cvt(screen_side, screen_side, 60)),
      board_(small_screen(), clock_),
      model_(rules) {
    model_.plug();
}

Storm::~Storm() {
    board_.unplug();  // ends the calls that wait
    calls_.clear();
}

std::optional<StormDifference> Storm::play(const std::vector<Command>& commands) {
    // So that most lists come to a flip.
    for (const Verb verb :
         {Verb::Open, Verb::CreateDumb, Verb::AddFb, Verb::AddFb, Verb::Map, Verb::SetCrtc})
        step({.verb = verb});
    for (const Command& command : commands) step(command);
    step({.verb = Verb::Unplug});
    for (size_t file = 0; file < clients_.size(); file++) {
        if (!difference_ && model_.files()[file].is_open) close(file);
    }
    compare_state();
    for (const Mapped& mapped : mappings_) compare_mapping(mapped);
    return difference_;
}

void Storm::step(const Command& command) {
    if (difference_) return;
    apply(command);
    settle();
    compare_state();
    if (difference_) {
        std::ostringstream name;
        name << command;
        difference_->text = name.str() + ": " + difference_->text;
    }
}

void Storm::apply(const Command& command) {
    switch (command.verb) {
        case Verb::Open: return open(drm::NodeType::Primary);
        case Verb::OpenRender: return open(drm::NodeType::Render);
        case Verb::Write: return write(command.item);
        case Verb::Vblank: return pass(Nanos(static_cast<int64_t>(mode_.frame_duration_ns())));
        case Verb::Pause: return pass(6s);
        case Verb::Unbind:
        case Verb::Unplug: return pull(command.verb);
        case Verb::Plug: return plug();
        default: break;
    }
    std::vector<size_t> open_files;
    for (size_t file = 0; file < clients_.size(); file++) {
        if (model_.files()[file].is_open) open_files.push_back(file);
    }
    if (!open_files.empty()) apply_to(command, open_files[command.file % open_files.size()]);
}

void Storm::apply_to(const Command& command, size_t file) {
    StormModel::File& expected = model_.files()[file];
    switch (command.verb) {
        case Verb::Reopen: return reopen(file);
        case Verb::Close: return close(file);
        case Verb::GetCap: {
            drm_get_cap cap{.capability = DRM_CAP_DUMB_BUFFER, .value = 0};
            if (ioctl(file, DRM_IOCTL_GET_CAP, &cap, model_.query(expected)))
                compare("capability", uint64_t{1}, cap.value);
            return;
        }
        case Verb::GetResources: {
            drm_mode_card_res all{};
            if (ioctl(file, DRM_IOCTL_MODE_GETRESOURCES, &all, model_.query(expected)))
                compare("CRTCs", 1U, all.count_crtcs);
            return;
        }
        case Verb::SetMaster:
            ioctl(file, DRM_IOCTL_SET_MASTER, nullptr, model_.set_master(expected));
            return;
        case Verb::DropMaster:
            ioctl(file, DRM_IOCTL_DROP_MASTER, nullptr, model_.drop_master(expected));
            return;
        case Verb::CreateDumb: return create_dumb(file);
        case Verb::Map: return map(file, command.item);
        case Verb::AddFb: return add_fb(file, command.item);
        case Verb::RmFb: return remove_fb(file, command.item);
        case Verb::SetCrtc: return set_crtc(file, command.item);
        case Verb::Flip: return flip(file, command.item, false);
        case Verb::BlockingFlip: return flip(file, command.item, true);
        case Verb::Read: return read(file);
        default: return;
    }
}

void Storm::compare_error(const std::string& what, int expected, int actual) {
    const auto name = [](int error) {
        return std::string(error == 0 ? "0" : errno_name(static_cast<Errno>(error)));
    };
    compare(what, name(expected), name(actual));
}

bool Storm::ioctl(size_t file, unsigned long command, void* argument, int expected) {
    const int error = clients_[file]->ioctl(command, argument);
    compare_error("result", expected, error);
    return error == 0;
}

int Storm::add_client(drm::Device& device) {
    auto client = std::make_unique<tests::Client>(device);
    if (!client->is_open()) return client->open_error();
    client->set_cap(DRM_CLIENT_CAP_ATOMIC);
    clients_.push_back(std::move(client));
    return 0;
}

void Storm::open(drm::NodeType node) {
    const auto device = drm::find_device(board_.model, node, model_.card());
    const int error = device ? add_client(**device) : ENOENT;
    compare_error("open", node == drm::NodeType::Primary ? model_.open() : ENOENT, error);
}

// As an open() does that has found the node just before the unplug.
void Storm::reopen(size_t file) {
    const int error = add_client(clients_[file]->file().device());
    compare_error("open", model_.open_device_of(model_.files()[file]), error);
}

void Storm::close(size_t file) {
    const auto is_of_file = [file](const Call& call) { return call.file == file; };
    if (std::ranges::any_of(calls_, is_of_file)) return;  // the last close comes after them
    call(file, model_.close(model_.files()[file]), [client = clients_[file].get()] {
        client->close();
        return 0;
    });
}

void Storm::create_dumb(size_t file) {
    drm_mode_create_dumb dumb{};
    dumb.width = screen_side;
    dumb.height = screen_side;
    dumb.bpp = 32;
    StormModel::File& expected = model_.files()[file];
    if (!ioctl(file, DRM_IOCTL_MODE_CREATE_DUMB, &dumb, model_.query(expected))) return;
    expected.buffers.push_back(contents_.size());
    contents_.push_back(0);
    compare("handle", expected.buffers.size(), size_t{dumb.handle});
}

void Storm::map(size_t file, size_t item) {
    const StormModel::File& expected = model_.files()[file];
    if (expected.buffers.empty()) return;
    const size_t index = item % expected.buffers.size();
    drm_mode_map_dumb map{.handle = static_cast<uint32_t>(index + 1), .pad = 0, .offset = 0};
    ioctl(file, DRM_IOCTL_MODE_MAP_DUMB, &map, model_.query(expected));
    const auto mapped =
        clients_[file]->file().map(map.offset, 4096, PROT_READ | PROT_WRITE, MAP_SHARED);
    compare_error("mmap", model_.query(expected),
                  mapped.ok() ? 0 : static_cast<int>(mapped.error()));
    if (!mapped.ok()) return;
    void* data =
        mmap(nullptr, mapped->size, PROT_READ | PROT_WRITE, MAP_SHARED, mapped->memory.borrow(), 0);
    compare("mmap of the memory", false, data == MAP_FAILED);
    if (data == MAP_FAILED) return;
    mappings_.push_back({drm::gem::Mapping(data, mapped->size), expected.buffers[index]});
}

void Storm::compare_mapping(const Mapped& mapped) {
    const auto bytes = mapped.memory.bytes();
    compare("first byte", contents_[mapped.buffer], std::to_integer<uint8_t>(bytes.front()));
    compare("last byte", contents_[mapped.buffer], std::to_integer<uint8_t>(bytes.back()));
}

// The buffer's device and file may be gone.
void Storm::write(size_t item) {
    if (mappings_.empty()) return;
    const Mapped& mapped = mappings_[item % mappings_.size()];
    compare_mapping(mapped);
    contents_[mapped.buffer] = ++writes_;
    mapped.memory.bytes().front() = mapped.memory.bytes().back() = std::byte{writes_};
}

void Storm::add_fb(size_t file, size_t item) {
    StormModel::File& expected = model_.files()[file];
    if (expected.buffers.empty()) return;
    drm_mode_fb_cmd2 fb{};
    fb.width = screen_side;
    fb.height = screen_side;
    fb.pixel_format = DRM_FORMAT_XRGB8888;
    fb.handles[0] = static_cast<uint32_t>(item % expected.buffers.size() + 1);
    fb.pitches[0] = screen_side * 4;
    if (ioctl(file, DRM_IOCTL_MODE_ADDFB2, &fb, model_.query(expected)))
        expected.framebuffers.push_back(fb.fb_id);
}

void Storm::remove_fb(size_t file, size_t item) {
    StormModel::File& expected = model_.files()[file];
    if (expected.framebuffers.empty()) return;
    const uint32_t fb = expected.framebuffers[item % expected.framebuffers.size()];
    call(file, model_.remove_framebuffer(expected, fb), [client = clients_[file].get(), fb] {
        uint32_t id = fb;
        return client->ioctl(DRM_IOCTL_MODE_RMFB, id);
    });
}

void Storm::set_crtc(size_t file, size_t item) {
    const StormModel::File& expected = model_.files()[file];
    if (expected.framebuffers.empty() || model_.pending_count() >= 2) return;
    const uint32_t fb = expected.framebuffers[item % expected.framebuffers.size()];
    tests::Client* client = clients_[file].get();
    call(file, model_.set_crtc(expected, fb), [this, client, fb] {
        const drm::ModeConfig& config = client->file().device().mode_config();
        const uint32_t screen = raw(config.connectors[0]->id());
        drm_mode_crtc set{};
        set.crtc_id = raw(config.crtcs[0]->id());
        set.fb_id = fb;
        set.set_connectors_ptr = reinterpret_cast<uint64_t>(&screen);
        set.count_connectors = 1;
        set.mode_valid = 1;
        set.mode = mode_.to_user(drm::AspectBits::Hide);
        return client->ioctl(DRM_IOCTL_MODE_SETCRTC, set);
    });
}

void Storm::flip(size_t file, size_t item, bool is_blocking) {
    const StormModel::File& expected = model_.files()[file];
    if (expected.framebuffers.empty() || (is_blocking && model_.pending_count() >= 2)) return;
    const uint32_t fb = expected.framebuffers[item % expected.framebuffers.size()];
    const uint64_t user_data = ++flips_;
    call(file, model_.flip(expected, fb, user_data, is_blocking),
         [client = clients_[file].get(), fb, user_data, is_blocking] {
             return flip_to(*client, fb, user_data, is_blocking);
         });
}

void Storm::read(size_t file) {
    StormModel::File& expected = model_.files()[file];
    for (const drm::EventBytes& bytes : clients_[file]->events().take()) {
        if (expected.events.empty()) return compare("late event", false, true);
        drm_event_vblank event{};
        std::memcpy(&event, bytes.data(), sizeof(event));
        compare("user data of an event", expected.events.front(), event.user_data);
        expected.events.pop_front();
    }
}

void Storm::pass(Nanos time) {
    // The core waits for a commit of its own for at most 10 s.
    if (time > 1s && model_.pending_count() > 1) return;
    clock_.advance(time);
    finish_calls(model_.vblank());
}

void Storm::pull(Verb verb) {
    if (!model_.is_plugged()) return;
    if (verb == Verb::Unplug) {
        board_.unplug();
    } else {
        compare("unbind", true, board_.model.platform_bus().unbind("vkms", "vkms").ok());
    }
    finish_calls(model_.unplug());
}

void Storm::plug() {
    if (model_.is_plugged()) return;
    if (board_.device) {
        compare("bind", true, board_.model.platform_bus().bind("vkms", "vkms").ok());
    } else {
        const auto added = board_.model.add_platform_device(TestBoard::info(small_screen()));
        compare("plug", true, added.ok());
        if (added.ok()) board_.device = *added;
    }
    model_.plug();
}

void Storm::call(size_t file, Answer expected, std::function<int()> run) {
    Call call{file, std::async(std::launch::async, std::move(run))};
    if (!expected.waits) compare_result(call, expected.error);
    // A call that should return, but does not, is ended by an unplug.
    if (call.result.valid()) calls_.push_back(std::move(call));
}

void Storm::compare_result(Call& call, int expected) {
    if (call.result.wait_for(patience) == std::future_status::ready) {
        compare_error("result", expected, call.result.get());
    } else {
        note_time_out("the end of a call");
    }
}

void Storm::note_time_out(const std::string& what) {
    if (difference_) return;
    difference_ = StormDifference{.kind = StormDifference::Kind::TimeOut,
                                  .text = what + " has not come in time"};
}

void Storm::finish_calls(const std::vector<int>& expected) {
    for (const int result : expected) {
        if (difference_) return;
        compare_result(calls_.front(), result);
        if (!difference_) calls_.pop_front();
    }
}

void Storm::settle() {
    if (!model_.is_plugged()) return;
    const auto device = drm::find_device(board_.model, drm::NodeType::Primary, model_.card());
    compare("card is there", true, device.has_value());
    if (!device) return;
    drm::ModeConfig& config = (*device)->mode_config();
    drm::atomic::CommitWorker& worker = config.worker();
    const auto is_settled = [&] {
        const auto due = config.crtcs[0]->vblank().next_due();
        return worker.pending_count() == model_.pending_count() && worker.is_idle() &&
               (!due || *due > clock_.now());
    };
    if (!comes_true(is_settled))
        note_time_out(fmt::format("the model's {} pending commits, beside {} of the card,",
                                  model_.pending_count(), worker.pending_count()));
}

void Storm::compare_state() {
    for (size_t i = 0; i < clients_.size(); i++) {
        const StormModel::File& file = model_.files()[i];
        if (!file.is_open) continue;
        const tests::EventQueue& events = clients_[i]->events();
        compare("events", file.events.size(), events.unread() / sizeof(drm::EventBytes));
        compare("hang-up", file.is_hung_up, events.is_hung_up());
    }
    if (model_.pending_count() == 0)
        compare("objects", text_of(model_.objects()), text_of(live_storm_objects()));
}

}  // namespace plugboard::vkms
