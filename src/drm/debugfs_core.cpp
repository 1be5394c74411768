#include "drm/debugfs_core.h"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <string>

#include "drm/device_state.h"
#include "drm/file_state.h"
#include "drm/handlers.h"
#include "drm/objects/connector_properties.h"
#include "drm/objects/mode_config.h"

namespace plugboard::drm {
namespace {

template <class... Args>
void add(std::string& text, fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
}

/// Linux: drm_name_info
std::string name_text(Device& device) {
    const std::string& parent = device.parent().name();
    std::string unique;
    {
        MutexLock lock(device.state().master_mutex);
        if (device.state().master) unique = (*device.state().master)->unique;
    }
    return fmt::format("{} dev={}{} unique={}\n", device.info().name, parent,
                       unique.empty() ? "" : " master=" + unique, parent);
}

/// Linux: drm_clients_info
std::string clients_text(Device& device) {
    const bool is_short = device.info().like_linux_6_1;
    std::string text = fmt::format("{:>20} {:>5} {:>3} master a {:>5} {:>10}", "command",
                                   is_short ? "pid" : "tgid", "dev", "uid", "magic");
    if (!is_short) add(text, " {:>64} {:>20}", "name", "id");
    text += "\n";
    for (const Ref<File>& file : device.files()) {
        const bool is_master = is_current_master(*file);
        File::State& state = file->state();
        uint32_t magic = 0;
        {
            MutexLock lock(device.state().master_mutex);
            magic = state.magic;
        }
        std::string name;
        {
            MutexLock lock(state.mutex);
            name = state.client_name;
        }
        add(text, "{:>20} {:>5} {:>3}   {}    {} {:>5} {:>10}", file->info().command,
            state.pid.load(), file->is_render() ? *device.render_minor() : device.primary_minor(),
            is_master ? 'y' : 'n', state.is_authenticated ? 'y' : 'n', state.uid.load(), magic);
        if (!is_short) add(text, " {:>64} {:>20}", name.empty() ? "<unset>" : name, file->id());
        text += "\n";
    }
    return text;
}

/// Linux: drm_gem_name_info
std::string gem_names_text(Device& device) {
    std::string text = "  name     size handles refcount\n";
    for (const gem::Names::Row& row : device.state().names.rows())
        add(text, "{:6} {:8} {:7} {:8}\n", row.name, row.object->size(), row.handles,
            row.object->ref_count() - 2);  // but for the name's and the row's
    return text;
}

/// Linux: drm_framebuffer_print_info, drm_gem_print_info
void add_framebuffer(std::string& text, const Framebuffer& fb, const std::string& indent,
                     bool like_linux_6_1) {
    const FramebufferInfo& info = fb.info();
    add(text, "{}allocated by = {}\n", indent, info.allocated_by);
    add(text, "{}refcount={}\n", indent, fb.ref_count());
    add(text, "{}format={} little-endian (0x{:08x})\n", indent, fourcc_name(info.format->fourcc),
        info.format->fourcc);
    add(text, "{}modifier=0x{:x}\n", indent, info.modifier);
    add(text, "{}size={}x{}\n", indent, info.size.width, info.size.height);
    add(text, "{}layers:\n", indent);
    for (uint32_t i = 0; i < info.format->num_planes; i++) {
        const FramebufferPlane& plane = info.planes[i];
        add(text, "{}\tsize[{}]={}x{}\n", indent, i, plane_width(*info.format, i, info.size.width),
            plane_height(*info.format, i, info.size.height));
        add(text, "{}\tpitch[{}]={}\n", indent, i, plane.pitch);
        add(text, "{}\toffset[{}]={}\n", indent, i, plane.offset);
        if (!plane.object) {
            add(text, "{}\tobj[{}]:(null)\n", indent, i);
            continue;
        }
        gem::Object& object = **plane.object;
        const int mappings = object.is_mapped() ? 1 : 0;
        add(text, "{}\tobj[{}]:\n", indent, i);
        add(text, "{}\t\tname={}\n", indent, fb.device().state().names.find_name(object));
        add(text, "{}\t\trefcount={}\n", indent, object.ref_count());
        add(text, "{}\t\tstart={:08x}\n", indent, object.map_offset() >> 12);
        add(text, "{}\t\tsize={}\n", indent, object.size());
        add(text, "{}\t\timported={}\n", indent, object.is_imported() ? "yes" : "no");
        if (!like_linux_6_1) add(text, "{}\t\tpages_pin_count={}\n", indent, mappings);
        add(text, "{}\t\tpages_use_count={}\n", indent, mappings);
        add(text, "{}\t\tvmap_use_count={}\n", indent, mappings);
        add(text, "{}\t\tvaddr={:016x}\n", indent, 0);  // an address of ours is nobody's business
    }
}

/// Linux: drm_framebuffer_info
std::string framebuffer_text(Device& device) {
    std::string text;
    for (const uint32_t id : device.mode_config().ids.all()) {
        const auto fb = find_framebuffer(device, ObjectId{id});
        if (!fb) continue;
        add(text, "framebuffer[{}]:\n", id);
        add_framebuffer(text, **fb, "\t", device.info().like_linux_6_1);
    }
    return text;
}

struct Fixed {
    uint32_t value;
    /// "1024.500000"
    std::string text() const {
        return fmt::format("{}.{:06}", value >> 16, (uint64_t{value & 0xffff} * 15625) >> 10);
    }
};

/// Linux: drm_atomic_colorop_print_state
void add_colorop(std::string& text, const Colorop& colorop) {
    const ColoropState& state = colorop.state;
    add(text, "colorop[{}]:\n\ttype={}\n\tbypass={}\n", raw(colorop.id()),
        colorop_type_name(colorop.colorop_type()), int{state.bypass});
    switch (colorop.colorop_type()) {
        case ColoropType::Curve1d:
            add(text, "\tcurve_1d_type={}\n", curve_1d_name(state.curve));
            break;
        case ColoropType::Matrix3x4:
            add(text, "\tdata blob id={}\n", state.data ? raw((*state.data)->id()) : 0);
            break;
        case ColoropType::FixedMatrix:
            add(text, "\tfixed_matrix_type={}\n", fixed_matrix_name(state.fixed_matrix));
            break;
    }
    add(text, "\tnext={}\n", colorop.next() ? raw(colorop.next()->id()) : 0);
}

/// Linux: drm_atomic_plane_print_state
void add_plane(std::string& text, const Plane& plane, bool like_linux_6_1) {
    const PlaneState& state = plane.state;
    add(text, "plane[{}]: {}\n", raw(plane.id()), plane.name());
    add(text, "\tcrtc={}\n", state.crtc ? state.crtc->name() : "(null)");
    add(text, "\tfb={}\n", state.fb ? raw((*state.fb)->id()) : 0);
    if (state.fb) add_framebuffer(text, **state.fb, "\t\t", like_linux_6_1);
    add(text, "\tcrtc-pos={}x{}{:+}{:+}\n", state.destination.width, state.destination.height,
        state.destination.x, state.destination.y);
    add(text, "\tsrc-pos={}x{}+{}+{}\n", Fixed{state.source.width}.text(),
        Fixed{state.source.height}.text(), Fixed{state.source.x}.text(),
        Fixed{state.source.y}.text());
    add(text, "\trotation={:x}\n\tnormalized-zpos={:x}\n", state.rotation.bits,
        state.normalized_zpos);
    add(text, "\tcolor-encoding={}\n\tcolor-range={}\n",
        color_encoding_names[static_cast<size_t>(state.color_encoding)],
        color_range_names[static_cast<size_t>(state.color_range)]);
    if (!like_linux_6_1)
        add(text, "\tcolor_mgmt_changed=0\n\tcolor-pipeline={}\n",
            state.color_pipeline ? raw(state.color_pipeline->id()) : 0);
}

/// Linux: drm_atomic_crtc_print_state
void add_crtc(std::string& text, ModeConfig& config, const Crtc& crtc, bool like_linux_6_1) {
    const CrtcState& state = crtc.state;
    uint32_t planes = 0, connectors = 0, encoders = 0;
    for (const Plane* plane : config.planes) {
        if (plane->state.crtc == &crtc) planes |= 1U << plane->index();
    }
    for (const Ref<Connector>& connector : config.connectors) {
        if (connector->state.crtc != &crtc) continue;
        connectors |= 1U << connector->index() % 32;
        if (connector->state.encoder) encoders |= 1U << connector->state.encoder->index();
    }
    const Crtc::LastChange& change = crtc.last_change;
    add(text, "crtc[{}]: {}\n", raw(crtc.id()), crtc.name());
    add(text, "\tenable={}\n\tactive={}\n\tself_refresh_active=0\n", int{state.mode.has_value()},
        int{state.active});
    add(text, "\tplanes_changed={}\n\tmode_changed={}\n\tactive_changed={}\n", int{change.planes},
        int{change.mode}, int{change.active});
    add(text, "\tconnectors_changed={}\n\tcolor_mgmt_changed={}\n", int{change.connectors},
        int{change.color});
    add(text, "\tplane_mask={:x}\n\tconnector_mask={:x}\n\tencoder_mask={:x}\n", planes, connectors,
        encoders);
    const drm_mode_modeinfo mode =
        state.mode ? state.mode->to_user(AspectBits::Hide) : drm_mode_modeinfo{};
    add(text, "\tmode: \"{}\": {} {} {} {} {} {} {} {} {} {} 0x{:x} 0x{:x}\n", mode.name,
        mode.vrefresh, mode.clock, mode.hdisplay, mode.hsync_start, mode.hsync_end, mode.htotal,
        mode.vdisplay, mode.vsync_start, mode.vsync_end, mode.vtotal, mode.type, mode.flags);
    if (!like_linux_6_1) add(text, "\tbackground_color={:x}\n", state.background_color);
}

/// Linux: drm_atomic_connector_print_state
void add_connector(std::string& text, const Connector& connector, bool like_linux_6_1) {
    const Crtc* crtc = connector.state.crtc;
    add(text, "connector[{}]: {}\n", raw(connector.id()), connector.name());
    add(text, "\tcrtc={}\n\tself_refresh_aware=0\n", crtc ? crtc->name() : "(null)");
    if (!like_linux_6_1) add(text, "\tinterlace_allowed=0\n\tycbcr_420_allowed=0\n");
    add(text, "\tmax_requested_bpc={}\n", connector.state.max_bpc);
    if (!like_linux_6_1)
        add(text, "\tcolorspace={}\n", colorspace_name(connector.state.colorspace));
}

/// Linux: __drm_state_dump
std::string state_text(Device& device) {
    const bool like_linux_6_1 = device.info().like_linux_6_1;
    ModeConfig& config = device.mode_config();
    std::string text;
    MutexLock lock(config.lock());
    for (const Colorop* colorop : config.colorops) add_colorop(text, *colorop);
    for (const Plane* plane : config.planes) add_plane(text, *plane, like_linux_6_1);
    for (const Crtc* crtc : config.crtcs) add_crtc(text, config, *crtc, like_linux_6_1);
    for (const Ref<Connector>& connector : config.connectors)
        add_connector(text, *connector, like_linux_6_1);
    return text;
}

}  // namespace

void add_core_debug_files(Device& device) {
    const auto text = [&device](const char* path, std::string (*show)(Device&)) {
        device.add_debug_file({.path = path, .show = [&device, show]() -> Result<std::string> {
                                   return show(device);
                               }});
    };
    text("name", name_text);
    text("clients", clients_text);
    text("gem_names", gem_names_text);
    if (!device.has_modeset()) return;
    text("framebuffer", framebuffer_text);
    if (device.info().like_linux_6_1)
        text("internal_clients", [](Device&) { return std::string(); });
    text("state", state_text);
}

void add_encoder_debug_files(Device& device) {
    if (!device.has_modeset() || device.info().like_linux_6_1) return;
    for (const Encoder* encoder : device.mode_config().encoders)
        device.add_debug_file({.path = fmt::format("encoder-{}/bridges", encoder->index()),
                               .show = []() -> Result<std::string> { return std::string(); }});
}

}  // namespace plugboard::drm
