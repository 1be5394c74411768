// What one ioctl promises: a good call, what it refuses and why, and which members point at the
// caller's memory. The rest follows from its row in the table, and contract_test.cpp asks for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/contract/scene.h"
#include "uapi/ioctl_table.h"

namespace plugboard::tests {

using ArgumentBytes = std::vector<std::byte>;

/// On what the call is made.
enum class Target {
    Master,    // the lit card's file, with every client cap
    Other,     // another client's of that card
    Painter,   // vgem's
    DmaBuf,    // a descriptor, of a buffer of vgem
    SyncFile,  // of the timeline's first point, which is to come
    Timeline,  // of sw_sync
};

/// A good call made wrong in one way.
struct Refusal {
    std::string what;  // for people
    std::function<void(Scene&, ArgumentBytes&)> change;
    int error = 0;
    std::string reason;                  // part of it
    std::optional<Target> target{};      // another than the good call's
    std::optional<Switches> switches{};  // of another card; the change then makes the argument
};

/// A u64 of the argument that is an address in the good call, and that the handler goes to.
struct PointerMember {
    std::string name;
    size_t offset = 0;
};

struct Contract {
    uint32_t command = 0;
    Target target = Target::Master;
    Switches switches = Switches::Kernels;
    std::function<ArgumentBytes(Scene&)> good;
    int good_error = 0;  // for ioctls that no driver of ours ever serves
    std::string good_reason;
    bool is_no_operation = false;    // whose argument nobody looks at, and that answers 0
    std::vector<int> second_errors;  // what a second good call at the same time may answer, too
    std::vector<Refusal> refusals;
    std::vector<PointerMember> pointers;
    std::optional<size_t> fd_offset;  // of an int that is a new descriptor after a good call

    /// Makes what it is called on, where that is a descriptor.
    void prepare(Scene& scene) const;
    /// Of a card's ioctl.
    Client& client(Scene& scene) const;
    /// The core's, the driver's, or one of drm::descriptor_ioctls.
    const uapi::Ioctl& row(Scene& scene) const;
    /// While it may wait there are vblanks.
    Answer call(Scene& scene, void* argument) const;
    Answer call(Scene& scene, ArgumentBytes& argument) const {
        return call(scene, argument.data());
    }
    /// By any thread, and nothing happens meanwhile.
    Answer call_at_once(Scene& scene, void* argument) const;
};

/// Makes a Contract of an ioctl whose argument is a struct.
template <class Argument>
class ContractOf {
  public:
    using Good = std::function<Argument(Scene&)>;
    using Change = std::function<void(Scene&, Argument&)>;

    ContractOf(unsigned long command, Good good) {
        contract_.command = static_cast<uint32_t>(command);
        contract_.good = [good = std::move(good)](Scene& scene) { return bytes(good(scene)); };
    }
    ContractOf& on(Target target) {
        contract_.target = target;
        return *this;
    }
    ContractOf& on(Switches switches) {
        contract_.switches = switches;
        return *this;
    }
    /// Whatever the argument.
    ContractOf& never(int error, std::string reason) {
        contract_.good_error = error;
        contract_.good_reason = std::move(reason);
        return *this;
    }
    ContractOf& second_may(std::vector<int> errors) {
        contract_.second_errors = std::move(errors);
        return *this;
    }
    ContractOf& refuses(std::string what, Change change, int error, std::string reason) {
        auto on_bytes = [change = std::move(change)](Scene& scene, ArgumentBytes& argument) {
            Argument typed;
            std::memcpy(&typed, argument.data(), sizeof(typed));
            change(scene, typed);
            argument = bytes(typed);
        };
        contract_.refusals.push_back(
            {std::move(what), std::move(on_bytes), error, std::move(reason)});
        return *this;
    }
    /// By a driver that is another than the good call's.
    ContractOf& refuses_on(Switches switches, std::string what, Good make, int error,
                           std::string reason) {
        auto on_bytes = [make = std::move(make)](Scene& scene, ArgumentBytes& argument) {
            argument = bytes(make(scene));
        };
        contract_.refusals.push_back({.what = std::move(what),
                                      .change = std::move(on_bytes),
                                      .error = error,
                                      .reason = std::move(reason),
                                      .switches = switches});
        return *this;
    }
    ContractOf& points(std::string name, size_t offset) {
        contract_.pointers.push_back({std::move(name), offset});
        return *this;
    }
    ContractOf& gives_fd(size_t offset) {
        contract_.fd_offset = offset;
        return *this;
    }
    operator Contract() const { return contract_; }

  private:
    static ArgumentBytes bytes(const Argument& argument) {
        ArgumentBytes bytes(sizeof(argument));
        std::memcpy(bytes.data(), &argument, sizeof(argument));
        return bytes;
    }
    Contract contract_;
};

/// For an ioctl without an argument, or one whose zeros are as good as any.
inline Contract contract_without_argument(unsigned long command, int error = 0,
                                          std::string reason = {}) {
    Contract contract;
    contract.command = static_cast<uint32_t>(command);
    contract.good = [size = _IOC_SIZE(command)](Scene&) { return ArgumentBytes(size); };
    contract.good_error = error;
    contract.good_reason = std::move(reason);
    return contract;
}

/// For one that is left of DRI1.
inline Contract contract_of_no_operation(unsigned long command) {
    Contract contract;
    contract.command = static_cast<uint32_t>(command);
    contract.good = [size = _IOC_SIZE(command)](Scene&) {
        return ArgumentBytes(size, std::byte{0xa5});
    };
    contract.is_no_operation = true;
    return contract;
}

/// For refuses(): another value in one member; and an id that is none.
template <class Argument, class Value>
auto set(Value Argument::*member, Value value) {
    return [member, value](Scene&, Argument& argument) { argument.*member = value; };
}
template <class Argument>
auto unknown(uint32_t Argument::*member) {
    return set(member, Scene::unknown_id);
}

#define POINTS(type, member) points(#member, offsetof(type, member))

/// For messages.
void PrintTo(const Contract& contract, std::ostream* out);

using Contracts = std::vector<Contract>;
Contracts core_contracts();
Contracts gem_contracts();
Contracts kms_read_contracts();
Contracts kms_write_contracts();
Contracts lease_contracts();
Contracts syncobj_contracts();
Contracts vgem_contracts();

/// Of all ioctls of cards, in the order of their numbers.
const Contracts& node_contracts();
/// Of those of dma-bufs, sync files and sw_sync timelines.
const Contracts& descriptor_contracts();
/// Among both. Null: there is none.
const Contract* find_contract(uint32_t command);

}  // namespace plugboard::tests
