#include "device/mock_device.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "device/explainer/explainer.h"

namespace plugboard::device {
namespace {

class MockBus final : public Bus {
  public:
    explicit MockBus(Model& model) : Bus(model, "mock") {}
    bool match(const Device&, const Driver&) const override { return true; }
};

std::vector<const Object*> identities() {
    std::vector<const Object*> objects;
    for (const Ref<const Object>& object : live_objects()) objects.push_back(&*object);
    std::ranges::sort(objects);
    return objects;
}

std::string count(size_t number, const char* one, const char* many) {
    return number == 1 ? fmt::format("1 {} is left:\n", one)
                       : fmt::format("{} {} are left:\n", number, many);
}

std::string indented(const std::string& text) {
    std::string result;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        result += "  " + text.substr(at, end - at) + "\n";
        at = end + 1;
    }
    return result;
}

}  // namespace

MockDevice::MockDevice(MockOptions options)
    : MockDevice(FunctionDriver::Probe(), std::move(options)) {}

MockDevice::MockDevice(FunctionDriver::Probe probe, MockOptions options)
    : MockDevice(std::make_unique<FunctionDriver>(DriverInfo{.name = "mock", .matches = {}},
                                                  std::move(probe)),
                 nullptr, std::move(options)) {}

MockDevice::MockDevice(Driver& driver, MockOptions options)
    : MockDevice(nullptr, &driver, std::move(options)) {}

MockDevice::MockDevice(std::unique_ptr<FunctionDriver> own_driver, Driver* driver,
                       MockOptions options)
    : options_(std::move(options)),
      own_driver_(std::move(own_driver)),
      driver_(driver ? *driver : *own_driver_),
      descriptors_before_(open_descriptors()),
      model_(std::make_unique<Model>(options_.clock ? *options_.clock : Clock::real(),
                                     options_.settings)),
      objects_before_(identities()) {
    DeviceInfo info = options_.info;
    if (info.name.empty()) info.name = "mock0";
    info.bus = &model_->add_bus(std::make_unique<MockBus>(*model_));
    info.bus->add_driver(driver_).value();
    device_ = Device::create(*model_, std::move(info)).value();
    device().add().value();
}

MockDevice::~MockDevice() {
    const std::string left = finish();
    if (left.empty()) return;
    if (options_.on_left) {
        options_.on_left(left);
    } else {
        log::error("{}", left);
        std::abort();
    }
    (void)model_.release();  // devices that are left still use it
}

std::string MockDevice::finish() {
    if (device_) {
        device().del();
        device_.reset();
        bus().remove_driver(driver_).value();
    }
    if (model_) {
        model_->flush();
        std::string left = left_objects();
        if (!left.empty()) return left;
        model_.reset();
    }
    return left_descriptors();
}

std::string MockDevice::left_objects() const {
    const Graph graph = Graph::capture();
    size_t number = 0;
    std::set<std::string> labels;
    for (const Node& node : graph.nodes) {
        if (std::ranges::binary_search(objects_before_, node.object)) continue;
        number++;
        labels.insert(node.label);
    }
    if (number == 0) return "";
    std::string text = count(number, "object", "objects");
    for (const std::string& label : labels) text += indented(graph.explain(label));
    for (const Loop& loop : graph.verified_loops())
        text += indented(graph.describe(loop) + "\n" + graph.hints(loop));
    return text;
}

std::string MockDevice::left_descriptors() const {
    std::string text;
    size_t number = 0;
    for (const auto& [fd, target] : open_descriptors()) {
        const auto before = descriptors_before_.find(fd);
        if (before != descriptors_before_.end() && before->second == target) continue;
        number++;
        text += fmt::format("  {}: {}\n", fd, target);
    }
    return number == 0 ? "" : count(number, "descriptor", "descriptors") + text;
}

MockDevice::Descriptors MockDevice::open_descriptors() {
    std::vector<std::filesystem::path> links;
    std::error_code error;
    for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
         at.increment(error))
        links.push_back(at->path());
    Descriptors open;
    for (const std::filesystem::path& link : links) {
        const std::string target = std::filesystem::read_symlink(link, error).string();
        if (!error) open[std::atoi(link.filename().c_str())] = target;  // not the folder's own
    }
    return open;
}

}  // namespace plugboard::device
