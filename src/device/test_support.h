// Helpers of this folder's tests: a trace of what happens, and things that hold each other.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "base/ref.h"
#include "device/bus.h"
#include "device/device.h"
#include "device/function_driver.h"
#include "device/model.h"

namespace plugboard::device::testing {

/// Lines in the order in which they were added. Any thread.
class Trace {
  public:
    void add(std::string line) {
        MutexLock lock(mutex_);
        lines_.push_back(std::move(line));
    }
    /// What has come since the last take().
    std::vector<std::string> take() {
        MutexLock lock(mutex_);
        return std::exchange(lines_, {});
    }

  private:
    Mutex<LockClass<Trace>> mutex_;
    std::vector<std::string> lines_ GUARDED_BY(mutex_);
};

using Lines = std::vector<std::string>;

/// Writes down notifications and uevents of all devices that are made while it is there.
class TraceWatcher final : public Watcher {
  public:
    TraceWatcher(Model& model, Trace& trace) : model_(model), trace_(trace) {
        model_.add_watcher(*this);
    }
    ~TraceWatcher() { model_.remove_watcher(*this); }
    void notify(const char* event, Device& device) override {
        const std::string driver = device.driver_name();
        trace_.add(std::string("notify ") + event + " " + device.name() +
                   " driver=" + (driver.empty() ? "-" : driver));
    }
    void uevent(const Device& device, const Uevent& event) override {
        if (device.info().bus) trace_.add("uevent ACTION=" + event.action + " " + device.name());
    }

  private:
    Model& model_;
    Trace& trace_;
};

using TestDriver = FunctionDriver;

/// Keeps a driver on a bus for a scope.
class Registered {
  public:
    Registered(Bus& bus, Driver& driver) : bus_(bus), driver_(driver) {
        bus_.add_driver(driver_).value();
    }
    ~Registered() { (void)bus_.remove_driver(driver_); }
    Registered(const Registered&) = delete;
    Registered& operator=(const Registered&) = delete;

  private:
    Bus& bus_;
    Driver& driver_;
};

/// The model's worker does nothing meanwhile.
class HeldWorker {
  public:
    explicit HeldWorker(Model& model) {
        model.run_later([may_go = may_go_] { may_go->wait(false); });
    }
    ~HeldWorker() {
        *may_go_ = true;
        may_go_->notify_all();
    }
    HeldWorker(const HeldWorker&) = delete;
    HeldWorker& operator=(const HeldWorker&) = delete;

  private:
    const std::shared_ptr<std::atomic<bool>> may_go_ = std::make_shared<std::atomic<bool>>(false);
};

/// No log lines meanwhile: what is misuse elsewhere is the rule in a storm.
class Quiet {
  public:
    Quiet() : old_(log::set_sink([](log::Category, std::string_view) {})) {}
    ~Quiet() { log::set_sink(old_); }

  private:
    log::Sink old_;
};

inline DeviceInfo named(std::string name) {
    DeviceInfo info;
    info.name = std::move(name);
    return info;
}

/// A counted thing that can hold others; says when it goes.
class Thing final : public Object {
  public:
    explicit Thing(std::string name, Trace* trace = nullptr)
        : name_(std::move(name)), trace_(trace) {}
    ~Thing() override {
        if (trace_) trace_->add("end of " + name_);
    }
    std::string label() const override { return name_; }
    void visit_refs(RefVisitor& visitor) const override {
        MutexLock lock(mutex_);
        for (const auto& [reason, object] : held_) visitor.edge(object, reason);
    }
    void hold(Ref<const Object> object, std::string reason) {
        MutexLock lock(mutex_);
        held_.emplace_back(std::move(reason), std::move(object));
    }
    void drop_all() {
        std::vector<std::pair<std::string, Ref<const Object>>> dropped;
        MutexLock lock(mutex_);
        dropped.swap(held_);
        lock.unlock();
    }

  private:
    const std::string name_;
    Trace* const trace_;
    mutable Mutex<LockClass<Thing>> mutex_;
    std::vector<std::pair<std::string, Ref<const Object>>> held_ GUARDED_BY(mutex_);
};

}  // namespace plugboard::device::testing
