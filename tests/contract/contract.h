// What one ioctl promises: a good call, what it refuses and why, and which members point at the
// caller's memory. The rest follows from its row in the table, and contract_test.cpp asks for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/contract/scene.h"
#include "uapi/ioctl_table.h"

namespace plugboard::tests {

using ArgumentBytes = std::vector<std::byte>;

/// Whose file makes the call.
enum class CallerKind {
    Master,   // the lit card's, with every client cap
    Other,    // another client of that card
    Painter,  // vgem's
};

/// A good call made wrong in one way.
struct Refusal {
    std::string what;  // for people
    std::function<void(Scene&, ArgumentBytes&)> change;
    int error = 0;
    std::string reason;  // part of it
};

/// A u64 of the argument that is an address in the good call, and that the handler goes to.
struct PointerMember {
    std::string name;
    size_t offset = 0;
};

struct Contract {
    uint32_t command = 0;
    CallerKind caller = CallerKind::Master;
    std::function<ArgumentBytes(Scene&)> good;
    int good_error = 0;  // for ioctls that no driver of ours ever serves
    std::string good_reason;
    bool is_no_operation = false;    // whose argument nobody looks at, and that answers 0
    std::vector<int> second_errors;  // what a second good call at the same time may answer, too
    std::vector<Refusal> refusals;
    std::vector<PointerMember> pointers;

    Client& client(Scene& scene) const;
    /// The core's or the driver's.
    const uapi::Ioctl& row(Scene& scene) const;
    int call(Scene& scene, ArgumentBytes& argument) const;
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
    ContractOf& by(CallerKind caller) {
        contract_.caller = caller;
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
    ContractOf& points(std::string name, size_t offset) {
        contract_.pointers.push_back({std::move(name), offset});
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

/// Of all of them, in the order of their numbers.
const Contracts& all_contracts();
/// Null: there is none.
const Contract* find_contract(uint32_t command);

}  // namespace plugboard::tests
