// Leases and PRIME, and the file itself.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/system/clients/kms_errno/probe.h"
#include "tests/system/clients/kms_errno/report.h"

namespace kms_errno {

using client::must;

void Probe::probe_leases() const {
    std::vector<int> leases;
    const auto probe = [&](const char* what, std::vector<uint32_t> objects, uint32_t flags) {
        drm_mode_create_lease create{};
        create.object_ids = Card::address(objects.data());
        create.object_count = static_cast<uint32_t>(objects.size());
        create.flags = flags;
        const int error = card_.call(DRM_IOCTL_MODE_CREATE_LEASE, create);
        say(std::string("CREATE_LEASE ") + what, error);
        if (error == 0) leases.push_back(static_cast<int>(create.fd));
    };
    probe("good", {crtc_, connector_, primary_}, O_CLOEXEC);
    probe("same objects again", {crtc_, connector_, primary_}, O_CLOEXEC);
    say("PAGE_FLIP by the lessor on a leased crtc", page_flip([](auto&) {}));
    probe("object unknown", {crtc_, connector_, primary_, unknown}, O_CLOEXEC);
    probe("flags 1", {crtc_, connector_, primary_}, 1);
    for (const int lease : leases) close(lease);
}

void Probe::probe_prime() const {
    drm_prime_handle prime{first_.handle, 1 << 5, -1};
    say("PRIME_HANDLE_TO_FD flags 1<<5", card_.call(DRM_IOCTL_PRIME_HANDLE_TO_FD, prime));
    prime = {first_.handle, DRM_CLOEXEC | DRM_RDWR, -1};
    const int error = card_.call(DRM_IOCTL_PRIME_HANDLE_TO_FD, prime);
    say("PRIME_HANDLE_TO_FD good", error);
    const int buffer = error == 0 ? prime.fd : -1;
    drm_prime_handle back{0, 0, buffer};
    say("PRIME_FD_TO_HANDLE own", card_.call(DRM_IOCTL_PRIME_FD_TO_HANDLE, back));
    std::printf("    same handle %d\n", back.handle == first_.handle);

    const int closed = open("/", O_PATH | O_CLOEXEC);
    must(closed >= 0, "/");
    close(closed);
    back = {0, 0, closed};
    say("PRIME_FD_TO_HANDLE closed fd", card_.call(DRM_IOCTL_PRIME_FD_TO_HANDLE, back));
    const auto end = static_cast<long long>(lseek(buffer, 0, SEEK_END));
    const auto one = static_cast<long long>(lseek(buffer, 1, SEEK_SET));
    std::printf("    lseek end %lld, set 1: %lld %s\n", end, one,
                one < 0 ? strerrorname_np(errno) : "");
    if (buffer >= 0) close(buffer);
}

void Probe::probe_file() const {
    must(fcntl(card_.fd(), F_SETFL, O_RDWR | O_NONBLOCK) == 0, "O_NONBLOCK");
    const auto print_result = [](const char* label, long long result) {
        print(label, std::to_string(result) + " " + (result < 0 ? strerrorname_np(errno) : ""));
    };
    std::array<char, 64> bytes{};
    print_result("read nonblock, nothing queued", read(card_.fd(), bytes.data(), bytes.size()));
    print("write", name_of(error_of(write(card_.fd(), bytes.data(), 4) >= 0)));
    print_result("lseek 4", lseek(card_.fd(), 4, SEEK_SET));
    std::array<char, 16> events{};
    std::snprintf(events.data(), events.size(), "0x%x",
                  static_cast<unsigned>(client::poll_for(card_.fd(), POLLIN | POLLOUT, 0)));
    print("poll IN|OUT, nothing queued", events.data());
}

}  // namespace kms_errno
