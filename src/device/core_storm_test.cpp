// Random sequences on devices, drivers and their bus: compared step by step with a small model, and
// from several threads at a time against what must hold in the end.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "device/devres/scoped_action.h"
#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::named;
using testing::Quiet;

constexpr size_t device_count = 4, driver_count = 3;

enum class Verb {
    AddDevice,
    DelDevice,
    Bind,
    Unbind,
    AddDriver,
    RemoveDriver,
    Probe,
    Rescan,
    Autoprobe,
    Succeed,
    Fail,
    Defer,
};
constexpr std::array<const char*, 12> verb_names = {
    "add_device", "del_device", "bind",      "unbind",  "add_driver", "remove_driver",
    "probe",      "rescan",     "autoprobe", "succeed", "fail",       "defer"};

struct Step {
    Verb verb{};
    size_t device = 0, driver = 0;
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
    return out << verb_names[static_cast<size_t>(step.verb)] << " device " << step.device
               << " driver " << step.driver << '\n';
}

rc::Gen<std::vector<Step>> any_steps() {
    const auto verb = rc::gen::weightedElement<Verb>({{8, Verb::AddDevice},
                                                      {4, Verb::DelDevice},
                                                      {4, Verb::Bind},
                                                      {4, Verb::Unbind},
                                                      {6, Verb::AddDriver},
                                                      {3, Verb::RemoveDriver},
                                                      {2, Verb::Probe},
                                                      {1, Verb::Rescan},
                                                      {1, Verb::Autoprobe},
                                                      {3, Verb::Succeed},
                                                      {2, Verb::Fail},
                                                      {3, Verb::Defer}});
    return rc::gen::container<std::vector<Step>>(rc::gen::build<Step>(
        rc::gen::set(&Step::verb, verb),
        rc::gen::set(&Step::device, rc::gen::inRange<size_t>(0, device_count)),
        rc::gen::set(&Step::driver, rc::gen::inRange<size_t>(0, driver_count))));
}

/// A driver takes the devices whose numbers it shares a rule with.
bool matches(size_t driver, size_t device) {
    return driver == 0 || (device + driver) % 2 == 0;
}

std::string device_name(size_t number) {
    return "device" + std::to_string(number);
}
std::string driver_name(size_t number) {
    return "driver" + std::to_string(number);
}

/// Probes as it is told to, and counts what lives between its probes and its unbinds.
class StormDriver final : public Driver {
  public:
    explicit StormDriver(size_t number)
        : Driver({.name = driver_name(number), .matches = matches_of(number)}) {}

    Result<void> probe(Bound& bound) override {
        TRY(bound.manage<Counted>(live_));
        TRY(bound.device().devres().add_action("storm", [] {}));
        const auto group = TRY(bound.device().devres().open_group());
        TRY(bound.manage<Counted>(live_));
        TRY(bound.device().devres().close_group(group));
        if (mode_ == Verb::Fail) return Errno::Io;
        if (mode_ == Verb::Defer) return bound.defer("as asked");
        ++bound_;
        return {};
    }
    void remove(const Bound&) override { --bound_; }

    void set_mode(Verb mode) { mode_ = mode; }
    int live() const { return live_; }
    int bound() const { return bound_; }

  private:
    struct Counted {
        explicit Counted(std::atomic<int>& of) : count(of) { ++count; }
        ~Counted() { --count; }
        std::atomic<int>& count;
    };
    static std::vector<std::string> matches_of(size_t number) {
        std::vector<std::string> names;
        for (size_t device = 0; device < device_count; device++) {
            if (matches(number, device)) names.push_back(device_name(device));
        }
        return names;
    }
    std::atomic<Verb> mode_{Verb::Succeed};
    std::atomic<int> live_{0}, bound_{0};
};

/// What the driver core should do, by Linux's rules: all deferred devices are tried again, in the
/// order in which they came to wait, whenever one binds.
class CoreModel {
  public:
    static constexpr int none = -1;

    bool add_device(size_t device) {
        if (added_[device]) return false;
        added_[device] = true;
        on_bus_.push_back(device);
        if (autoprobe_) attach(device);
        return settle();
    }
    bool del_device(size_t device) {
        if (!added_[device]) return false;
        added_[device] = false;
        bound_[device] = none;
        std::erase(on_bus_, device);
        stop_waiting(device);
        return true;
    }
    Errno bind(size_t device, size_t driver) {
        if (!added_[device] || !has_driver(driver) || !matches(driver, device)) return Errno::NoDev;
        if (bound_[device] != none) return Errno::Busy;
        const Verb mode = modes_[driver];
        try_driver(driver, device);
        settle();
        if (mode == Verb::Fail) return Errno::Io;
        return mode == Verb::Defer ? Errno::Again : ok;
    }
    Errno unbind(size_t device, size_t driver) {
        if (!added_[device] || !has_driver(driver) || bound_[device] != static_cast<int>(driver))
            return Errno::NoDev;
        bound_[device] = none;
        return ok;
    }
    bool add_driver(size_t driver) {
        if (has_driver(driver)) return false;
        drivers_.push_back(driver);
        if (!autoprobe_) return true;
        for (const size_t device : std::vector(on_bus_)) {
            if (bound_[device] == none && matches(driver, device)) try_driver(driver, device);
        }
        return settle();
    }
    bool remove_driver(size_t driver) {
        if (!has_driver(driver)) return false;
        std::erase(drivers_, driver);
        for (int& bound : bound_) {
            if (bound == static_cast<int>(driver)) bound = none;
        }
        return true;
    }
    bool probe(size_t device) {
        if (!added_[device]) return false;
        if (bound_[device] == none) attach(device);
        return settle();
    }
    void rescan() {
        for (const size_t device : std::vector(on_bus_)) {
            if (bound_[device] == none) attach(device);
        }
        settle();
    }
    void toggle_autoprobe() { autoprobe_ = !autoprobe_; }
    bool autoprobe() const { return autoprobe_; }
    void set_mode(size_t driver, Verb mode) { modes_[driver] = mode; }

    int bound(size_t device) const { return bound_[device]; }
    std::vector<size_t> waiting() const { return waiting_; }
    static constexpr Errno ok{};

  private:
    bool has_driver(size_t driver) const {
        return std::ranges::find(drivers_, driver) != drivers_.end();
    }
    void stop_waiting(size_t device) {
        std::erase(waiting_, device);
        std::erase(active_, device);
    }
    bool try_driver(size_t driver, size_t device) {
        switch (modes_[driver]) {
            case Verb::Fail: return false;
            case Verb::Defer:
                if (std::ranges::find(waiting_, device) == waiting_.end() &&
                    std::ranges::find(active_, device) == active_.end())
                    waiting_.push_back(device);
                return false;
            default: break;
        }
        bound_[device] = static_cast<int>(driver);
        stop_waiting(device);
        active_.insert(active_.end(), waiting_.begin(), waiting_.end());
        waiting_.clear();
        return true;
    }
    void attach(size_t device) {
        for (const size_t driver : drivers_) {
            if (matches(driver, device) && try_driver(driver, device)) return;
        }
    }
    /// What the worker does after a step.
    bool settle() {
        while (!active_.empty()) {
            const size_t device = active_.front();
            active_.erase(active_.begin());
            if (bound_[device] == none) attach(device);
        }
        return true;
    }

    std::array<bool, device_count> added_{};
    std::array<int, device_count> bound_{none, none, none, none};
    std::array<Verb, driver_count> modes_{Verb::Succeed, Verb::Succeed, Verb::Succeed};
    std::vector<size_t> on_bus_, drivers_, waiting_, active_;
    bool autoprobe_ = true;
};

/// The real thing.
class Machine {
  public:
    explicit Machine(Settings settings = {}) : model_(Clock::real(), settings) {}
    ~Machine() {
        for (size_t device = 0; device < device_count; device++) del_device(device);
        for (size_t driver = 0; driver < driver_count; driver++) (void)remove_driver(driver);
    }
    bool add_device(size_t number) {
        DeviceInfo info = named(device_name(number));
        info.bus = &bus_;
        auto device = Device::create(model_, std::move(info)).value();
        if (!device->add().ok()) return false;
        MutexLock lock(mutex_);
        devices_[number] = device;
        return true;
    }
    bool del_device(size_t number) {
        MaybeRef<Device> device;
        {
            MutexLock lock(mutex_);
            device.swap(devices_[number]);
        }
        if (device) (*device)->del();
        return device.has_value();
    }
    MaybeRef<Device> device(size_t number) {
        MutexLock lock(mutex_);
        return devices_[number];
    }
    Result<void> remove_driver(size_t number) { return bus_.remove_driver(*drivers_[number]); }
    Model& model() { return model_; }
    Bus& bus() { return bus_; }
    StormDriver& driver(size_t number) { return *drivers_[number]; }

  private:
    std::array<std::unique_ptr<StormDriver>, driver_count> drivers_{
        std::make_unique<StormDriver>(0), std::make_unique<StormDriver>(1),
        std::make_unique<StormDriver>(2)};
    Model model_;
    Bus& bus_ = model_.add_bus("storm");
    Mutex<LockClass<Machine>> mutex_;
    std::array<MaybeRef<Device>, device_count> devices_ GUARDED_BY(mutex_);
};

/// What the machine answers to a step; 0 for success.
Errno play(Machine& machine, const Step& step) {
    const auto errno_of = [](const Result<void>& done) {
        return done.ok() ? Errno{} : done.error();
    };
    const std::string device = device_name(step.device), driver = driver_name(step.driver);
    switch (step.verb) {
        case Verb::AddDevice: return machine.add_device(step.device) ? Errno{} : Errno::Exist;
        case Verb::DelDevice: return machine.del_device(step.device) ? Errno{} : Errno::NoDev;
        case Verb::Bind: return errno_of(machine.bus().bind(device, driver));
        case Verb::Unbind: return errno_of(machine.bus().unbind(device, driver));
        case Verb::AddDriver:
            return errno_of(machine.bus().add_driver(machine.driver(step.driver)));
        case Verb::RemoveDriver: return errno_of(machine.remove_driver(step.driver));
        case Verb::Probe: return errno_of(machine.bus().probe(device));
        case Verb::Rescan: machine.bus().rescan(); return {};
        case Verb::Autoprobe: machine.bus().set_autoprobe(!machine.bus().autoprobe()); return {};
        case Verb::Succeed:
        case Verb::Fail:
        case Verb::Defer: machine.driver(step.driver).set_mode(step.verb); return {};
    }
    return Errno::Inval;
}

Errno play(CoreModel& model, const Step& step) {
    const auto or_else = [](bool done, Errno error) { return done ? Errno{} : error; };
    switch (step.verb) {
        case Verb::AddDevice: return or_else(model.add_device(step.device), Errno::Exist);
        case Verb::DelDevice: return or_else(model.del_device(step.device), Errno::NoDev);
        case Verb::Bind: return model.bind(step.device, step.driver);
        case Verb::Unbind: return model.unbind(step.device, step.driver);
        case Verb::AddDriver: return or_else(model.add_driver(step.driver), Errno::Busy);
        case Verb::RemoveDriver: return or_else(model.remove_driver(step.driver), Errno::NoEnt);
        case Verb::Probe: return or_else(model.probe(step.device), Errno::NoDev);
        case Verb::Rescan: model.rescan(); return {};
        case Verb::Autoprobe: model.toggle_autoprobe(); return {};
        case Verb::Succeed:
        case Verb::Fail:
        case Verb::Defer: model.set_mode(step.driver, step.verb); return {};
    }
    return Errno::Inval;
}

/// The worker tries deferred devices again after the step, not during it: else who binds what
/// would be a matter of speed.
Errno play_before_retries(Machine& machine, const Step& step) {
    Errno found{};
    {
        const testing::HeldWorker held(machine.model());
        found = play(machine, step);
    }
    machine.model().flush();
    return found;
}

/// Where machine and model differ; empty: nowhere.
std::string compare(Machine& machine, const CoreModel& model) {
    for (size_t number = 0; number < device_count; number++) {
        const MaybeRef<Device> device = machine.device(number);
        const std::string driver = device ? (*device)->driver_name() : "";
        const int expected = model.bound(number);
        const std::string wanted = expected < 0 ? "" : driver_name(static_cast<size_t>(expected));
        if (driver != wanted)
            return device_name(number) + " is bound to \"" + driver + "\", not \"" + wanted + "\"";
    }
    std::vector<std::string> waiting;
    for (const size_t number : model.waiting()) waiting.push_back(device_name(number));
    std::vector<std::string> deferred;
    for (const DeferredProbe& one : machine.model().deferred_probes())
        deferred.push_back(one.device);
    return waiting == deferred ? "" : "other devices are deferred";
}

RC_GTEST_PROP(CoreStorm, does_what_the_model_says_step_by_step, ()) {
    const Quiet quiet;
    const auto steps = *any_steps();
    Machine machine;
    CoreModel model;
    for (const Step& step : steps) {
        const Errno expected = play(model, step);
        const Errno found = play_before_retries(machine, step);
        if (expected != found)
            RC_FAIL(std::string(verb_names[static_cast<size_t>(step.verb)]) + ": the model says " +
                    errno_name(expected) + ", the core " + errno_name(found));
        const auto difference = compare(machine, model);
        if (!difference.empty()) RC_FAIL(difference);
    }
}

/// Several threads; then everything is taken away.
void play_on_threads(const std::vector<std::vector<Step>>& all, Settings settings) {
    const size_t objects = live_object_count();
    {
        Machine machine(settings);
        std::vector<std::thread> threads;
        for (const auto& steps : all) {
            threads.emplace_back([&] {
                for (const Step& step : steps) {
                    (void)play(machine, step);
                    const MaybeRef<Device> device = machine.device(step.device);
                    if (!device) continue;
                    const Entered inside = (*device)->enter({.what = "storm"});
                    const auto scoped = ScopedAction::create((*device)->devres(), "storm's", [] {});
                    if (scoped.ok() && inside) (void)inside.bound().proves(**device);
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
        machine.model().flush();
        for (size_t device = 0; device < device_count; device++) machine.del_device(device);
        for (size_t driver = 0; driver < driver_count; driver++) {
            RC_ASSERT(machine.driver(driver).bound() == 0);
            RC_ASSERT(machine.driver(driver).live() == 0);
        }
        RC_ASSERT(machine.model().deferred_probes().empty());
    }
    RC_ASSERT(live_object_count() == objects);
}

RC_GTEST_PROP(CoreStorm, threads_leave_nothing, ()) {
    const Quiet quiet;
    play_on_threads({*any_steps(), *any_steps(), *any_steps()}, {});
}

RC_GTEST_PROP(CoreStorm, threads_leave_nothing_under_the_settings_that_find_drivers_out, ()) {
    const Quiet quiet;
    play_on_threads({*any_steps(), *any_steps()},
                    {.test_driver_remove = true, .delay_release = true});
}

}  // namespace
}  // namespace plugboard::device
