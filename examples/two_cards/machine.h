// A machine with two cards: one that shows, vkms, and one that only has buffers, vgem.
#pragma once

#include <string>

#include "base/ref.h"
#include "device/device.h"
#include "device/model.h"
#include "drivers/vgem/driver.h"
#include "drivers/vkms/driver.h"
#include "drm/device.h"

namespace plugboard::two_cards {

/// Two devices of one model, as many as one likes would do as well. One thread.
class Machine {
  public:
    Machine();
    ~Machine();  // pulls what is still plugged; no client is open
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    drm::Device& vkms() { return **vkms_drm_; }
    drm::Device& vgem() { return **vgem_drm_; }
    void pull_vkms() { vkms_->del(); }
    void pull_vgem() { vgem_->del(); }

  private:
    Ref<device::Device> plug(const std::string& name);

    device::Model model_;
    plugboard::vkms::Driver vkms_driver_;
    plugboard::vgem::Driver vgem_driver_;
    Ref<device::Device> vkms_, vgem_;
    MaybeRef<drm::Device> vkms_drm_, vgem_drm_;
};

}  // namespace plugboard::two_cards
