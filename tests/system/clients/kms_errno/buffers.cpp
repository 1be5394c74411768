// Caps, dumb buffers and their mappings.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/system/clients/kms_errno/probe.h"
#include "tests/system/clients/kms_errno/report.h"

namespace kms_errno {

using client::must;

namespace {

constexpr uint32_t screen_bytes = 1024 * 768 * 4;

}  // namespace

void probe_client_caps() {
    const std::vector<std::vector<uint64_t>> values = {
        {0, 1, 2, 3}, {0, 2},    {0, 1, 2, 3}, {0, 1, 2},    {0, 1, 2},
        {0, 1, 2, 3}, {0, 1, 2}, {0, 1, 2, 3}, {0, 1, 2, 3},
    };
    for (uint64_t cap = 0; cap < values.size(); cap++) {
        for (const uint64_t value : values[cap]) {
            const Card card;  // none of the caps before is on
            drm_set_client_cap set{cap, value};
            say("SET_CLIENT_CAP " + std::to_string(cap) + " = " + std::to_string(value),
                card.call(DRM_IOCTL_SET_CLIENT_CAP, set));
        }
    }
}

void probe_caps(const Card& card) {
    constexpr uint64_t caps[] = {0x0, 0x3, 0x4,  0x7,  0x8,  0x9,  0xb, 0xc,
                                 0xd, 0xe, 0x10, 0x12, 0x14, 0x15, 0x17};
    for (const uint64_t cap : caps) {
        drm_get_cap get{cap, 0};
        const int error = card.call(DRM_IOCTL_GET_CAP, get);
        std::array<char, 32> label{};
        std::snprintf(label.data(), label.size(), "GET_CAP 0x%llx",
                      static_cast<unsigned long long>(cap));
        say(label.data(), error, "ok " + std::to_string(get.value), 65);
    }
}

void probe_create_dumb(const Card& card) {
    struct Row {
        const char* label;
        uint32_t width, height, bpp, flags = 0;
    };
    const Row rows[] = {
        {"0x768x32", 0, 768, 32},
        {"1024x0x32", 1024, 0, 32},
        {"1024x768x0", 1024, 768, 0},
        {"1x1x1", 1, 1, 1},
        {"1x1x8", 1, 1, 8},
        {"100x100x8", 100, 100, 8},
        {"33x10x24", 33, 10, 24},
        {"7x3x32", 7, 3, 32},
        {"7x3x16", 7, 3, 16},
        {"7x3x64", 7, 3, 64},
        {"64x64x7", 64, 64, 7},
        {"flags 1", 64, 64, 32, 1},
        {"65536x65536x32", 65536, 65536, 32},
        {"0xffffffff x1 x8", 0xffffffff, 1, 8},
        {"0x80000000x4x8", 0x80000000, 4, 8},
        {"1024x768x4096", 1024, 768, 4096},
    };
    for (const Row& row : rows) {
        drm_mode_create_dumb create{};
        create.width = row.width;
        create.height = row.height;
        create.bpp = row.bpp;
        create.flags = row.flags;
        const int error = card.call(DRM_IOCTL_MODE_CREATE_DUMB, create);
        say(std::string("CREATE_DUMB ") + row.label, error,
            "ok pitch " + std::to_string(create.pitch) + " size " + std::to_string(create.size));
        if (error != 0) continue;
        drm_mode_destroy_dumb destroy{create.handle};
        must(card.call(DRM_IOCTL_MODE_DESTROY_DUMB, destroy) == 0, "DESTROY_DUMB");
    }
}

void probe_mapping(const Card& card, uint32_t handle) {
    drm_mode_map_dumb map{};
    map.handle = unknown;
    say("MAP_DUMB handle unknown", card.call(DRM_IOCTL_MODE_MAP_DUMB, map));
    map = {};
    map.handle = handle;
    map.pad = 1;
    say("MAP_DUMB pad 1", card.call(DRM_IOCTL_MODE_MAP_DUMB, map));
    drm_mode_destroy_dumb destroy{unknown};
    say("DESTROY_DUMB unknown", card.call(DRM_IOCTL_MODE_DESTROY_DUMB, destroy));
    drm_gem_close close_handle{unknown, 0};
    say("GEM_CLOSE unknown", card.call(DRM_IOCTL_GEM_CLOSE, close_handle));

    const int both = PROT_READ | PROT_WRITE;
    const auto probe = [&](const char* label, size_t length, int protection, int flags,
                           uint64_t at) {
        void* memory = mmap(nullptr, length, protection, flags, card.fd(), static_cast<off_t>(at));
        print(label, name_of(error_of(memory != MAP_FAILED)));
        if (memory != MAP_FAILED) munmap(memory, length);
    };
    probe("mmap one page too long", screen_bytes + 4096, both, MAP_SHARED, map.offset);
    probe("mmap at offset + one page", 4096, both, MAP_SHARED, map.offset + 4096);
    probe("mmap offset 0", screen_bytes, both, MAP_SHARED, 0);
    probe("mmap private writable", screen_bytes, both, MAP_PRIVATE, map.offset);
    probe("mmap private read-only", screen_bytes, PROT_READ, MAP_PRIVATE, map.offset);
    probe("mmap first page of it", 4096, both, MAP_SHARED, map.offset);
    const int other = open(card.path().c_str(), O_RDONLY | O_CLOEXEC);
    print("open O_RDONLY", name_of(error_of(other >= 0)));
    if (other >= 0) close(other);
}

}  // namespace kms_errno
