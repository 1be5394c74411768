// A class: what devices of one use have in common, whatever bus they are on.
// Linux: drivers/base/class.c
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ref.h"
#include "device/attribute.h"

namespace plugboard::device {

class Device;
class Model;

/// Told of the devices of a class. Called with the device's lock held, no mutex.
/// Linux: struct class_interface
class ClassInterface {
  public:
    virtual void device_added(Device&) {}    // after its probe
    virtual void device_removed(Device&) {}  // before its unbind

  protected:
    ~ClassInterface() = default;
};

/// Made by Model::add_class; lives as long as the model, or until Model::remove_class. Any thread.
class Class {
  public:
    Class(Model& model, std::string name);
    virtual ~Class();

    Model& model() const { return model_; }
    const std::string& name() const { return name_; }
    /// One that is added now.
    MaybeRef<Device> find_device(std::string_view name) const;

    /// Tells it of each device that is there, then of each that comes. It outlives the
    /// registration. Neither from inside a device of the class, or one below it.
    void add_interface(ClassInterface& interface);
    /// Tells it that each device goes, and waits for calls to it on other threads.
    void remove_interface(ClassInterface& interface);

    /// Files that a device of the class has. Linux: class.dev_groups
    virtual std::vector<AttributeGroup> device_groups(const Device& device) const;
    /// Appends to the keys of a device's uevents. Linux: class.dev_uevent
    virtual void add_uevent_keys(const Device& device,
                                 std::vector<std::pair<std::string, std::string>>& keys) const;

  private:
    friend class Core;
    friend class Device;
    friend class Model;
    Model& model_;
    const std::string name_;
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace plugboard::device
