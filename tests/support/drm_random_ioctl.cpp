#include "tests/support/drm_random_ioctl.h"

#include <drm_fourcc.h>
#include <fcntl.h>

#include <array>
#include <iterator>

#include "uapi/ioctl_table.h"

namespace plugboard::tests {

std::byte* CallerMemory::at(uint64_t address, uint64_t length) {
    if (address < base || address - base > size || length > size - (address - base)) return nullptr;
    return bytes_.data() + (address - base);
}

Result<void> CallerMemory::read(std::span<std::byte> to, uapi::UserAddress from) {
    if (to.empty()) return {};
    const std::byte* bytes = at(static_cast<uint64_t>(from), to.size());
    if (!bytes) return Errno::Fault;
    std::memcpy(to.data(), bytes, to.size());
    return {};
}

Result<void> CallerMemory::write(uapi::UserAddress to, std::span<const std::byte> from) {
    if (from.empty()) return {};
    std::byte* bytes = at(static_cast<uint64_t>(to), from.size());
    if (!bytes) return Errno::Fault;
    std::memcpy(bytes, from.data(), from.size());
    return {};
}

Result<void> CallerMemory::write_now(uapi::UserAddress to, std::span<const std::byte> from) {
    return write(to, from);
}

Result<UniqueFd> CallerMemory::take_fd(int number) {
    const auto index = static_cast<size_t>(int64_t{number} - first_fd);
    if (index >= fds_.size() || !fds_[index].is_open()) return Errno::BadF;
    UniqueFd fd(fcntl(fds_[index].borrow(), F_DUPFD_CLOEXEC, 0));
    if (!fd.is_open()) return Errno::MFile;
    return fd;
}

Result<int> CallerMemory::install_fd(UniqueFd fd, uapi::OnExec) {
    fds_.push_back(std::move(fd));
    return first_fd + static_cast<int>(fds_.size()) - 1;
}

void CallerMemory::end_request(bool failed) {
    if (failed) fds_.resize(kept_fds_);
    kept_fds_ = fds_.size();
}

int CallerMemory::add_fd(UniqueFd fd) {
    fds_.push_back(std::move(fd));
    kept_fds_ = fds_.size();
    return end_of_fds() - 1;
}

void CallerMemory::close_fd(int number) {
    const auto index = static_cast<size_t>(int64_t{number} - first_fd);
    if (index < fds_.size()) fds_[index].reset();
}

namespace {

/// Makes one call's argument.
class Maker {
  public:
    Maker(Dice& dice, const Known& known, CallerMemory& memory)
        : dice_(dice), known_(known), memory_(memory) {}

    RandomCall make() {
        const uint32_t number = any_number();
        const uapi::Ioctl* row = uapi::find_ioctl(number);
        fill_well(number);  // the rest of the memory is as the calls before left it
        for (uint32_t changes = dice_.below(4); changes > 1; changes--)
            put(dice_.below(row ? row->size() / 4 + 1 : 8), plausible());
        RandomCall call{.command = row ? row->command : 0, .address = CallerMemory::base};
        if (!row || dice_.one_in(8)) call.command = _IOC(dice_.below(4), 'd', number, any_size());
        if (dice_.one_in(64)) call.command ^= 1U << dice_.below(32);
        if (dice_.one_in(16)) call.address = pointer();
        return call;
    }

  private:
    uint32_t any_number() {
        if (dice_.one_in(16)) return dice_.below(256);
        static const auto numbers = [] {
            std::vector<uint32_t> all;
            for (auto row = uapi::ioctls_begin(); row != uapi::ioctls_end(); ++row) {
                if (row->command == 0) continue;
                // What draws comes more often.
                const bool draws =
                    row->permissions.master || row->command == DRM_IOCTL_MODE_ADDFB2 ||
                    row->command == DRM_IOCTL_MODE_RMFB || row->command == DRM_IOCTL_WAIT_VBLANK;
                all.insert(all.end(), draws ? 4 : 1, row->number());
            }
            all.insert(all.end(), 24, _IOC_NR(DRM_IOCTL_MODE_ATOMIC));
            return all;
        }();
        return dice_.one_of(numbers);
    }
    uint32_t any_size() {
        return dice_.one_in(4) ? dice_.below(uapi::max_argument_size) : dice_.below(128);
    }

    uint64_t array(uint64_t index) const {
        return CallerMemory::arrays + index * CallerMemory::array_size;
    }
    /// To an array, to the last bytes of the memory, nowhere.
    uint64_t pointer() {
        switch (dice_.below(6)) {
            case 0: return 0;
            case 1: return CallerMemory::base + CallerMemory::size - dice_.below(64);
            case 2: return uint64_t{dice_.any()} << 32 | dice_.any();
            default: return array(dice_.below(32));
        }
    }
    uint32_t object() {
        switch (dice_.below(5)) {
            case 0: return dice_.one_of(known_.crtcs);
            case 1: return dice_.one_of(known_.connectors);
            case 2: return dice_.one_of(known_.encoders);
            default: return dice_.one_of(known_.planes);
        }
    }
    Known::Property property(uint32_t of) {
        const auto it = known_.properties.find(of);
        return it == known_.properties.end() ? Known::Property{} : dice_.one_of(it->second);
    }
    uint32_t plausible() {
        switch (dice_.below(14)) {
            case 0: return 0;
            case 1: return ~0U;
            case 2: return 1U << dice_.below(32);
            case 3: return dice_.any();
            case 4: return dice_.one_of(known_.framebuffers);
            case 5: return dice_.one_of(known_.blobs);
            case 6: return object();
            case 7: return property(object()).id;
            case 8: return 64;
            case 9: return DRM_FORMAT_XRGB8888;
            case 10: return static_cast<uint32_t>(pointer());  // all have 32 bits
            case 11: return CallerMemory::first_fd + dice_.below(4);
            default: return dice_.below(8);  // handles, counts, flags
        }
    }
    uint64_t value(const Known::Property& of) {
        switch (dice_.below(16)) {
            case 0: return plausible();
            case 1: return uint64_t{plausible()} << 32 | plausible();
            case 2: return uint64_t{dice_.below(80)} << 16;
            case 3: return dice_.one_of(known_.framebuffers);
            case 4: return dice_.one_of(known_.crtcs);
            case 5: return pointer();
            default: return of.value;
        }
    }

    void put(uint64_t word, uint32_t value) { memory_.put(CallerMemory::base + word * 4, value); }
    template <class Argument>
    void put_argument(const Argument& argument) {
        memory_.put(CallerMemory::base, argument);
    }

    void fill_well(uint32_t number);
    void fill_well_drawing(uint32_t number);
    void fill_atomic();

    Dice& dice_;
    const Known& known_;
    CallerMemory& memory_;
};

/// Arguments that may well be accepted; random words where those may be.
void Maker::fill_well(uint32_t number) {
    const uint32_t of = object();
    const Known::Property any = property(of);
    switch (number) {
        case _IOC_NR(DRM_IOCTL_GET_CAP):
            return put_argument(drm_get_cap{.capability = dice_.below(24), .value = 0});
        case _IOC_NR(DRM_IOCTL_SET_CLIENT_CAP):
            return put_argument(
                drm_set_client_cap{.capability = dice_.below(8), .value = dice_.below(4)});
        case _IOC_NR(DRM_IOCTL_WAIT_VBLANK): {
            drm_wait_vblank wait{};
            const uint32_t types[] = {_DRM_VBLANK_RELATIVE, _DRM_VBLANK_ABSOLUTE,
                                      _DRM_VBLANK_RELATIVE | _DRM_VBLANK_EVENT, dice_.any()};
            put_argument(wait);
            put(0, types[dice_.below(4)]);
            return put(1, dice_.below(4));
        }
        case _IOC_NR(DRM_IOCTL_CRTC_QUEUE_SEQUENCE):
            return put_argument(drm_crtc_queue_sequence{.crtc_id = dice_.one_of(known_.crtcs),
                                                        .flags = dice_.below(4),
                                                        .sequence = dice_.below(4),
                                                        .user_data = dice_.any()});
        case _IOC_NR(DRM_IOCTL_MODE_ADDFB2): {
            drm_mode_fb_cmd2 fb{};
            fb.width = fb.height = 64;
            fb.pixel_format = dice_.below(2) ? DRM_FORMAT_ARGB8888 : DRM_FORMAT_XRGB8888;
            fb.handles[0] = 1 + dice_.below(2);
            fb.pitches[0] = 256;
            return put_argument(fb);
        }
        case _IOC_NR(DRM_IOCTL_MODE_CREATE_DUMB): {
            drm_mode_create_dumb dumb{};
            dumb.width = dumb.height = 64;
            dumb.bpp = 32;
            return put_argument(dumb);
        }
        case _IOC_NR(DRM_IOCTL_MODE_OBJ_GETPROPERTIES):
            return put_argument(drm_mode_obj_get_properties{.props_ptr = pointer(),
                                                            .prop_values_ptr = pointer(),
                                                            .count_props = dice_.below(32),
                                                            .obj_id = of,
                                                            .obj_type = 0});
        case _IOC_NR(DRM_IOCTL_MODE_GETPROPERTY): {
            drm_mode_get_property get{};
            get.values_ptr = pointer();
            get.enum_blob_ptr = pointer();
            get.prop_id = any.id;
            get.count_values = get.count_enum_blobs = dice_.below(16);
            return put_argument(get);
        }
        case _IOC_NR(DRM_IOCTL_MODE_GETPROPBLOB):
            return put_argument(drm_mode_get_blob{
                .blob_id = dice_.one_of(known_.blobs), .length = 68, .data = pointer()});
        case _IOC_NR(DRM_IOCTL_MODE_CREATEPROPBLOB):
            memory_.put(array(0), known_.mode);
            return put_argument(drm_mode_create_blob{.data = array(0), .length = 68, .blob_id = 0});
        case _IOC_NR(DRM_IOCTL_MODE_GETCONNECTOR): {
            drm_mode_get_connector get{};
            get.encoders_ptr = pointer();
            get.modes_ptr = pointer();
            get.props_ptr = pointer();
            get.prop_values_ptr = pointer();
            get.count_modes = get.count_props = get.count_encoders = dice_.below(16);
            get.connector_id = dice_.one_of(known_.connectors);
            return put_argument(get);
        }
        case _IOC_NR(DRM_IOCTL_MODE_RMFB):
            return put(
                0, dice_.below(2) ? known_.framebuffers.back() : dice_.one_of(known_.framebuffers));
        default: return fill_well_drawing(number);
    }
}

void Maker::fill_well_drawing(uint32_t number) {
    const uint32_t crtc = dice_.one_of(known_.crtcs), fb = dice_.one_of(known_.framebuffers);
    const uint32_t of = object();
    const Known::Property any = property(of);
    switch (number) {
        case _IOC_NR(DRM_IOCTL_MODE_SETCRTC): {
            drm_mode_crtc set{};
            memory_.put(array(0), dice_.one_of(known_.connectors));
            set.set_connectors_ptr = array(0);
            set.count_connectors = 1;
            set.crtc_id = crtc;
            set.fb_id = fb;
            set.mode_valid = 1;
            set.mode = known_.mode;
            return put_argument(set);
        }
        case _IOC_NR(DRM_IOCTL_MODE_PAGE_FLIP):
            return put_argument(drm_mode_crtc_page_flip{.crtc_id = crtc,
                                                        .fb_id = fb,
                                                        .flags = dice_.below(2),
                                                        .reserved = 0,
                                                        .user_data = dice_.any()});
        case _IOC_NR(DRM_IOCTL_MODE_CURSOR):
        case _IOC_NR(DRM_IOCTL_MODE_CURSOR2): {
            drm_mode_cursor2 cursor{};
            cursor.flags = 1 + dice_.below(3);
            cursor.crtc_id = crtc;
            cursor.x = cursor.y = static_cast<int32_t>(plausible());
            cursor.width = cursor.height = 64;
            cursor.handle = dice_.below(3);
            return put_argument(cursor);
        }
        case _IOC_NR(DRM_IOCTL_MODE_SETPLANE): {
            drm_mode_set_plane set{};
            set.plane_id = dice_.one_of(known_.planes);
            set.crtc_id = crtc;
            set.fb_id = fb;
            set.crtc_x = static_cast<int32_t>(dice_.below(64)) - 32;
            set.crtc_w = set.crtc_h = 32;
            set.src_w = set.src_h = 32 << 16;
            return put_argument(set);
        }
        case _IOC_NR(DRM_IOCTL_MODE_SETGAMMA):
        case _IOC_NR(DRM_IOCTL_MODE_GETGAMMA):
            return put_argument(drm_mode_crtc_lut{.crtc_id = crtc,
                                                  .gamma_size = 256,
                                                  .red = array(0),
                                                  .green = array(1),
                                                  .blue = pointer()});
        case _IOC_NR(DRM_IOCTL_MODE_DIRTYFB):
            return put_argument(drm_mode_fb_dirty_cmd{.fb_id = fb,
                                                      .flags = dice_.below(3),
                                                      .color = 0,
                                                      .num_clips = dice_.below(4) * 2,
                                                      .clips_ptr = pointer()});
        case _IOC_NR(DRM_IOCTL_MODE_SETPROPERTY):
            return put_argument(drm_mode_connector_set_property{
                .value = value(any), .prop_id = any.id, .connector_id = of});
        case _IOC_NR(DRM_IOCTL_MODE_OBJ_SETPROPERTY):
            return put_argument(drm_mode_obj_set_property{
                .value = value(any), .prop_id = any.id, .obj_id = of, .obj_type = 0});
        case _IOC_NR(DRM_IOCTL_MODE_CREATE_LEASE):
            for (uint64_t i = 0; i < 4; i++) memory_.put(array(0) + i * 4, object());
            return put_argument(drm_mode_create_lease{.object_ids = array(0),
                                                      .object_count = dice_.below(5),
                                                      .flags = 0,
                                                      .lessee_id = 0,
                                                      .fd = 0});
        case _IOC_NR(DRM_IOCTL_MODE_ATOMIC): return fill_atomic();
        default:
            for (uint64_t word = 0; word < 12; word++) put(word, plausible());
    }
}

void Maker::fill_atomic() {
    constexpr std::array flags{0U, uint32_t{DRM_MODE_ATOMIC_TEST_ONLY},
                               uint32_t{DRM_MODE_ATOMIC_NONBLOCK},
                               uint32_t{DRM_MODE_PAGE_FLIP_EVENT} | DRM_MODE_ATOMIC_NONBLOCK};
    drm_mode_atomic request{};
    request.flags = flags[dice_.below(flags.size())];
    if (dice_.below(2)) request.flags |= DRM_MODE_ATOMIC_ALLOW_MODESET;
    request.count_objs = 1 + dice_.below(3);
    request.objs_ptr = array(0);
    request.count_props_ptr = array(1);
    request.props_ptr = array(2);
    request.prop_values_ptr = array(3);
    request.user_data = dice_.any();
    uint64_t all = 0;
    for (uint64_t i = 0; i < request.count_objs; i++) {
        const uint32_t of = object(), count = 1 + dice_.below(3);
        memory_.put(array(0) + i * 4, of);
        memory_.put(array(1) + i * 4, count);
        for (uint32_t k = 0; k < count; k++, all++) {
            const Known::Property one = property(of);
            memory_.put(array(2) + all * 4, one.id);
            memory_.put(array(3) + all * 8, value(one));
        }
    }
    put_argument(request);
}

}  // namespace

RandomCall make_call(Dice& dice, const Known& known, CallerMemory& memory) {
    return Maker(dice, known, memory).make();
}

}  // namespace plugboard::tests
