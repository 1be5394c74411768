// For tests: a model with one vkms device, and a client of it in this process.
#pragma once

#include <drm.h>
#include <drm_fourcc.h>
#include <drm_mode.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "device/device.h"
#include "device/model.h"
#include "drivers/vkms/config.h"
#include "drivers/vkms/driver.h"
#include "drm/device.h"
#include "drm/minors.h"
#include "drm/pixel/geometry.h"
#include "tests/support/drm_client.h"

namespace plugboard::vkms {

struct DumbBuffer {
    drm_mode_create_dumb dumb{};
    std::span<std::byte> bytes;  // mapped until the client ends
    uint32_t fb = 0;
};

struct Setting {
    uint32_t object = 0;
    std::string property;
    uint64_t value = 0;
};

/// An open file with every client cap that the driver has, that knows the device's objects. One
/// thread.
class TestClient final : public tests::Client {
  public:
    explicit TestClient(drm::Device& device) : Client(device, {.command = "test"}) {
        EXPECT_TRUE(is_open());
        if (device.info().universal_planes) {
            EXPECT_EQ(set_cap(DRM_CLIENT_CAP_UNIVERSAL_PLANES), 0);
        }
        if (device.info().atomic) {
            EXPECT_EQ(set_cap(DRM_CLIENT_CAP_ATOMIC), 0);
            EXPECT_EQ(set_cap(DRM_CLIENT_CAP_WRITEBACK_CONNECTORS), 0);
        }
        list();
    }
    ~TestClient() { close(); }

    void close() {
        Client::close();
        for (const auto bytes : mappings_) munmap(bytes.data(), bytes.size());
        mappings_.clear();
    }

    DumbBuffer make_mapped_buffer(uint32_t width, uint32_t height, uint32_t fourcc,
                                  uint32_t bytes) {
        DumbBuffer buffer;
        buffer.dumb.width = width;
        buffer.dumb.height = height;
        buffer.dumb.bpp = bytes * 8;
        EXPECT_EQ(ioctl(DRM_IOCTL_MODE_CREATE_DUMB, &buffer.dumb), 0);
        drm_mode_map_dumb map{.handle = buffer.dumb.handle, .pad = 0, .offset = 0};
        EXPECT_EQ(ioctl(DRM_IOCTL_MODE_MAP_DUMB, &map), 0);
        const auto mapped =
            file().map(map.offset, buffer.dumb.size, PROT_READ | PROT_WRITE, MAP_SHARED);
        EXPECT_TRUE(mapped.ok());
        if (!mapped.ok()) return buffer;
        void* data = mmap(nullptr, buffer.dumb.size, PROT_READ | PROT_WRITE, MAP_SHARED,
                          mapped->memory.borrow(), 0);
        EXPECT_NE(data, MAP_FAILED);
        buffer.bytes = {static_cast<std::byte*>(data), buffer.dumb.size};
        mappings_.push_back(buffer.bytes);
        drm_mode_fb_cmd2 fb{};
        fb.width = width;
        fb.height = height;
        fb.pixel_format = fourcc;
        fb.handles[0] = buffer.dumb.handle;
        fb.pitches[0] = buffer.dumb.pitch;
        EXPECT_EQ(ioctl(DRM_IOCTL_MODE_ADDFB2, &fb), 0);
        buffer.fb = fb.fb_id;
        return buffer;
    }

    /// The modes that a probe finds.
    std::vector<drm_mode_modeinfo> probe(uint32_t connector, uint32_t* status = nullptr) {
        drm_mode_get_connector found{};
        found.connector_id = connector;
        EXPECT_EQ(ioctl(DRM_IOCTL_MODE_GETCONNECTOR, &found), 0);
        if (status) *status = found.connection;
        std::vector<drm_mode_modeinfo> modes(found.count_modes);
        drm_mode_get_connector again{};
        again.connector_id = connector;
        again.count_modes = found.count_modes;
        again.modes_ptr = reinterpret_cast<uint64_t>(modes.data());
        EXPECT_EQ(modes.empty() ? 0 : ioctl(DRM_IOCTL_MODE_GETCONNECTOR, &again), 0);
        return modes;
    }

    /// In the order of the kernel's answer: name, id, value.
    struct Property {
        std::string name;
        uint32_t id = 0;
        uint64_t value = 0;
    };
    std::vector<Property> properties(uint32_t object) {
        drm_mode_obj_get_properties all{};
        all.obj_id = object;
        EXPECT_EQ(ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, &all), 0);
        std::vector<uint32_t> ids(all.count_props);
        std::vector<uint64_t> values(all.count_props);
        all.props_ptr = reinterpret_cast<uint64_t>(ids.data());
        all.prop_values_ptr = reinterpret_cast<uint64_t>(values.data());
        EXPECT_EQ(ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, &all), 0);
        std::vector<Property> properties;
        for (size_t i = 0; i < ids.size(); ++i) {
            drm_mode_get_property one{};
            one.prop_id = ids[i];
            EXPECT_EQ(ioctl(DRM_IOCTL_MODE_GETPROPERTY, &one), 0);
            properties.push_back({one.name, ids[i], values[i]});
        }
        return properties;
    }
    Property property(uint32_t object, const std::string& name) {
        for (auto& found : properties(object)) {
            if (found.name == name) return found;
        }
        ADD_FAILURE() << object << " has no property " << name;
        return {};
    }
    std::vector<std::byte> blob(uint64_t id) {
        drm_mode_get_blob get{};
        get.blob_id = static_cast<uint32_t>(id);
        EXPECT_EQ(ioctl(DRM_IOCTL_MODE_GETPROPBLOB, &get), 0);
        std::vector<std::byte> bytes(get.length);
        get.data = reinterpret_cast<uint64_t>(bytes.data());
        EXPECT_EQ(ioctl(DRM_IOCTL_MODE_GETPROPBLOB, &get), 0);
        return bytes;
    }

    int atomic(const std::vector<Setting>& settings, uint32_t flags, uint64_t user_data = 0) {
        std::vector<uint32_t> objects, counts, ids;
        std::vector<uint64_t> values;
        for (const Setting& setting : settings) {
            objects.push_back(setting.object);
            counts.push_back(1);
            ids.push_back(property(setting.object, setting.property).id);
            values.push_back(setting.value);
        }
        drm_mode_atomic request{};
        request.flags = flags;
        request.count_objs = static_cast<uint32_t>(objects.size());
        request.objs_ptr = reinterpret_cast<uint64_t>(objects.data());
        request.count_props_ptr = reinterpret_cast<uint64_t>(counts.data());
        request.props_ptr = reinterpret_cast<uint64_t>(ids.data());
        request.prop_values_ptr = reinterpret_cast<uint64_t>(values.data());
        request.user_data = user_data;
        return ioctl(DRM_IOCTL_MODE_ATOMIC, &request);
    }

    /// What puts an fb on a plane; (x, y) in the fb.
    static std::vector<Setting> place(uint32_t plane, uint32_t crtc, uint32_t fb, drm::Rect to,
                                      uint32_t x = 0, uint32_t y = 0) {
        return {{plane, "FB_ID", fb},
                {plane, "CRTC_ID", crtc},
                {plane, "CRTC_X", static_cast<uint64_t>(int64_t{to.x})},
                {plane, "CRTC_Y", static_cast<uint64_t>(int64_t{to.y})},
                {plane, "CRTC_W", to.width},
                {plane, "CRTC_H", to.height},
                {plane, "SRC_X", uint64_t{x} << 16},
                {plane, "SRC_Y", uint64_t{y} << 16},
                {plane, "SRC_W", uint64_t{to.width} << 16},
                {plane, "SRC_H", uint64_t{to.height} << 16}};
    }
    /// Switches a CRTC on with a connector, and the fb (of the mode's size) on the primary plane.
    int turn_on(uint32_t crtc, uint32_t connector, const drm_mode_modeinfo& mode, uint32_t plane,
                uint32_t fb) {
        auto settings = place(plane, crtc, fb, {0, 0, mode.hdisplay, mode.vdisplay});
        settings.push_back({connector, "CRTC_ID", crtc});
        settings.push_back({crtc, "MODE_ID", add_mode_blob(mode)});
        settings.push_back({crtc, "ACTIVE", 1});
        return atomic(settings, DRM_MODE_ATOMIC_ALLOW_MODESET);
    }
    int turn_off(uint32_t crtc, uint32_t connector, uint32_t plane) {
        return atomic({{connector, "CRTC_ID", 0},
                       {crtc, "MODE_ID", 0},
                       {crtc, "ACTIVE", 0},
                       {plane, "FB_ID", 0},
                       {plane, "CRTC_ID", 0}},
                      DRM_MODE_ATOMIC_ALLOW_MODESET);
    }

    std::vector<uint32_t> planes, crtcs, connectors, encoders;

  private:
    void list() {
        drm_mode_card_res all{};
        EXPECT_EQ(ioctl(DRM_IOCTL_MODE_GETRESOURCES, &all), 0);
        crtcs.resize(all.count_crtcs);
        connectors.resize(all.count_connectors);
        encoders.resize(all.count_encoders);
        all.crtc_id_ptr = reinterpret_cast<uint64_t>(crtcs.data());
        all.connector_id_ptr = reinterpret_cast<uint64_t>(connectors.data());
        all.encoder_id_ptr = reinterpret_cast<uint64_t>(encoders.data());
        EXPECT_EQ(ioctl(DRM_IOCTL_MODE_GETRESOURCES, &all), 0);
        drm_mode_get_plane_res shown{};
        EXPECT_EQ(ioctl(DRM_IOCTL_MODE_GETPLANERESOURCES, &shown), 0);
        planes.resize(shown.count_planes);
        shown.plane_id_ptr = reinterpret_cast<uint64_t>(planes.data());
        EXPECT_EQ(ioctl(DRM_IOCTL_MODE_GETPLANERESOURCES, &shown), 0);
    }

    std::vector<std::span<std::byte>> mappings_;
};

/// A model with one vkms device, which is there until the end or until unplug().
class TestBoard {
  public:
    explicit TestBoard(Config config = {}, Clock& clock = Clock::real()) : model(clock) {
        EXPECT_TRUE(model.platform_bus().add_driver(driver).ok());
        auto added = model.add_platform_device(info(std::move(config)));
        EXPECT_TRUE(added.ok());
        if (added.ok()) device = *added;
    }
    ~TestBoard() {
        unplug();
        EXPECT_TRUE(model.platform_bus().remove_driver(driver).ok());
    }

    static device::DeviceInfo info(Config config) {
        device::DeviceInfo info;
        info.name = "vkms";
        info.platform_data = std::move(config);
        return info;
    }
    void unplug() {
        if (device) (*device)->del();
        device.reset();
    }
    Ref<drm::Device> drm() { return *drm::find_device(model, drm::NodeType::Primary, 0); }

    device::Model model;
    Driver driver;
    MaybeRef<device::Device> device;
};

}  // namespace plugboard::vkms
