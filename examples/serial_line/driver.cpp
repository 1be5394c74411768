#include "examples/serial_line/driver.h"

#include <any>

#include "examples/serial_line/port.h"
#include "examples/serial_line/reader.h"

namespace plugboard::serial {

/// devm: while it is there clients find the line.
class Publication {
  public:
    Publication(Driver& driver, Ref<Line> line) : driver_(driver), line_(std::move(line)) {
        MutexLock lock(driver_.mutex_);
        driver_.lines_.push_back(line_);
    }
    ~Publication() {
        MutexLock lock(driver_.mutex_);
        std::erase(driver_.lines_, line_);  // not the last reference: line_ is one
    }
    Publication(const Publication&) = delete;
    Publication& operator=(const Publication&) = delete;

    void visit_refs(RefVisitor& visitor) const {
        visitor.edge(*line_, "publication");
        visitor.edge(*line_, "serial_line.lines");  // the driver's own, which is no object
    }

  private:
    Driver& driver_;
    const Ref<Line> line_;
};

Result<void> Driver::probe(device::Bound& bound) {
    const auto* path = std::any_cast<std::string>(&bound.device().info().platform_data);
    if (!path) return Errno::Inval;
    auto line = make_ref<Line>(Ref<device::Device>::share(bound.device()));
    auto port = TRY(bound.manage<Port>(*path));
    TRY(bound.manage<Reader>(port.get(bound), line));
    TRY(bound.manage<Publication>(*this, line));  // newest: no client comes while the rest goes
    return {};
}

Result<Ref<Line>> Driver::open(std::string_view device_name) const {
    MutexLock lock(mutex_);
    for (const Ref<Line>& line : lines_) {
        if (line->device().name() == device_name) return line;
    }
    return Errno::NoEnt;
}

}  // namespace plugboard::serial
