// A DRM client in plain system calls, for the programs that run on a board.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <drm.h>
#include <drm_fourcc.h>
#include <drm_mode.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/sw_sync.h"

namespace client {

/// Ends the program with a message when a step that must work does not.
inline void must(bool ok, const char* what) {
    if (ok) return;
    std::fprintf(stderr, "client: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

/// The node of a device now, "card" or "renderD": one that is plugged again has another number.
inline std::string find_node(const std::string& device, const std::string& kind) {
    const std::string begin = "/sys/devices/platform/" + device + "/drm/" + kind;
    for (int i = 0; i < 192; i++) {
        const std::string number = std::to_string(i);
        if (access((begin + number).c_str(), F_OK) == 0) return "/dev/dri/" + kind + number;
    }
    errno = ENOENT;
    must(false, begin.c_str());
    return "";
}

struct Buffer {
    uint32_t handle = 0, pitch = 0, fb = 0;
    uint64_t size = 0;
    uint8_t* pixels = nullptr;
};

/// One open card with its first CRTC, primary plane and screen. Property ids by name.
class Card {
  public:
    explicit Card(std::string path = {}, int flags = O_RDWR | O_CLOEXEC)
        : path_(path.empty() ? find_node("vkms", "card") : std::move(path)),
          fd_(open(path_.c_str(), flags)) {
        must(fd_ >= 0, path_.c_str());
    }
    ~Card() { close_now(); }
    Card(const Card&) = delete;
    Card& operator=(const Card&) = delete;

    int fd() const { return fd_; }
    const std::string& path() const { return path_; }
    void close_now() {
        if (fd_ >= 0) close(fd_);
        fd_ = -1;
    }

    /// 0 or the errno. Not restarted.
    template <class T>
    int call(unsigned long command, T& argument) const {
        return ioctl(fd_, command, &argument) == 0 ? 0 : errno;
    }

    /// Finds the objects; the atomic and universal-planes caps are on afterwards.
    void discover() {
        for (const int cap : {DRM_CLIENT_CAP_UNIVERSAL_PLANES, DRM_CLIENT_CAP_ATOMIC}) {
            drm_set_client_cap set{static_cast<uint64_t>(cap), 1};
            must(call(DRM_IOCTL_SET_CLIENT_CAP, set) == 0, "SET_CLIENT_CAP");
        }
        std::array<uint32_t, 32> crtcs{}, connectors{}, encoders{};
        drm_mode_card_res resources{};
        resources.crtc_id_ptr = address(crtcs.data());
        resources.connector_id_ptr = address(connectors.data());
        resources.encoder_id_ptr = address(encoders.data());
        resources.count_crtcs = resources.count_connectors = resources.count_encoders = 32;
        must(call(DRM_IOCTL_MODE_GETRESOURCES, resources) == 0, "GETRESOURCES");
        crtc = crtcs[0];
        connector = connectors[0];
        crtc_count = resources.count_crtcs;
        all_crtcs.assign(crtcs.begin(), crtcs.begin() + resources.count_crtcs);
        all_connectors.assign(connectors.begin(), connectors.begin() + resources.count_connectors);

        std::array<uint32_t, 64> planes{};
        drm_mode_get_plane_res plane_resources{address(planes.data()), 64};
        must(call(DRM_IOCTL_MODE_GETPLANERESOURCES, plane_resources) == 0, "GETPLANERESOURCES");
        all_planes.assign(planes.begin(), planes.begin() + plane_resources.count_planes);
        primary = all_planes[0];

        std::array<drm_mode_modeinfo, 64> modes{};
        std::array<uint32_t, 32> ids{};
        drm_mode_get_connector probe{};
        probe.connector_id = connector;
        must(call(DRM_IOCTL_MODE_GETCONNECTOR, probe) == 0, "GETCONNECTOR");
        drm_mode_get_connector fetch{};
        fetch.connector_id = connector;
        fetch.count_modes = 64;
        fetch.modes_ptr = address(modes.data());
        fetch.count_encoders = 32;
        fetch.encoders_ptr = address(ids.data());
        must(call(DRM_IOCTL_MODE_GETCONNECTOR, fetch) == 0, "GETCONNECTOR with arrays");
        must(fetch.count_modes > 0, "no modes");
        all_modes.assign(modes.begin(), modes.begin() + fetch.count_modes);
        mode = modes[0];
        encoder = ids[0];
    }

    /// 0: the object has no such property.
    uint32_t find_property(uint32_t object, uint32_t type, const char* name) const {
        std::array<uint32_t, 64> ids{};
        std::array<uint64_t, 64> values{};
        drm_mode_obj_get_properties get{address(ids.data()), address(values.data()), 64, object,
                                        type};
        must(call(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, get) == 0, "OBJ_GETPROPERTIES");
        for (uint32_t i = 0; i < get.count_props; i++) {
            drm_mode_get_property one{};
            one.prop_id = ids[i];
            must(call(DRM_IOCTL_MODE_GETPROPERTY, one) == 0, "GETPROPERTY");
            if (std::strcmp(one.name, name) == 0) return ids[i];
        }
        return 0;
    }

    uint32_t property(uint32_t object, uint32_t type, const char* name) const {
        const uint32_t id = find_property(object, type, name);
        errno = ENOENT;
        must(id != 0, name);
        return id;
    }

    /// What a property that the object has says now.
    uint64_t property_value(uint32_t object, uint32_t type, const char* name) const {
        const uint32_t wanted = property(object, type, name);
        std::array<uint32_t, 64> ids{};
        std::array<uint64_t, 64> values{};
        drm_mode_obj_get_properties get{address(ids.data()), address(values.data()), 64, object,
                                        type};
        must(call(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, get) == 0, "OBJ_GETPROPERTIES");
        for (uint32_t i = 0; i < get.count_props; i++)
            if (ids[i] == wanted) return values[i];
        must(false, name);
        return 0;
    }

    Buffer create_buffer(uint32_t width, uint32_t height, uint32_t format = DRM_FORMAT_XRGB8888,
                         uint32_t bpp = 32) const {
        drm_mode_create_dumb create{};
        create.width = width;
        create.height = height;
        create.bpp = bpp;
        must(call(DRM_IOCTL_MODE_CREATE_DUMB, create) == 0, "CREATE_DUMB");
        Buffer buffer{create.handle, create.pitch, 0, create.size, nullptr};
        drm_mode_map_dumb map{};
        map.handle = create.handle;
        must(call(DRM_IOCTL_MODE_MAP_DUMB, map) == 0, "MAP_DUMB");
        void* memory = mmap(nullptr, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_,
                            static_cast<off_t>(map.offset));
        must(memory != MAP_FAILED, "mmap");
        buffer.pixels = static_cast<uint8_t*>(memory);
        drm_mode_fb_cmd2 add{};
        add.width = width;
        add.height = height;
        add.pixel_format = format;
        add.handles[0] = create.handle;
        add.pitches[0] = create.pitch;
        must(call(DRM_IOCTL_MODE_ADDFB2, add) == 0, "ADDFB2");
        buffer.fb = add.fb_id;
        return buffer;
    }

    int set_crtc(const Buffer& buffer) const {
        drm_mode_crtc set{};
        set.crtc_id = crtc;
        set.fb_id = buffer.fb;
        set.set_connectors_ptr = address(&connector);
        set.count_connectors = 1;
        set.mode = mode;
        set.mode_valid = 1;
        return call(DRM_IOCTL_MODE_SETCRTC, set);
    }

    int page_flip(const Buffer& buffer, uint64_t user_data = 0,
                  uint32_t flags = DRM_MODE_PAGE_FLIP_EVENT) const {
        drm_mode_crtc_page_flip flip{};
        flip.crtc_id = crtc;
        flip.fb_id = buffer.fb;
        flip.flags = flags;
        flip.user_data = user_data;
        return call(DRM_IOCTL_MODE_PAGE_FLIP, flip);
    }

    struct Value {
        uint32_t object, property;
        uint64_t value;
    };
    /// Values must stand together object by object.
    int atomic(const std::vector<Value>& values, uint32_t flags, uint64_t user_data = 0) const {
        std::vector<uint32_t> objects, counts, properties;
        std::vector<uint64_t> numbers;
        for (const Value& value : values) {
            if (objects.empty() || objects.back() != value.object) {
                objects.push_back(value.object);
                counts.push_back(0);
            }
            counts.back()++;
            properties.push_back(value.property);
            numbers.push_back(value.value);
        }
        drm_mode_atomic request{};
        request.flags = flags;
        request.count_objs = static_cast<uint32_t>(objects.size());
        request.objs_ptr = address(objects.data());
        request.count_props_ptr = address(counts.data());
        request.props_ptr = address(properties.data());
        request.prop_values_ptr = address(numbers.data());
        request.user_data = user_data;
        return call(DRM_IOCTL_MODE_ATOMIC, request);
    }

    template <class T>
    static uint64_t address(T* pointer) {
        return reinterpret_cast<uint64_t>(pointer);
    }

    uint32_t crtc = 0, connector = 0, encoder = 0, primary = 0, crtc_count = 0;
    std::vector<uint32_t> all_crtcs, all_connectors, all_planes;
    std::vector<drm_mode_modeinfo> all_modes;
    drm_mode_modeinfo mode{};

  private:
    std::string path_;
    int fd_;
};

/// poll() for `events`; what came, 0 at the timeout.
inline short poll_for(int fd, short events, int timeout_ms) {
    pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, timeout_ms);
    return ready > 0 ? entry.revents : static_cast<short>(0);
}

/// The CRC of a whole frame of card0's first CRTC from now on: "0x615bf4ec".
inline std::string read_crc() {
    const int data = open("/sys/kernel/debug/dri/0/crtc-0/crc/data", O_RDONLY | O_CLOEXEC);
    must(data >= 0, "crc/data");
    char line[64] = {};
    for (int i = 0; i < 2; i++) must(read(data, line, sizeof line) == 23, "read of crc/data");
    close(data);
    return std::string(line + 11, 10);
}

inline int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// One of /sys/kernel/debug/sync/sw_sync.
class Timeline {
  public:
    Timeline() : fd_(open("/sys/kernel/debug/sync/sw_sync", O_RDWR | O_CLOEXEC)) {
        must(fd_ >= 0, "/sys/kernel/debug/sync/sw_sync");
    }
    ~Timeline() { close(fd_); }
    int fd() const { return fd_; }
    int fence(uint32_t value) const {
        sw_sync_create_fence_data create{};
        create.value = value;
        must(ioctl(fd_, SW_SYNC_IOC_CREATE_FENCE, &create) == 0, "SW_SYNC_IOC_CREATE_FENCE");
        return create.fence;
    }
    void advance(uint32_t by) const {
        must(ioctl(fd_, SW_SYNC_IOC_INC, &by) == 0, "SW_SYNC_IOC_INC");
    }

  private:
    int fd_;
};

/// Runs `plugboard ARGUMENTS` (found by PLUGBOARD_COMMAND); its exit status.
inline int plugboard(const std::string& arguments) {
    const char* command = std::getenv("PLUGBOARD_COMMAND");
    const std::string line = std::string(command ? command : "plugboard") + " " + arguments;
    return std::system(line.c_str());
}

}  // namespace client
