// The device's files in debugfs: crtc-N/crc/control, crtc-N/crc/data, vkms_config.
// Linux: drivers/gpu/drm/drm_debugfs_crc.c, vkms/vkms_drv.c
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/ref.h"
#include "base/text_end.h"
#include "base/unique_fd.h"
#include "device/bound.h"
#include "drivers/vkms/config.h"
#include "drivers/vkms/packet_ring.h"
#include "drm/device.h"
#include "drm/special_file.h"

namespace plugboard::vkms {

class FrameWorker;

/// A CRC file that a client has open. Counted: held by the model's special files while a copy of
/// the descriptor is open, and by the worker until then or until unplug. Any thread.
class CrcFile : public drm::SpecialFile {
  public:
    CrcFile(Ref<drm::Device> device, device::Managed<FrameWorker> worker, uint32_t crtc)
        : device_(std::move(device)), worker_(worker), crtc_(crtc) {}

    uint32_t crtc() const { return crtc_; }
    /// Unplugged: lets go of the device; readers get what is there, then the end.
    void hang_up();
    /// The last copy of the descriptor is gone.
    virtual void handle_close();

    Result<int> ioctl(drm::Request&, uint32_t, uapi::UserAddress) override { return Errno::NoTty; }
    void visit_refs(RefVisitor& visitor) const override;

  protected:
    MaybeRef<drm::Device> device() const;
    const device::Managed<FrameWorker>& worker() const { return worker_; }

  private:
    virtual void end_reading() = 0;

    mutable Mutex<LockClass<CrcFile>> mutex_;
    MaybeRef<drm::Device> device_ GUARDED_BY(mutex_);  // none once hung up
    const device::Managed<FrameWorker> worker_;
    const uint32_t crtc_;
};

/// crtc-N/crc/data: one packet an entry. Of the kernel's 128 slots 127 can be used.
class CrcData final : public CrcFile {
  public:
    static constexpr int capacity = 127;

    CrcData(Ref<drm::Device> device, device::Managed<FrameWorker> worker, uint32_t crtc,
            UniqueFd ours)
        : CrcFile(std::move(device), worker, crtc), ring_(std::move(ours), capacity) {}
    FdKind kind() const override { return FdKind::Stream; }
    Result<size_t> write(std::span<const std::byte>) override { return Errno::Inval; }
    std::string label() const override;

    /// Not by two threads at once.
    void push(uint32_t frame, uint32_t crc);

  private:
    void end_reading() override { ring_.hang_up(); }
    PacketRing ring_;
    bool has_overflowed_ = false;
};

/// crtc-N/crc/control, open for writing. What is written past the shim is judged at the close, with
/// its error in the log only.
class CrcControl final : public CrcFile {
  public:
    CrcControl(Ref<drm::Device> device, device::Managed<FrameWorker> worker, uint32_t crtc,
               UniqueFd ours)
        : CrcFile(std::move(device), worker, crtc), end_(std::move(ours)) {}
    FdKind kind() const override { return FdKind::Attribute; }
    /// E2BIG: 4096 bytes or more; EINVAL: no such source; EBUSY: the data file is open.
    Result<size_t> write(std::span<const std::byte> bytes) override;
    std::string label() const override;

    /// Before the client has its descriptor: `content` is what a reader gets.
    void prepare(std::string_view content) { end_.prepare(content); }

  private:
    void handle_close() override;
    void end_reading() override { end_.hang_up(); }
    TextEnd end_;
};

/// "0x000000b8 0x8186afc9\n" and a NUL: what one read() of the data file gives.
std::string crc_entry(uint32_t frame, uint32_t crc);

/// Registers the files of a device whose CRTCs are made.
void add_debug_files(drm::Device& device, const Config& config,
                     const device::Managed<FrameWorker>& worker);

}  // namespace plugboard::vkms
