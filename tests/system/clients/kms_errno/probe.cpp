// What the groups share: the objects, the buffers and the calls as they succeed.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "tests/system/clients/kms_errno/probe.h"
#include "tests/system/clients/kms_errno/report.h"

namespace kms_errno {

using client::must;

namespace {

constexpr int64_t period_ns = 16666666;

uint32_t create_dumb(const Card& card, uint32_t width, uint32_t height) {
    drm_mode_create_dumb create{};
    create.width = width;
    create.height = height;
    create.bpp = 32;
    must(card.call(DRM_IOCTL_MODE_CREATE_DUMB, create) == 0, "CREATE_DUMB");
    return create.handle;
}

}  // namespace

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

}  // namespace kms_errno
