#include "drivers/mock/card.h"

#include <utility>

namespace plugboard::mock {

Card::Card(SetUp set_up, drm::DriverInfo info, device::MockOptions options)
    : set_up_(std::move(set_up)),
      info_(std::move(info)),
      mock_([this](device::Bound& bound) { return probe(bound); }, std::move(options)) {}

Result<void> Card::probe(device::Bound& bound) {
    auto drm = TRY(drm::Device::create(bound, info_));
    if (set_up_) TRY(set_up_(bound, *drm));
    drm_ = std::move(drm);
    return {};
}

std::string Card::finish() {
    drm_.reset();
    return mock_.finish();
}

}  // namespace plugboard::mock
