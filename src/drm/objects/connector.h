// A connector: where a screen is, what it can show, and its state.
// Linux: drivers/gpu/drm/drm_connector.c, drm_probe_helper.c, drm_writeback.c
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/ref.h"
#include "drm/edid/tile.h"
#include "drm/objects/blob.h"
#include "drm/objects/framebuffer.h"
#include "drm/objects/mode.h"
#include "drm/objects/mode_object.h"
#include "drm/sync/fence.h"

namespace plugboard::drm {

class Crtc;
class Device;
class Encoder;
struct StandardProperties;

enum class ConnectorStatus : uint32_t { Connected = 1, Disconnected = 2, Unknown = 3 };  // uAPI's

/// What sysfs `status` was told. Values are Linux's.
enum class ConnectorForce { Unspecified, Off, On, OnDigital };

/// How a panel is built in. Values are Linux's.
enum class PanelOrientation : uint32_t { Normal, UpsideDown, LeftSideUp, RightSideUp };

/// Which names "Colorspace" knows.
enum class Colorspaces { None, Hdmi, DisplayPort };

/// Properties that a driver's connectors may have beside the standard ones, in the order in which
/// clients list them.
struct ConnectorOptions {
    bool subconnector = false;                    // DisplayPort: what hangs behind it
    uint32_t min_bpc = 0, max_bpc = 0;            // "max bpc", of this range; 0: there is none
    bool content_type = false;                    // "content type"
    Colorspaces colorspaces = Colorspaces::None;  // "Colorspace"
    bool hdr_output_metadata = false;
    bool vrr_capable = false;
    std::optional<PanelOrientation> panel_orientation{};
    bool path = false;  // PATH: ConnectorInfo::path
};

/// What the last probe learned of the screen beside its modes. Linux: struct drm_display_info
struct DisplayInfo {
    std::string name{};  // of the EDID
    uint32_t width_mm = 0, height_mm = 0;
    bool non_desktop = false;
    uint32_t subpixel = 0;                    // Linux: enum subpixel_order
    uint32_t bits_per_color = 0;              // 0: not known
    uint32_t vrr_min_hz = 0, vrr_max_hz = 0;  // what a rate may vary between; 0: none
    uint32_t hdr_eotfs = 0;                   // CTA-861.3: bit 0 SDR, 1 HDR, 2 PQ, 3 HLG
    std::optional<edid::Tile> tile{};
    uint32_t tile_group = 0;  // by which clients know the screen that it is a tile of

    /// Linux: what drivers ask of struct drm_monitor_range_info. 0 is no rate that an EDID may
    /// name.
    bool is_vrr_capable() const { return vrr_min_hz != 0 && vrr_max_hz > vrr_min_hz + 10; }
    bool operator==(const DisplayInfo&) const = default;
};

struct ConnectorInfo {
    uint32_t type = DRM_MODE_CONNECTOR_VIRTUAL;
    uint32_t type_id = 0;                     // "DP-2" has 2; 0: the next of its type
    std::vector<Encoder*> encoders;           // drmm
    std::vector<uint32_t> writeback_formats;  // not empty: a writeback connector
    /// What detect answers; none: always connected.
    std::function<ConnectorStatus()> detect{};
    /// What the screen says of itself, unchecked; empty: nothing. Linux: drm_edid_read
    std::function<std::vector<std::byte>()> edid{};
    /// The modes of a screen without an EDID, sorted as clients see them.
    std::function<std::vector<Mode>()> modes{};
    /// Instead of those of the EDID, in this order; empty: the EDID's.
    std::function<std::vector<Mode>()> own_modes{};
    /// The size and subpixel order of the screen, in place of the EDID's; no size: the EDID's.
    std::function<DisplayInfo()> display{};
    ConnectorOptions options{};
    std::string path{};  // "mst:41-8": where in a tree of docks it is
    size_t port = 0;     // the driver's own number of it
};

/// One picture to be written to memory: made by a request, used once.
struct WritebackJob {
    MaybeRef<Framebuffer> fb;
    MaybeRef<Fence> out_fence;
};

/// What one connector does. A value.
struct ConnectorState {
    Crtc* crtc = nullptr;
    Encoder* encoder = nullptr;
    uint32_t link_status = 0;  // 0 good, 1 bad
    MaybeRef<Blob> hdr_output_metadata{};
    uint32_t max_bpc = 0;
    uint32_t colorspace = 0;    // DRM_MODE_COLORIMETRY_*, of which the uAPI tells names alone
    uint32_t content_type = 0;  // DRM_MODE_CONTENT_TYPE_*
    std::optional<WritebackJob> writeback;  // of this request only
};

/// Counted: it comes and goes with a screen.
class Connector final : public Object, public ModeObject {
  public:
    static constexpr size_t max_connectors = 32;  // as many as a mask of them has bits

    /// Before publish(), with the properties that it has use for; max_connectors at most.
    static Ref<Connector> create(Device& device, ConnectorInfo info);
    /// Later, with properties that are there. NoSpc: max_connectors are listed.
    /// Linux: drm_connector_dynamic_init
    static Result<Ref<Connector>> create_dynamic(Device& device, ConnectorInfo info);

    Device& device() const { return device_; }  // with a reference on the device only
    /// The lowest that is free when it is made.
    uint32_t index() const { return index_; }
    /// Of its device, never used again; orders them as they were made.
    uint32_t serial() const { return serial_; }
    const ConnectorInfo& info() const { return info_; }
    /// "Virtual-1": numbered per type over the device.
    const std::string& name() const { return name_; }
    uint32_t type_id() const { return type_id_; }
    bool is_writeback() const { return !info_.writeback_formats.empty(); }

    // Guarded by the modeset lock.
    ConnectorState state;
    ConnectorStatus status = ConnectorStatus::Unknown;
    std::vector<Mode> modes;
    ConnectorForce force = ConnectorForce::Unspecified;
    uint32_t dpms = 0;  // DRM_MODE_DPMS_*
    DisplayInfo display;
    MaybeRef<Blob> edid;                   // the property; of another id when its bytes are others
    MaybeRef<Blob> tile;                   // the property, a text
    std::vector<std::byte> edid_override;  // debugfs: instead of the screen's own
    uint64_t probes_begun = 0;
    uint64_t probe_shown = 0;  // the number of the probe that all this is from
    bool is_removed = false;   // by remove_connector(): nothing is turned on there any more
    bool is_hidden = false;    // removed, and gone from sysfs: its id, name and numbers may be free
    bool is_listed = true;     // not hidden, or a CRTC is on it still

    std::string label() const override;
    void visit_refs(RefVisitor& visitor) const override;

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    struct Blobs {
        MaybeRef<Blob> writeback_formats, path;
    };
    Connector(Device& device, ConnectorInfo info, Blobs blobs);
    ~Connector() override;
    /// None: max_connectors are listed.
    static MaybeRef<Connector> try_list(Device& device, ConnectorInfo info);
    void set_up_properties(const StandardProperties& standard);
    uint32_t free_type_id_locked() const;  // under the modeset lock

    // Good for who holds a reference on the device too: the explainer may hold this one longer.
    Device& device_;
    uint32_t index_ = 0, serial_ = 0;
    uint32_t type_id_ = 1;
    std::string name_;
    ConnectorInfo info_;
    Blobs blobs_;
};

/// "DP", "HDMI-A", as connectors are named by type. Linux: drm_connector_enum_list
const char* connector_type_name(uint32_t type);

/// The connector with this id, if there is one.
MaybeRef<Connector> find_connector(Device& device, ObjectId id);

}  // namespace plugboard::drm
