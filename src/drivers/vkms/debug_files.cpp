#include "drivers/vkms/debug_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/page.h"
#include "drivers/vkms/frame_worker.h"
#include "drm/objects/crtc.h"
#include "drm/objects/mode_config.h"
#include "drm/sync/sync_file.h"

namespace plugboard::vkms {
namespace {

constexpr std::string_view only_source = "auto";
constexpr std::string_view control_text = "auto*\n";  // the star marks the current source

Result<UniqueFd> text_snapshot(std::string_view text) {
    UniqueFd memory(memfd_create("plugboard-crc-control", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory.is_open()) return last_error();
    const ssize_t written = pwrite(memory.borrow(), text.data(), text.size(), 0);
    if (written != static_cast<ssize_t>(text.size())) return Errno::NoMem;
    constexpr int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
    if (fcntl(memory.borrow(), F_ADD_SEALS, seals) != 0) return last_error();
    return memory;
}

/// Gives the client an end, of which the rest of the file is told by `File`.
template <class File>
struct Opened {
    UniqueFd fd;
    Ref<File> file;
};
template <class File>
Result<Opened<File>> open_file(drm::Device& device, const device::Managed<FrameWorker>& worker,
                               uint32_t crtc, FdKind kind, PairType type) {
    MaybeRef<File> made;
    const auto make = [&](uint64_t, UniqueFd ours) -> Ref<drm::SpecialFile> {
        made = make_ref<File>(Ref<drm::Device>::share(device), worker, crtc, std::move(ours));
        return *made;
    };
    const auto on_close = [](drm::SpecialFile& file) {
        static_cast<CrcFile&>(file).handle_close();
    };
    auto& files = device.parent().model().service<drm::SpecialFiles>();
    UniqueFd fd = TRY(files.add(kind, type, make, on_close));
    return Opened<File>{std::move(fd), *made};
}

bool is_active(drm::Crtc& crtc) {
    MutexLock lock(crtc.device().mode_config().lock());
    return crtc.state.active;
}

Result<UniqueFd> open_data(drm::Device& device, const device::Managed<FrameWorker>& worker,
                           uint32_t crtc, int flags) {
    if (!is_active(*device.mode_config().crtcs[crtc])) return Errno::Io;
    auto opened = TRY(open_file<CrcData>(device, worker, crtc, FdKind::Stream, PairType::Packets));
    TRY(with_worker(device, worker,
                    [&](FrameWorker& used) { return used.start_crc(opened.file); }));
    if ((flags & O_NONBLOCK) != 0) fcntl(opened.fd.borrow(), F_SETFL, O_NONBLOCK);
    return std::move(opened.fd);
}

Result<UniqueFd> open_control(drm::Device& device, const device::Managed<FrameWorker>& worker,
                              uint32_t crtc, int flags) {
    if ((flags & O_ACCMODE) == O_RDONLY) return text_snapshot(control_text);
    auto opened =
        TRY(open_file<CrcControl>(device, worker, crtc, FdKind::Attribute, PairType::Stream));
    TRY(with_worker(device, worker, [&](FrameWorker& used) -> Result<void> {
        used.remember(opened.file);
        return {};
    }));
    opened.file->prepare((flags & O_ACCMODE) == O_RDWR ? control_text : std::string_view());
    return std::move(opened.fd);
}

std::string module_parameters(const Layout& layout) {
    const auto has_type = [&](drm::PlaneType type) {
        return std::ranges::find(layout.planes, type, &PlaneConfig::type) != layout.planes.end();
    };
    const bool writeback = std::ranges::any_of(layout.crtcs, &CrtcConfig::writeback);
    return fmt::format("writeback={:d}\ncursor={:d}\noverlay={:d}\n", writeback,
                       has_type(drm::PlaneType::Cursor), has_type(drm::PlaneType::Overlay));
}

/// Linux: drivers/gpu/drm/vkms/vkms_config.c, vkms_config_show
std::string config_text(const drm::Device& device, const Config& config) {
    const Layout layout = layout_of(config);
    if (config.profile == Profile::Linux61) return module_parameters(layout);
    std::string text = fmt::format("dev_name={}\n", device.parent().name());
    for (const PlaneConfig& plane : layout.planes)
        text += fmt::format("plane:\n\ttype={}\n", static_cast<uint32_t>(plane.type));
    for (const CrtcConfig& crtc : layout.crtcs)
        text += fmt::format("crtc:\n\twriteback={:d}\n", crtc.writeback);
    for (size_t i = 0; i < layout.encoders.size(); ++i) text += "encoder\n";
    for (const ScreenConfig& screen : config.screens)
        text += fmt::format("connector:\n\tstatus={}\n", screen.connected ? 1 : 2);
    return text;
}

}  // namespace

MaybeRef<drm::Device> CrcFile::device() const {
    MutexLock lock(mutex_);
    return device_;
}

void CrcFile::hang_up() {
    MaybeRef<drm::Device> last;
    {
        MutexLock lock(mutex_);
        last.swap(device_);
    }
    end_reading();
}

void CrcFile::handle_close() {
    const MaybeRef<drm::Device> open = device();
    if (!open) return;
    // After unbind there is nobody left who remembers the file.
    (void)with_worker(**open, worker_, [&](FrameWorker& used) -> Result<void> {
        used.forget(*this);
        return {};
    });
    hang_up();
}

void CrcFile::visit_refs(RefVisitor& visitor) const {
    MutexLock lock(mutex_);
    if (device_) visitor.edge(*device_, "open crc file");
}

std::string CrcData::label() const {
    return fmt::format("crtc-{}/crc/data", crtc());
}

void CrcData::push(uint32_t frame, uint32_t crc) {
    if (ring_.push(crc_entry(frame, crc)) != PacketRing::Push::Full) return;
    if (!std::exchange(has_overflowed_, true))
        log::error("{}: the reader is too slow, entries are dropped", label());
}

std::string CrcControl::label() const {
    return fmt::format("crtc-{}/crc/control", crtc());
}

void CrcControl::handle_close() {
    const std::string text = end_.take_bytes();
    if (!text.empty()) {
        if (const auto stored = write(std::as_bytes(std::span(text))); !stored.ok())
            log::error("{}: a write of \"{}\" was refused: {}", label(),
                       text.substr(0, text.find('\n')), errno_name(stored.error()));
    }
    CrcFile::handle_close();
}

Result<size_t> CrcControl::write(std::span<const std::byte> bytes) {
    if (bytes.empty()) return size_t{0};
    if (bytes.size() > page_size - 1) return Errno::TooBig;
    std::string_view source(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (source.back() == '\n') source.remove_suffix(1);
    // The kernel compares C strings.
    source = source.substr(0, source.find('\0'));
    if (source != only_source) return Errno::Inval;
    const MaybeRef<drm::Device> open = device();
    if (!open) return Errno::NoDev;
    return with_worker(**open, worker(), [&](FrameWorker& used) -> Result<size_t> {
        if (used.has_crc(crtc())) return Errno::Busy;
        return bytes.size();
    });
}

std::string crc_entry(uint32_t frame, uint32_t crc) {
    std::string entry = fmt::format("{:#010x} {:#010x}\n", frame, crc);
    entry.push_back('\0');
    return entry;
}

void add_debug_files(drm::Device& device, const Config& config,
                     const device::Managed<FrameWorker>& worker) {
    for (const drm::Crtc* crtc : device.mode_config().crtcs) {
        const uint32_t index = crtc->index();
        device.add_debug_file(
            {.path = crtc->name() + "/crc/control",
             .mode = 0644,
             .show = [] { return std::string(control_text); },
             .open = [&device, worker,
                      index](int flags) { return open_control(device, worker, index, flags); }});
        device.add_debug_file({.path = crtc->name() + "/crc/data",
                               .mode = 0444,
                               .open = [&device, worker, index](int flags) {
                                   return open_data(device, worker, index, flags);
                               }});
    }
    device.add_debug_file(
        {.path = "vkms_config", .show = [text = config_text(device, config)] { return text; }});
}

}  // namespace plugboard::vkms
