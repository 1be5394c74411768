#include "drivers/mock/driver.h"

#include "drivers/mock/info.h"
#include "drm/device.h"

namespace plugboard::mock {

/// One managed thing.
class Driver::Part {
  public:
    Part(Driver& driver, unsigned number) : driver_(driver), number_(number) {
        driver_.live_parts_++;
        driver_.note('+', number_);
    }
    ~Part() {
        driver_.note('-', number_);
        driver_.live_parts_--;
    }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

  private:
    Driver& driver_;
    const unsigned number_;
};

Result<void> Driver::probe(device::Bound& bound) {
    for (unsigned i = 0; i < parts_; ++i) TRY(bound.manage<Part>(*this, i));
    auto drm = TRY(drm::Device::create(bound, driver_info()));
    return drm->publish(bound);
}

std::string Driver::history() const {
    MutexLock lock(mutex_);
    return history_;
}

void Driver::note(char sign, unsigned number) {
    MutexLock lock(mutex_);
    if (!history_.empty()) history_ += ' ';
    history_ += sign + std::to_string(number);
}

}  // namespace plugboard::mock
