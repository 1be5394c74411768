#include "tests/contract/contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "drm/descriptor_ioctls.h"
#include "drm/driver_ioctl.h"

namespace plugboard::tests {

namespace {

bool is_of_card(Target target) {
    return target == Target::Master || target == Target::Other || target == Target::Painter;
}

const UniqueFd& descriptor(Scene& scene, Target target) {
    switch (target) {
        case Target::DmaBuf: return scene.dma_buf();
        case Target::SyncFile: return scene.sync_file();
        case Target::Timeline: return scene.timeline();
        default: std::abort();
    }
}

}  // namespace

Client& Contract::client(Scene& scene) const {
    switch (target) {
        case Target::Master: return *scene.drawer;
        case Target::Other: return *scene.other;
        case Target::Painter: return *scene.painter;
        default: std::abort();
    }
}

const uapi::Ioctl& Contract::row(Scene& scene) const {
    const auto is_it = [this](const uapi::Ioctl& row) { return row.command == command; };
    if (!is_of_card(target)) return *std::ranges::find_if(drm::descriptor_ioctls, is_it);
    if (const uapi::Ioctl* core = uapi::find_ioctl(_IOC_NR(command))) return *core;
    const auto& own = client(scene).file().device().info().ioctls;
    return std::ranges::find_if(own, is_it, &drm::DriverIoctl::row)->row;
}

void Contract::prepare(Scene& scene) const {
    if (!is_of_card(target)) descriptor(scene, target);
}

Answer Contract::call(Scene& scene, void* argument) const {
    std::string reason;
    const int error = scene.complete([&] {
        Answer answer = call_at_once(scene, argument);
        reason = std::move(answer.reason);
        return answer.error;
    });
    return {error, std::move(reason)};
}

Answer Contract::call_at_once(Scene& scene, void* argument) const {
    Answer answer;
    if (is_of_card(target)) {
        const uint32_t user = row(scene).permissions.root_only ? 0 : 1000;
        answer.error =
            client(scene).ioctl_as({.pid = 4242, .uid = user, .gid = user}, command, argument);
        answer.reason = client(scene).reason();
    } else {
        answer = scene.ioctl(descriptor(scene, target), command, argument);
    }
    if (fd_offset && answer.error == 0) {
        int fd = -1;
        std::memcpy(&fd, static_cast<std::byte*>(argument) + *fd_offset, sizeof(fd));
        EXPECT_TRUE(UniqueFd(fd).is_open());
    }
    return answer;
}

void PrintTo(const Contract& contract, std::ostream* out) {
    *out << fmt::format("ioctl 0x{:08x}", contract.command);
}

const Contracts& node_contracts() {
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
    for (const Contracts* contracts : {&node_contracts(), &descriptor_contracts()}) {
        const auto found = std::ranges::find(*contracts, command, &Contract::command);
        if (found != contracts->end()) return &*found;
    }
    return nullptr;
}

}  // namespace plugboard::tests
