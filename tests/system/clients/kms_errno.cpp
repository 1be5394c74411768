// One wrong argument at a time, on a card with overlays that has one 1024x768 screen: prints what
// each call answers, line by line as tests/reference/*/kms-errno.txt. With --marks it says on
// stderr after each refused ioctl which one it was. An indented line says what the line before it
// left behind.
#include <functional>
#include <string_view>

#include "tests/system/clients/card.h"

namespace {

using client::Buffer;
using client::Card;
using client::must;

constexpr uint32_t unknown = 99999;  // an id or handle that nothing has
constexpr uint64_t bad_pointer = 8;
constexpr uint32_t screen_bytes = 1024 * 768 * 4;
constexpr int64_t period_ns = 16666666;

bool marks = false;

std::string name_of(int error) {
    return error == 0 ? "ok" : strerrorname_np(error);
}

void print(std::string_view label, std::string_view result, int width = 63) {
    std::printf("%-*s%s\n", width, std::string(label).c_str(), std::string(result).c_str());
}

/// On stderr, after what the daemon said there about the refusal.
void mark(std::string_view label, int error) {
    if (!marks || error == 0) return;
    const std::string line = "refused: " + std::string(label) + ": " + name_of(error) + "\n";
    must(write(STDERR_FILENO, line.data(), line.size()) > 0, "stderr");
}

/// One line of an ioctl that answered `error`, and its mark.
void say(std::string_view label, int error, std::string_view success = "ok", int width = 63) {
    print(label, error == 0 ? std::string(success) : name_of(error), width);
    mark(label, error);
}

int error_of(bool ok) {
    return ok ? 0 : errno;
}

void set_cap(const Card& card, uint64_t cap) {
    drm_set_client_cap set{cap, 1};
    must(card.call(DRM_IOCTL_SET_CLIENT_CAP, set) == 0, "SET_CLIENT_CAP");
}

// Caps and buffers

void probe_client_caps() {
    const std::vector<std::vector<uint64_t>> values = {
        {0, 1, 2, 3}, {0, 2},    {0, 1, 2, 3}, {0, 1, 2},    {0, 1, 2},
        {0, 1, 2, 3}, {0, 1, 2}, {0, 1, 2, 3}, {0, 1, 2, 3},
    };
    for (uint64_t cap = 0; cap < values.size(); cap++) {
        for (const uint64_t value : values[cap]) {
            const Card card;  // none of the caps before is on
            drm_set_client_cap set{cap, value};
            say("SET_CLIENT_CAP " + std::to_string(cap) + " = " + std::to_string(value),
                card.call(DRM_IOCTL_SET_CLIENT_CAP, set));
        }
    }
}

void probe_caps(const Card& card) {
    constexpr uint64_t caps[] = {0x0, 0x3, 0x4,  0x7,  0x8,  0x9,  0xb, 0xc,
                                 0xd, 0xe, 0x10, 0x12, 0x14, 0x15, 0x17};
    for (const uint64_t cap : caps) {
        drm_get_cap get{cap, 0};
        const int error = card.call(DRM_IOCTL_GET_CAP, get);
        std::array<char, 32> label{};
        std::snprintf(label.data(), label.size(), "GET_CAP 0x%llx",
                      static_cast<unsigned long long>(cap));
        say(label.data(), error, "ok " + std::to_string(get.value), 65);
    }
}

void probe_create_dumb(const Card& card) {
    struct Row {
        const char* label;
        uint32_t width, height, bpp, flags = 0;
    };
    const Row rows[] = {
        {"0x768x32", 0, 768, 32},
        {"1024x0x32", 1024, 0, 32},
        {"1024x768x0", 1024, 768, 0},
        {"1x1x1", 1, 1, 1},
        {"1x1x8", 1, 1, 8},
        {"100x100x8", 100, 100, 8},
        {"33x10x24", 33, 10, 24},
        {"7x3x32", 7, 3, 32},
        {"7x3x16", 7, 3, 16},
        {"7x3x64", 7, 3, 64},
        {"64x64x7", 64, 64, 7},
        {"flags 1", 64, 64, 32, 1},
        {"65536x65536x32", 65536, 65536, 32},
        {"0xffffffff x1 x8", 0xffffffff, 1, 8},
        {"0x80000000x4x8", 0x80000000, 4, 8},
        {"1024x768x4096", 1024, 768, 4096},
    };
    for (const Row& row : rows) {
        drm_mode_create_dumb create{};
        create.width = row.width;
        create.height = row.height;
        create.bpp = row.bpp;
        create.flags = row.flags;
        const int error = card.call(DRM_IOCTL_MODE_CREATE_DUMB, create);
        say(std::string("CREATE_DUMB ") + row.label, error,
            "ok pitch " + std::to_string(create.pitch) + " size " + std::to_string(create.size));
        if (error != 0) continue;
        drm_mode_destroy_dumb destroy{create.handle};
        must(card.call(DRM_IOCTL_MODE_DESTROY_DUMB, destroy) == 0, "DESTROY_DUMB");
    }
}

uint32_t create_dumb(const Card& card, uint32_t width, uint32_t height) {
    drm_mode_create_dumb create{};
    create.width = width;
    create.height = height;
    create.bpp = 32;
    must(card.call(DRM_IOCTL_MODE_CREATE_DUMB, create) == 0, "CREATE_DUMB");
    return create.handle;
}

void probe_mapping(const Card& card, uint32_t handle) {
    drm_mode_map_dumb map{};
    map.handle = unknown;
    say("MAP_DUMB handle unknown", card.call(DRM_IOCTL_MODE_MAP_DUMB, map));
    map = {};
    map.handle = handle;
    map.pad = 1;
    say("MAP_DUMB pad 1", card.call(DRM_IOCTL_MODE_MAP_DUMB, map));
    drm_mode_destroy_dumb destroy{unknown};
    say("DESTROY_DUMB unknown", card.call(DRM_IOCTL_MODE_DESTROY_DUMB, destroy));
    drm_gem_close close_handle{unknown, 0};
    say("GEM_CLOSE unknown", card.call(DRM_IOCTL_GEM_CLOSE, close_handle));

    const int both = PROT_READ | PROT_WRITE;
    const auto probe = [&](const char* label, size_t length, int protection, int flags,
                           uint64_t at) {
        void* memory = mmap(nullptr, length, protection, flags, card.fd(), static_cast<off_t>(at));
        print(label, name_of(error_of(memory != MAP_FAILED)));
        if (memory != MAP_FAILED) munmap(memory, length);
    };
    probe("mmap one page too long", screen_bytes + 4096, both, MAP_SHARED, map.offset);
    probe("mmap at offset + one page", 4096, both, MAP_SHARED, map.offset + 4096);
    probe("mmap offset 0", screen_bytes, both, MAP_SHARED, 0);
    probe("mmap private writable", screen_bytes, both, MAP_PRIVATE, map.offset);
    probe("mmap private read-only", screen_bytes, PROT_READ, MAP_PRIVATE, map.offset);
    probe("mmap first page of it", 4096, both, MAP_SHARED, map.offset);
    const int other = open(card.path().c_str(), O_RDONLY | O_CLOEXEC);
    print("open O_RDONLY", name_of(error_of(other >= 0)));
    if (other >= 0) close(other);
}

// Framebuffers

void probe_addfb2(const Card& card, uint32_t handle) {
    const auto probe = [&](const char* what, const std::function<void(drm_mode_fb_cmd2&)>& spoil) {
        drm_mode_fb_cmd2 add{};
        add.width = 1024;
        add.height = 768;
        add.pixel_format = DRM_FORMAT_XRGB8888;
        add.handles[0] = handle;
        add.pitches[0] = 4096;
        spoil(add);
        const int error = card.call(DRM_IOCTL_MODE_ADDFB2, add);
        say(std::string("ADDFB2 ") + what, error);
        uint32_t id = add.fb_id;
        if (error == 0) must(card.call(DRM_IOCTL_MODE_RMFB, id) == 0, "RMFB");
    };
    probe("good", [](auto&) {});
    probe("width 0", [](auto& a) { a.width = 0; });
    probe("height 0", [](auto& a) { a.height = 0; });
    probe("width 8193", [](auto& a) { a.width = 8193; });
    probe("width 9", [](auto& a) { a.width = 9; });
    probe("width 10 height 10", [](auto& a) { a.width = a.height = 10; });
    probe("height 769", [](auto& a) { a.height = 769; });
    probe("pitch 0", [](auto& a) { a.pitches[0] = 0; });
    probe("pitch 4095", [](auto& a) { a.pitches[0] = 4095; });
    probe("pitch 4096+4", [](auto& a) { a.pitches[0] = 4096 + 4; });
    probe("pitch 8192 (too small buffer)", [](auto& a) { a.pitches[0] = 8192; });
    probe("offset 4096", [](auto& a) { a.offsets[0] = 4096; });
    probe("offset 1, height 100", [](auto& a) {
        a.offsets[0] = 1;
        a.height = 100;
    });
    probe("handle unknown", [](auto& a) { a.handles[0] = unknown; });
    probe("handle[1] set", [](auto& a) { a.handles[1] = a.handles[0]; });
    probe("offset[1] set", [](auto& a) { a.offsets[1] = 4096; });
    const uint32_t modifiers = DRM_MODE_FB_MODIFIERS;
    probe("flag MODIFIERS, linear", [&](auto& a) { a.flags = modifiers; });
    probe("flag MODIFIERS, I915_X", [&](auto& a) {
        a.flags = modifiers;
        a.modifier[0] = I915_FORMAT_MOD_X_TILED;
    });
    probe("flag MODIFIERS, modifier[1] set", [&](auto& a) {
        a.flags = modifiers;
        a.modifier[1] = I915_FORMAT_MOD_X_TILED;
    });
    probe("flag INTERLACED", [](auto& a) { a.flags = DRM_MODE_FB_INTERLACED; });
    probe("flag 4", [](auto& a) { a.flags = 4; });
    probe("format 0", [](auto& a) { a.pixel_format = 0; });
    probe("format RG16 on a 32-bit buffer", [](auto& a) { a.pixel_format = DRM_FORMAT_RGB565; });
    probe("format NV12 one plane", [](auto& a) { a.pixel_format = DRM_FORMAT_NV12; });
    probe("format C8", [](auto& a) { a.pixel_format = DRM_FORMAT_C8; });
    probe("format big-endian XR24",
          [](auto& a) { a.pixel_format = DRM_FORMAT_XRGB8888 | DRM_FORMAT_BIG_ENDIAN; });
}

void probe_addfb(const Card& card, uint32_t handle) {
    const auto probe = [&](const char* what, uint32_t bpp, uint32_t depth) {
        drm_mode_fb_cmd add{};
        add.width = 1024;
        add.height = 768;
        add.pitch = 4096;
        add.bpp = bpp;
        add.depth = depth;
        add.handle = handle;
        const int error = card.call(DRM_IOCTL_MODE_ADDFB, add);
        say(std::string("ADDFB ") + what, error);
        uint32_t id = add.fb_id;
        if (error == 0) must(card.call(DRM_IOCTL_MODE_RMFB, id) == 0, "RMFB");
    };
    probe("good", 32, 24);
    probe("bpp 32 depth 30", 32, 30);
    probe("bpp 8 depth 8", 8, 8);
    probe("bpp 24 depth 24", 24, 24);
}

void probe_framebuffer(const Card& card, uint32_t fb) {
    uint32_t id = unknown;
    say("RMFB unknown", card.call(DRM_IOCTL_MODE_RMFB, id));
    drm_mode_fb_cmd get{};
    get.fb_id = unknown;
    say("GETFB unknown", card.call(DRM_IOCTL_MODE_GETFB, get));
    get = {};
    get.fb_id = fb;
    const int error = card.call(DRM_IOCTL_MODE_GETFB, get);
    say("GETFB own", error);
    if (error == 0) {
        drm_gem_close close_handle{get.handle, 0};
        must(card.call(DRM_IOCTL_GEM_CLOSE, close_handle) == 0, "GEM_CLOSE");
    }

    std::array<drm_clip_rect, 300> clips{};
    clips.fill({0, 0, 10, 10});
    const auto probe = [&](const char* what, uint32_t count, uint32_t flags) {
        drm_mode_fb_dirty_cmd dirty{};
        dirty.fb_id = fb;
        dirty.flags = flags;
        dirty.num_clips = count;
        dirty.clips_ptr = count == 0 ? 0 : Card::address(clips.data());
        say(std::string("DIRTYFB ") + what, card.call(DRM_IOCTL_MODE_DIRTYFB, dirty));
    };
    probe("no clips", 0, 0);
    probe("one clip", 1, 0);
    probe("flags 3", 1, 3);
    probe("300 clips", 300, 0);
}

/// The first opener with its objects, its buffers and the calls that need them.
class Probe {
  public:
    void run();

  private:
    void find_objects();
    void create_buffers();

    int set_crtc(const std::function<void(drm_mode_crtc&)>& edit) const;
    int page_flip(const std::function<void(drm_mode_crtc_page_flip&)>& edit) const;
    int wait_vblank(uint32_t type, uint32_t sequence, int64_t* time_ns = nullptr) const;
    int queue_sequence(const std::function<void(drm_crtc_queue_sequence&)>& edit) const;
    int set_plane(const std::function<void(drm_mode_set_plane&)>& edit) const;
    void cursor(const char* what, const std::function<void(drm_mode_cursor&)>& edit) const;
    int atomic(const std::vector<Card::Value>& values,
               uint32_t flags = DRM_MODE_ATOMIC_TEST_ONLY) const {
        return card_.atomic(values, flags);
    }
    uint32_t create_blob(const void* data, uint32_t size) const;

    /// Takes `count` events off the queue; each comes within a second.
    void take_events(int count) const;
    struct Step {
        const char* label;
        std::function<int()> call;
    };
    /// Prints the lines of the calls, all made between two vblanks. The first one flips.
    void say_between_vblanks(const std::vector<Step>& steps) const;

    void probe_off() const;
    void probe_set_crtc() const;
    void probe_page_flip() const;
    void probe_vblank() const;
    void probe_sequence() const;
    void probe_cursor() const;
    void probe_gamma() const;
    void probe_properties() const;
    void probe_property_reads() const;
    void probe_blobs() const;
    void probe_atomic_request() const;
    void probe_atomic_flip() const;
    void probe_atomic_geometry() const;
    void probe_rotation() const;
    void probe_atomic_modeset() const;
    void probe_fences() const;
    void probe_planes() const;
    void probe_set_plane() const;
    void probe_leases() const;
    void probe_prime() const;
    void probe_file() const;

    const Card card_;
    uint32_t crtc_ = 0, connector_ = 0, encoder_ = 0, primary_ = 0, overlay_ = 0;
    drm_mode_modeinfo mode_{};
    uint32_t fb_id_ = 0, plane_crtc_ = 0, src_x_ = 0, src_y_ = 0, src_w_ = 0, src_h_ = 0,
             crtc_x_ = 0, crtc_y_ = 0, crtc_w_ = 0, crtc_h_ = 0, in_fence_ = 0, rotation_ = 0;
    uint32_t active_ = 0, mode_id_ = 0, out_fence_ = 0, dpms_ = 0, connector_crtc_ = 0;
    Buffer first_, second_, small_, rgb16_;
    uint32_t cursor_handle_ = 0;
};

void Probe::find_objects() {
    // Another file's caps do not count for this one; what it probes does.
    drm_mode_card_res resources{};
    resources.connector_id_ptr = Card::address(&connector_);
    resources.count_connectors = 1;
    must(card_.call(DRM_IOCTL_MODE_GETRESOURCES, resources) == 0, "GETRESOURCES");
    drm_mode_get_connector probe{};
    probe.connector_id = connector_;
    must(card_.call(DRM_IOCTL_MODE_GETCONNECTOR, probe) == 0, "GETCONNECTOR");

    Card scout(card_.path());
    scout.discover();
    crtc_ = scout.crtc;
    connector_ = scout.connector;
    encoder_ = scout.encoder;
    primary_ = scout.primary;
    mode_ = scout.mode;
    must(mode_.hdisplay == 1024 && mode_.vdisplay == 768, "the screen is not 1024x768");
    must(scout.all_planes.size() > 2, "the card has no overlays");
    overlay_ = scout.all_planes[1];

    const auto plane = [&](const char* name) {
        return scout.find_property(primary_, DRM_MODE_OBJECT_PLANE, name);
    };
    fb_id_ = plane("FB_ID");
    plane_crtc_ = plane("CRTC_ID");
    src_x_ = plane("SRC_X"), src_y_ = plane("SRC_Y"), src_w_ = plane("SRC_W"),
    src_h_ = plane("SRC_H");
    crtc_x_ = plane("CRTC_X"), crtc_y_ = plane("CRTC_Y");
    crtc_w_ = plane("CRTC_W"), crtc_h_ = plane("CRTC_H");
    in_fence_ = plane("IN_FENCE_FD");
    rotation_ = plane("rotation");
    active_ = scout.property(crtc_, DRM_MODE_OBJECT_CRTC, "ACTIVE");
    mode_id_ = scout.property(crtc_, DRM_MODE_OBJECT_CRTC, "MODE_ID");
    out_fence_ = scout.property(crtc_, DRM_MODE_OBJECT_CRTC, "OUT_FENCE_PTR");
    dpms_ = scout.property(connector_, DRM_MODE_OBJECT_CONNECTOR, "DPMS");
    connector_crtc_ = scout.property(connector_, DRM_MODE_OBJECT_CONNECTOR, "CRTC_ID");
}

void Probe::create_buffers() {
    first_ = card_.create_buffer(1024, 768);
    second_ = card_.create_buffer(1024, 768);
    small_ = card_.create_buffer(800, 600);
    rgb16_ = card_.create_buffer(1024, 768, DRM_FORMAT_RGB565, 16);
    cursor_handle_ = create_dumb(card_, 64, 64);
}

int Probe::set_crtc(const std::function<void(drm_mode_crtc&)>& edit) const {
    drm_mode_crtc set{};
    set.crtc_id = crtc_;
    set.fb_id = first_.fb;
    set.set_connectors_ptr = Card::address(&connector_);
    set.count_connectors = 1;
    set.mode = mode_;
    set.mode_valid = 1;
    edit(set);
    return card_.call(DRM_IOCTL_MODE_SETCRTC, set);
}

int Probe::page_flip(const std::function<void(drm_mode_crtc_page_flip&)>& edit) const {
    drm_mode_crtc_page_flip flip{};
    flip.crtc_id = crtc_;
    flip.fb_id = second_.fb;
    edit(flip);
    return card_.call(DRM_IOCTL_MODE_PAGE_FLIP, flip);
}

int Probe::wait_vblank(uint32_t type, uint32_t sequence, int64_t* time_ns) const {
    drm_wait_vblank wait{};
    wait.request.type = static_cast<drm_vblank_seq_type>(type);
    wait.request.sequence = sequence;
    const int error = card_.call(DRM_IOCTL_WAIT_VBLANK, wait);
    if (time_ns) *time_ns = (wait.reply.tval_sec * 1000000 + wait.reply.tval_usec) * 1000;
    return error;
}

int Probe::queue_sequence(const std::function<void(drm_crtc_queue_sequence&)>& edit) const {
    drm_crtc_queue_sequence queue{};
    queue.crtc_id = crtc_;
    queue.sequence = 1;
    edit(queue);
    return card_.call(DRM_IOCTL_CRTC_QUEUE_SEQUENCE, queue);
}

int Probe::set_plane(const std::function<void(drm_mode_set_plane&)>& edit) const {
    drm_mode_set_plane set{};
    set.plane_id = primary_;
    set.crtc_id = crtc_;
    set.fb_id = first_.fb;
    set.crtc_w = 1024;
    set.crtc_h = 768;
    set.src_w = 1024 << 16;
    set.src_h = 768 << 16;
    edit(set);
    return card_.call(DRM_IOCTL_MODE_SETPLANE, set);
}

void Probe::cursor(const char* what, const std::function<void(drm_mode_cursor&)>& edit) const {
    drm_mode_cursor cursor{};
    cursor.flags = DRM_MODE_CURSOR_BO;
    cursor.crtc_id = crtc_;
    cursor.width = cursor.height = 64;
    cursor.handle = cursor_handle_;
    edit(cursor);
    say(std::string("CURSOR ") + what, card_.call(DRM_IOCTL_MODE_CURSOR, cursor));
}

uint32_t Probe::create_blob(const void* data, uint32_t size) const {
    drm_mode_create_blob create{Card::address(data), size, 0};
    must(card_.call(DRM_IOCTL_MODE_CREATEPROPBLOB, create) == 0, "CREATEPROPBLOB");
    return create.blob_id;
}

void Probe::take_events(int count) const {
    std::array<char, 4096> bytes{};
    while (count > 0) {
        must(client::poll_for(card_.fd(), POLLIN, 1000) != 0, "no event within a second");
        const ssize_t got = read(card_.fd(), bytes.data(), bytes.size());
        must(got > 0, "read");
        for (ssize_t at = 0; at < got; count--) {
            drm_event event{};
            std::memcpy(&event, bytes.data() + at, sizeof(event));
            at += event.length;
        }
    }
    must(count == 0, "more events than asked for");
}

void Probe::say_between_vblanks(const std::vector<Step>& steps) const {
    std::vector<int> errors;
    for (int attempt = 0; attempt < 20; attempt++) {
        int64_t vblank_ns = 0;
        must(wait_vblank(_DRM_VBLANK_RELATIVE, 1, &vblank_ns) == 0, "WAIT_VBLANK");
        errors.clear();
        for (const Step& step : steps) {
            errors.push_back(step.call());
            mark(step.label, errors.back());
        }
        if (client::now_ns() < vblank_ns + period_ns) break;
        // The machine was busy elsewhere: once more, when all flips of this attempt are over.
        std::array<char, 4096> bytes{};
        while (client::poll_for(card_.fd(), POLLIN, 100) != 0)
            must(read(card_.fd(), bytes.data(), bytes.size()) > 0, "read");
    }
    for (size_t i = 0; i < steps.size(); i++) print(steps[i].label, name_of(errors[i]));
}

// Legacy KMS

void Probe::probe_off() const {
    say("PAGE_FLIP before any modeset", page_flip([](auto&) {}));
    say("WAIT_VBLANK query, CRTC off", wait_vblank(_DRM_VBLANK_RELATIVE, 0));
    say("WAIT_VBLANK +1, CRTC off", wait_vblank(_DRM_VBLANK_RELATIVE, 1));
    drm_crtc_get_sequence get{};
    get.crtc_id = crtc_;
    say("CRTC_GET_SEQUENCE, CRTC off", card_.call(DRM_IOCTL_CRTC_GET_SEQUENCE, get));
    say("CRTC_QUEUE_SEQUENCE, CRTC off", queue_sequence([](auto&) {}));
}

void Probe::probe_set_crtc() const {
    const auto probe = [&](const char* what, const std::function<void(drm_mode_crtc&)>& edit) {
        say(std::string("SETCRTC ") + what, set_crtc(edit));
    };
    probe("crtc unknown", [](auto& a) { a.crtc_id = unknown; });
    probe("fb unknown", [](auto& a) { a.fb_id = unknown; });
    probe("no connectors", [](auto& a) { a.count_connectors = 0; });
    probe("x 1", [](auto& a) { a.x = 1; });
    probe("y 1", [](auto& a) { a.y = 1; });
    probe("fb smaller than mode", [&](auto& a) { a.fb_id = small_.fb; });
    probe("mode hdisplay 0", [](auto& a) { a.mode.hdisplay = 0; });
    probe("mode clock 0", [](auto& a) { a.mode.clock = 0; });
    probe("mode clock 0x7fffffff", [](auto& a) { a.mode.clock = 0x7fffffff; });
    probe("mode vtotal 0", [](auto& a) { a.mode.vtotal = 0; });
    probe("mode flags 1<<31", [](auto& a) { a.mode.flags |= 1u << 31; });
    probe("mode interlaced", [](auto& a) { a.mode.flags |= DRM_MODE_FLAG_INTERLACE; });
    probe("mode type 0xff", [](auto& a) { a.mode.type = 0xff; });
    probe("not a listed mode: vtotal+1", [](auto& a) { a.mode.vtotal++; });
    probe("mode_valid 0 with connectors", [](auto& a) { a.mode_valid = 0; });
    probe("good", [](auto&) {});
    probe("good again", [](auto&) {});
}

void Probe::probe_page_flip() const {
    const auto probe = [&](const char* what,
                           const std::function<void(drm_mode_crtc_page_flip&)>& edit) {
        say(std::string("PAGE_FLIP ") + what, page_flip(edit));
    };
    probe("fb unknown", [](auto& a) { a.fb_id = unknown; });
    probe("reserved 1", [](auto& a) { a.reserved = 1; });
    probe("ASYNC", [](auto& a) { a.flags = DRM_MODE_PAGE_FLIP_ASYNC; });
    probe("TARGET_ABSOLUTE", [](auto& a) { a.flags = DRM_MODE_PAGE_FLIP_TARGET_ABSOLUTE; });
    probe("fb smaller", [&](auto& a) { a.fb_id = small_.fb; });
    probe("fb other format", [&](auto& a) { a.fb_id = rgb16_.fb; });

    const auto with_event = [](auto& a) { a.flags = DRM_MODE_PAGE_FLIP_EVENT; };
    say_between_vblanks({
        {"PAGE_FLIP good, event", [&] { return page_flip(with_event); }},
        {"PAGE_FLIP again at once, event", [&] { return page_flip(with_event); }},
        {"PAGE_FLIP again at once, no event", [&] { return page_flip([](auto&) {}); }},
    });
    take_events(1);
    say("PAGE_FLIP same fb, event", page_flip(with_event));
    take_events(1);
}

void Probe::probe_vblank() const {
    int queued = 0;
    int error = 0;
    while (error == 0 && queued < 1000) {
        error = wait_vblank(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_EVENT, 1);
        if (error == 0) queued++;
    }
    const std::string count = std::to_string(queued) + " then ";
    say("WAIT_VBLANK events that can be queued", 0, count + name_of(error));
    mark("WAIT_VBLANK events that can be queued", error);
    take_events(queued);

    say("WAIT_VBLANK relative 1", wait_vblank(_DRM_VBLANK_RELATIVE, 1));
    say("WAIT_VBLANK signal", wait_vblank(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_SIGNAL, 1));
    say("WAIT_VBLANK type bit 2", wait_vblank(_DRM_VBLANK_RELATIVE | 1u << 2, 1));
    say("WAIT_VBLANK secondary (crtc 1)",
        wait_vblank(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_SECONDARY, 1));
    say("WAIT_VBLANK high crtc 5",
        wait_vblank(_DRM_VBLANK_RELATIVE | 5u << _DRM_VBLANK_HIGH_CRTC_SHIFT, 1));
    say("WAIT_VBLANK event", wait_vblank(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_EVENT, 1));
    take_events(1);
}

void Probe::probe_sequence() const {
    const auto probe = [&](const char* what,
                           const std::function<void(drm_crtc_queue_sequence&)>& edit) {
        const int error = queue_sequence(edit);
        say(std::string("CRTC_QUEUE_SEQUENCE ") + what, error);
        if (error == 0) take_events(1);
    };
    probe("crtc unknown", [](auto& a) { a.crtc_id = unknown; });
    probe("flags 4", [](auto& a) { a.flags = 4; });
    probe("absolute 1 (past)", [](auto&) {});
    probe("absolute 1, next on miss", [](auto& a) { a.flags = DRM_CRTC_SEQUENCE_NEXT_ON_MISS; });
    drm_crtc_get_sequence get{};
    get.crtc_id = crtc_;
    say("CRTC_GET_SEQUENCE good", card_.call(DRM_IOCTL_CRTC_GET_SEQUENCE, get));
    std::printf("    active %u\n", get.active);
}

void Probe::probe_cursor() const {
    cursor("flags 4", [](auto& a) { a.flags = 4; });
    cursor("handle unknown", [](auto& a) { a.handle = unknown; });
    cursor("64x64", [](auto&) {});
    cursor("move -10,-10", [](auto& a) {
        a.flags = DRM_MODE_CURSOR_MOVE;
        a.x = a.y = -10;
    });
    cursor("513x513 of a 64x64 buffer", [](auto& a) { a.width = a.height = 513; });
    cursor("65x64 of a 64x64 buffer", [](auto& a) { a.width = 65; });
    cursor("32x32", [](auto& a) { a.width = a.height = 32; });
    cursor("0x0", [](auto& a) { a.width = a.height = 0; });
    cursor("off", [](auto& a) { a.handle = 0; });
}

void Probe::probe_gamma() const {
    std::array<uint16_t, 256> ramp{};
    const auto ramps = [&](uint32_t crtc, uint32_t size, uint64_t colours) {
        drm_mode_crtc_lut lut{};
        lut.crtc_id = crtc;
        lut.gamma_size = size;
        lut.red = lut.green = lut.blue = colours;
        return lut;
    };
    const uint64_t good = Card::address(ramp.data());
    drm_mode_crtc_lut argument = ramps(crtc_, 256, good);
    say("GETGAMMA 256", card_.call(DRM_IOCTL_MODE_GETGAMMA, argument));
    argument = ramps(crtc_, 255, good);
    say("SETGAMMA 255", card_.call(DRM_IOCTL_MODE_SETGAMMA, argument));
    argument = ramps(crtc_, 256, bad_pointer);
    say("SETGAMMA bad pointer", card_.call(DRM_IOCTL_MODE_SETGAMMA, argument));
    argument = ramps(unknown, 256, good);
    say("SETGAMMA crtc unknown", card_.call(DRM_IOCTL_MODE_SETGAMMA, argument));
    drm_mode_crtc get{};
    get.crtc_id = crtc_;
    must(card_.call(DRM_IOCTL_MODE_GETCRTC, get) == 0, "GETCRTC");
    std::printf("    GETCRTC gamma_size %u mode_valid %u fb set %d x %u y %u\n", get.gamma_size,
                get.mode_valid, get.fb_id != 0, get.x, get.y);
}

// Properties and blobs

void Probe::probe_properties() const {
    const auto probe = [&](const char* what,
                           const std::function<void(drm_mode_obj_set_property&)>& edit) {
        drm_mode_obj_set_property set{};
        set.obj_id = connector_;
        set.obj_type = DRM_MODE_OBJECT_CONNECTOR;
        set.prop_id = dpms_;
        set.value = DRM_MODE_DPMS_ON;
        edit(set);
        say(std::string("OBJ_SETPROPERTY ") + what,
            card_.call(DRM_IOCTL_MODE_OBJ_SETPROPERTY, set));
    };
    probe("DPMS on", [](auto&) {});
    probe("DPMS 4", [](auto& a) { a.value = 4; });
    probe("object unknown", [](auto& a) { a.obj_id = unknown; });
    probe("property unknown", [](auto& a) { a.prop_id = unknown; });
    probe("type any", [](auto& a) { a.obj_type = DRM_MODE_OBJECT_ANY; });
    probe("property of another object", [&](auto& a) { a.prop_id = fb_id_; });

    drm_mode_connector_set_property set{DRM_MODE_DPMS_ON, dpms_, connector_};
    say("SETPROPERTY (connector) DPMS on", card_.call(DRM_IOCTL_MODE_SETPROPERTY, set));
    set = {DRM_MODE_DPMS_ON, dpms_, unknown};
    say("SETPROPERTY connector unknown", card_.call(DRM_IOCTL_MODE_SETPROPERTY, set));
}

void Probe::probe_property_reads() const {
    drm_mode_get_property get{};
    get.prop_id = unknown;
    say("GETPROPERTY unknown", card_.call(DRM_IOCTL_MODE_GETPROPERTY, get));
    const auto probe = [&](const char* what, uint32_t object, uint32_t type) {
        drm_mode_obj_get_properties list{};
        list.obj_id = object;
        list.obj_type = type;
        say(std::string("OBJ_GETPROPERTIES ") + what,
            card_.call(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, list));
    };
    probe("unknown", unknown, DRM_MODE_OBJECT_CONNECTOR);
    probe("of a framebuffer", first_.fb, DRM_MODE_OBJECT_FB);
    probe("of an encoder", encoder_, DRM_MODE_OBJECT_ENCODER);
}

void Probe::probe_blobs() const {
    const uint64_t content = 0;
    const auto create = [&](uint64_t data, uint32_t length, uint32_t* id) {
        drm_mode_create_blob blob{data, length, 0};
        const int error = card_.call(DRM_IOCTL_MODE_CREATEPROPBLOB, blob);
        *id = blob.blob_id;
        return error;
    };
    uint32_t id = 0, none = 0;
    say("CREATEPROPBLOB length 0", create(Card::address(&content), 0, &none));
    say("CREATEPROPBLOB 8", create(Card::address(&content), 8, &id));
    drm_mode_destroy_blob destroy{id};
    must(card_.call(DRM_IOCTL_MODE_DESTROYPROPBLOB, destroy) == 0, "DESTROYPROPBLOB");
    say("DESTROYPROPBLOB twice", card_.call(DRM_IOCTL_MODE_DESTROYPROPBLOB, destroy));
    say("CREATEPROPBLOB bad pointer", create(bad_pointer, 8, &none));
    say("CREATEPROPBLOB length 4 GiB", create(Card::address(&content), 0xffffffff, &none));
    drm_mode_get_blob get{};
    get.blob_id = unknown;
    say("GETPROPBLOB unknown", card_.call(DRM_IOCTL_MODE_GETPROPBLOB, get));
}

// Atomic

void Probe::probe_atomic_request() const {
    say("ATOMIC without the cap", atomic({}, 0));
    drm_set_client_cap writeback{DRM_CLIENT_CAP_WRITEBACK_CONNECTORS, 1};
    say("WRITEBACK cap before ATOMIC", card_.call(DRM_IOCTL_SET_CLIENT_CAP, writeback));
    set_cap(card_, DRM_CLIENT_CAP_ATOMIC);
    say("WRITEBACK cap after ATOMIC", card_.call(DRM_IOCTL_SET_CLIENT_CAP, writeback));

    say("ATOMIC empty", atomic({}, 0));
    const Card::Value good{primary_, fb_id_, first_.fb};
    say("ATOMIC TEST_ONLY with EVENT",
        atomic({good}, DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_PAGE_FLIP_EVENT));
    say("ATOMIC ASYNC", atomic({good}, DRM_MODE_PAGE_FLIP_ASYNC));
    drm_mode_atomic null_pointers{};
    null_pointers.count_objs = 1;
    say("ATOMIC one object, null pointers", card_.call(DRM_IOCTL_MODE_ATOMIC, null_pointers));
    say("ATOMIC property unknown", atomic({{primary_, unknown, 0}}));
    say("ATOMIC property of another object type", atomic({{primary_, active_, 1}}));
    say("ATOMIC FB unknown", atomic({{primary_, fb_id_, unknown}}));
    say("ATOMIC CRTC_ID unknown", atomic({{primary_, plane_crtc_, unknown}}));
    say("ATOMIC CRTC without FB", atomic({{primary_, fb_id_, 0}}));
}

void Probe::probe_atomic_flip() const {
    const std::vector<Card::Value> flip = {{primary_, fb_id_, second_.fb}};
    const uint32_t event = DRM_MODE_PAGE_FLIP_EVENT, nonblock = DRM_MODE_ATOMIC_NONBLOCK;
    const uint32_t test = DRM_MODE_ATOMIC_TEST_ONLY;
    say_between_vblanks({
        {"ATOMIC good flip, EVENT, NONBLOCK", [&] { return atomic(flip, event | nonblock); }},
        {"ATOMIC again at once, EVENT, NONBLOCK", [&] { return atomic(flip, event | nonblock); }},
        {"ATOMIC again at once, NONBLOCK", [&] { return atomic(flip, nonblock); }},
        {"ATOMIC again at once, TEST_ONLY NONBLOCK", [&] { return atomic(flip, test | nonblock); }},
    });
    say("ATOMIC again at once, blocking EVENT", atomic(flip, event));
    take_events(2);

    say("ATOMIC same property twice, last wins",
        atomic({{primary_, fb_id_, first_.fb}, {primary_, fb_id_, 0}}));
    say("ATOMIC same object in two groups",
        atomic({{primary_, fb_id_, first_.fb}, {crtc_, active_, 1}, {primary_, crtc_x_, 0}}));
}

void Probe::probe_atomic_geometry() const {
    say("ATOMIC SRC_W larger than fb", atomic({{primary_, src_w_, 1025 << 16}}));
    say("ATOMIC SRC_W and CRTC_W half (windowed primary)",
        atomic({{primary_, src_w_, 512 << 16}, {primary_, crtc_w_, 512}}));
    say("ATOMIC CRTC_W 0", atomic({{primary_, crtc_w_, 0}}));
    say("ATOMIC CRTC_X 1", atomic({{primary_, crtc_x_, 1}}));
    say("ATOMIC CRTC_X -1", atomic({{primary_, crtc_x_, ~uint64_t{0}}}));
    say("ATOMIC CRTC_X 1<<40", atomic({{primary_, crtc_x_, uint64_t{1} << 40}}));
    say("ATOMIC CRTC_W 0x80000000", atomic({{primary_, crtc_w_, 0x80000000}}));
    say("ATOMIC fractional SRC_X", atomic({{primary_, src_x_, 0x8000}}));
    say("ATOMIC fb RG16", atomic({{primary_, fb_id_, rgb16_.fb}}));
    say("ATOMIC fb smaller", atomic({{primary_, fb_id_, small_.fb}}));
}

void Probe::probe_rotation() const {
    if (rotation_ == 0) return;  // Linux 6.1 has no such property
    say("ATOMIC rotation 90, size kept", atomic({{primary_, rotation_, DRM_MODE_ROTATE_90}}));
    say("ATOMIC rotation two angles",
        atomic({{primary_, rotation_, DRM_MODE_ROTATE_0 | DRM_MODE_ROTATE_90}}));
    say("ATOMIC rotation none", atomic({{primary_, rotation_, 0}}));
    say("ATOMIC rotation 180", atomic({{primary_, rotation_, DRM_MODE_ROTATE_180}}));
}

void Probe::probe_atomic_modeset() const {
    drm_mode_modeinfo other{};  // VESA's 800x600 at 60 Hz
    other.clock = 40000;
    other.hdisplay = 800, other.hsync_start = 840, other.hsync_end = 968, other.htotal = 1056;
    other.vdisplay = 600, other.vsync_start = 601, other.vsync_end = 605, other.vtotal = 628;
    other.flags = DRM_MODE_FLAG_PHSYNC | DRM_MODE_FLAG_PVSYNC;
    const uint32_t other_mode = create_blob(&other, sizeof(other));
    std::array<uint8_t, sizeof(drm_mode_modeinfo)> bytes{};
    bytes.fill(0xff);
    const uint32_t junk = create_blob(bytes.data(), sizeof(bytes));

    const uint32_t test = DRM_MODE_ATOMIC_TEST_ONLY;
    const uint32_t modeset = test | DRM_MODE_ATOMIC_ALLOW_MODESET;
    say("ATOMIC MODE_ID other without ALLOW_MODESET",
        atomic({{crtc_, mode_id_, other_mode}}, test));
    say("ATOMIC MODE_ID junk blob", atomic({{crtc_, mode_id_, junk}}, modeset));
    say("ATOMIC MODE_ID unknown blob", atomic({{crtc_, mode_id_, unknown}}, modeset));
    say("ATOMIC MODE_ID 0, ACTIVE 0, connector kept",
        atomic({{crtc_, mode_id_, 0}, {crtc_, active_, 0}}, modeset));
    say("ATOMIC connector CRTC_ID 0, crtc kept",
        atomic({{connector_, connector_crtc_, 0}}, modeset));
    say("ATOMIC connector CRTC_ID unknown",
        atomic({{connector_, connector_crtc_, unknown}}, modeset));
    say("ATOMIC 800x600 mode with 1024x768 plane",
        atomic({{crtc_, mode_id_, other_mode}}, modeset));
    say("ATOMIC ACTIVE 0 only, TEST_ONLY", atomic({{crtc_, active_, 0}}, modeset));
}

void Probe::probe_fences() const {
    const Card::Value flip{primary_, fb_id_, first_.fb};
    say("ATOMIC IN_FENCE_FD -1", atomic({flip, {primary_, in_fence_, ~uint64_t{0}}}));
    say("ATOMIC IN_FENCE_FD 12345", atomic({flip, {primary_, in_fence_, 12345}}));

    int32_t slot = 77;
    const Card::Value out{crtc_, out_fence_, Card::address(&slot)};
    const auto print_slot = [&] {
        std::printf("    out fence slot %s\n",
                    slot >= 0 && slot != 77 ? "an fd" : std::to_string(slot).c_str());
    };
    say("ATOMIC OUT_FENCE_PTR TEST_ONLY", atomic({flip, out}));
    print_slot();
    slot = 77;
    say("ATOMIC OUT_FENCE_PTR good", atomic({flip, out}, DRM_MODE_ATOMIC_NONBLOCK));
    print_slot();
    errno = ETIME;
    print("    poll of the out fence within 100 ms",
          name_of(error_of(client::poll_for(slot, POLLIN, 100) == POLLIN)));
    if (slot >= 0) close(slot);
    slot = 77;
    say("ATOMIC OUT_FENCE_PTR after a bad property",
        atomic({{primary_, fb_id_, unknown}, out}, DRM_MODE_ATOMIC_NONBLOCK));
    print_slot();
    slot = 77;
    say("ATOMIC OUT_FENCE_PTR with a failing check",
        atomic({{primary_, fb_id_, small_.fb}, out}, DRM_MODE_ATOMIC_NONBLOCK));
    print_slot();
}

void Probe::probe_planes() const {
    const std::vector<Card::Value> overlay_on = {
        {overlay_, fb_id_, small_.fb}, {overlay_, plane_crtc_, crtc_},
        {overlay_, src_x_, 0},         {overlay_, src_y_, 0},
        {overlay_, src_w_, 400 << 16}, {overlay_, src_h_, 300 << 16},
        {overlay_, crtc_x_, 100},      {overlay_, crtc_y_, 50},
        {overlay_, crtc_w_, 400},      {overlay_, crtc_h_, 300},
    };
    const std::vector<Card::Value> primary_off = {{primary_, fb_id_, 0},
                                                  {primary_, plane_crtc_, 0}};
    const auto together = [](std::vector<Card::Value> values,
                             const std::vector<Card::Value>& more) {
        values.insert(values.end(), more.begin(), more.end());
        return values;
    };
    say("ATOMIC overlay on", atomic(overlay_on, 0));
    say("ATOMIC primary off, overlay on", atomic(together(primary_off, overlay_on), 0));
    say("ATOMIC overlay off", atomic({{overlay_, fb_id_, 0}, {overlay_, plane_crtc_, 0}}, 0));
    say("ATOMIC primary off, crtc active", atomic(together(primary_off, {{crtc_, active_, 1}}), 0));
}

void Probe::probe_set_plane() const {
    const auto probe = [&](const char* what, const std::function<void(drm_mode_set_plane&)>& edit) {
        say(std::string("SETPLANE ") + what, set_plane(edit));
    };
    probe("good", [](auto&) {});
    probe("plane unknown", [](auto& a) { a.plane_id = unknown; });
    probe("crtc unknown", [](auto& a) { a.crtc_id = unknown; });
    probe("crtc_w 0x80000000", [](auto& a) { a.crtc_w = 0x80000000; });
    probe("crtc_x overflow", [](auto& a) { a.crtc_x = 0x7fffffff; });
    probe("fb 0 (off)", [](auto& a) { a.fb_id = 0; });
    probe("good again", [](auto&) {});
}

// Sharing, and the file itself

void Probe::probe_leases() const {
    std::vector<int> leases;
    const auto probe = [&](const char* what, std::vector<uint32_t> objects, uint32_t flags) {
        drm_mode_create_lease create{};
        create.object_ids = Card::address(objects.data());
        create.object_count = static_cast<uint32_t>(objects.size());
        create.flags = flags;
        const int error = card_.call(DRM_IOCTL_MODE_CREATE_LEASE, create);
        say(std::string("CREATE_LEASE ") + what, error);
        if (error == 0) leases.push_back(static_cast<int>(create.fd));
    };
    probe("good", {crtc_, connector_, primary_}, O_CLOEXEC);
    probe("same objects again", {crtc_, connector_, primary_}, O_CLOEXEC);
    say("PAGE_FLIP by the lessor on a leased crtc", page_flip([](auto&) {}));
    probe("object unknown", {crtc_, connector_, primary_, unknown}, O_CLOEXEC);
    probe("flags 1", {crtc_, connector_, primary_}, 1);
    for (const int lease : leases) close(lease);
}

void Probe::probe_prime() const {
    drm_prime_handle prime{first_.handle, 1 << 5, -1};
    say("PRIME_HANDLE_TO_FD flags 1<<5", card_.call(DRM_IOCTL_PRIME_HANDLE_TO_FD, prime));
    prime = {first_.handle, DRM_CLOEXEC | DRM_RDWR, -1};
    const int error = card_.call(DRM_IOCTL_PRIME_HANDLE_TO_FD, prime);
    say("PRIME_HANDLE_TO_FD good", error);
    const int buffer = error == 0 ? prime.fd : -1;
    drm_prime_handle back{0, 0, buffer};
    say("PRIME_FD_TO_HANDLE own", card_.call(DRM_IOCTL_PRIME_FD_TO_HANDLE, back));
    std::printf("    same handle %d\n", back.handle == first_.handle);

    const int closed = open("/", O_PATH | O_CLOEXEC);
    must(closed >= 0, "/");
    close(closed);
    back = {0, 0, closed};
    say("PRIME_FD_TO_HANDLE closed fd", card_.call(DRM_IOCTL_PRIME_FD_TO_HANDLE, back));
    const auto end = static_cast<long long>(lseek(buffer, 0, SEEK_END));
    const auto one = static_cast<long long>(lseek(buffer, 1, SEEK_SET));
    std::printf("    lseek end %lld, set 1: %lld %s\n", end, one,
                one < 0 ? strerrorname_np(errno) : "");
    if (buffer >= 0) close(buffer);
}

void Probe::probe_file() const {
    must(fcntl(card_.fd(), F_SETFL, O_RDWR | O_NONBLOCK) == 0, "O_NONBLOCK");
    const auto print_result = [](const char* label, long long result) {
        print(label, std::to_string(result) + " " + (result < 0 ? strerrorname_np(errno) : ""));
    };
    std::array<char, 64> bytes{};
    print_result("read nonblock, nothing queued", read(card_.fd(), bytes.data(), bytes.size()));
    print("write", name_of(error_of(write(card_.fd(), bytes.data(), 4) >= 0)));
    print_result("lseek 4", lseek(card_.fd(), 4, SEEK_SET));
    std::array<char, 16> events{};
    std::snprintf(events.data(), events.size(), "0x%x",
                  static_cast<unsigned>(client::poll_for(card_.fd(), POLLIN | POLLOUT, 0)));
    print("poll IN|OUT, nothing queued", events.data());
}

void Probe::run() {
    find_objects();
    create_buffers();
    probe_caps(card_);
    probe_create_dumb(card_);
    probe_mapping(card_, first_.handle);
    probe_addfb2(card_, first_.handle);
    probe_addfb(card_, first_.handle);
    probe_framebuffer(card_, first_.fb);
    probe_off();
    probe_set_crtc();
    probe_page_flip();
    probe_vblank();
    probe_sequence();
    probe_cursor();
    probe_gamma();
    probe_properties();
    probe_property_reads();
    probe_blobs();
    probe_atomic_request();
    probe_atomic_flip();
    probe_atomic_geometry();
    probe_rotation();
    probe_atomic_modeset();
    probe_fences();
    probe_planes();
    probe_set_plane();
    probe_leases();
    probe_prime();
    probe_file();
}

}  // namespace

int main(int argc, char** argv) {
    marks = argc > 1 && std::strcmp(argv[1], "--marks") == 0;
    alarm(30);  // a hang ends the program, and so the test
    probe_client_caps();
    Probe().run();
    return 0;
}
