#include "tests/contract/contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "drm/driver_ioctl.h"

namespace plugboard::tests {

Client& Contract::client(Scene& scene) const {
    switch (caller) {
        case CallerKind::Master: return *scene.drawer;
        case CallerKind::Other: return *scene.other;
        case CallerKind::Painter: return *scene.painter;
    }
    std::abort();
}

const uapi::Ioctl& Contract::row(Scene& scene) const {
    if (const uapi::Ioctl* core = uapi::find_ioctl(_IOC_NR(command))) return *core;
    for (const drm::DriverIoctl& own : client(scene).file().device().info().ioctls) {
        if (own.row.command == command) return own.row;
    }
    std::abort();
}

int Contract::call(Scene& scene, ArgumentBytes& argument) const {
    return row(scene).permissions.root_only
               ? scene.call_as_root(client(scene), command, argument.data())
               : scene.call(client(scene), command, argument.data());
}

void PrintTo(const Contract& contract, std::ostream* out) {
    *out << fmt::format("ioctl 0x{:08x}", contract.command);
}

const Contracts& all_contracts() {
    static const Contracts all = [] {
        Contracts joined;
        for (Contracts part :
             {core_contracts(), gem_contracts(), kms_read_contracts(), kms_write_contracts(),
              lease_contracts(), syncobj_contracts(), vgem_contracts()})
            std::move(part.begin(), part.end(), std::back_inserter(joined));
        std::ranges::sort(joined, {}, [](const Contract& one) { return _IOC_NR(one.command); });
        return joined;
    }();
    return all;
}

const Contract* find_contract(uint32_t command) {
    for (const Contract& contract : all_contracts()) {
        if (contract.command == command) return &contract;
    }
    return nullptr;
}

}  // namespace plugboard::tests
