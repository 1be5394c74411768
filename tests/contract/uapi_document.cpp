// Prints docs/uapi.md: each ioctl by its row in the table and its contract, the caps as two cards
// answer. With a file's name: fails when the file says anything else.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "drm/descriptor_ioctls.h"
#include "drm/driver_ioctl.h"
#include "tests/contract/contract.h"
#include "uapi/words.h"

namespace plugboard::tests {
namespace {

constexpr const char* preface = R"(# The uAPI: each ioctl and cap, and what becomes of it

Made by `uapi_document` (`tests/contract/uapi_document.cpp`) from the table of ioctls (`src/uapi/ioctl_table.cpp`) and from what `tests/contract` holds each of them to; a test fails when this page says anything else.
To renew it: `build/release/bin/uapi_document >docs/uapi.md`. Where a descriptor is not the kernel's: [limits.md](limits.md).

What every ioctl of a DRM node answers first, in this order:

1. `ENODEV`: the card is gone. A wait ends so, too.
2. `ENOTTY`: the type byte is not `d`. `EINVAL`: there is no such number.
3. `EFAULT`: the struct cannot be read. One of another size is good: what is missing is zero.
4. `EACCES`: the caller is not who may call.
5. `EOPNOTSUPP`: the card lacks what it is about. vgem has no modeset (`MODE_GETFB2` says `EINVAL`); vgem, and vkms without `syncobj = true`, have no syncobj.

The columns:

- **who**: *any node* are the card's and its render node, *card* is the card's alone; what follows must be true of the caller, too.
- **since** which Linux; *old* is before 2.6.30, *-* not known to us.
- **refuses**: of each errno what it is for, as far as the contracts ask; `EFAULT` has the members of the struct that are addresses. What goes beyond a user's share is `ENOMEM` ([limits.md](limits.md)).
- **signal**: what ends the wait of a caller who gets a signal. *restart*: it is called again under SA_RESTART, and `EINTR` without; `EINTR`: under SA_RESTART, too; *-*: nothing.
- **state**: *served*; *does nothing*: answers 0, as Linux does; *always* an errno, when nothing else is wrong, as Linux does with these drivers.
)";

/// "-" for what is empty.
std::string or_dash(std::string_view text) {
    return text.empty() ? "-" : std::string(text);
}

std::string who(const uapi::Permissions& needed) {
    if (needed.render) return "any node";
    std::string text = "card";
    if (needed.root_only) text += ", root";
    if (needed.auth) text += ", authenticated";
    if (needed.master) text += ", master";
    return text;
}

std::string argument(const uapi::Ioctl& row) {
    return row.size() == 0 ? "-" : fmt::format("`{}`, {} bytes", row.argument, row.size());
}

std::string signal(uapi::Interruption interruption) {
    switch (interruption) {
        case uapi::Interruption::Never: return "-";
        case uapi::Interruption::Eintr: return "`EINTR`";
        case uapi::Interruption::Restart: return "restart";
    }
    return {};
}

std::string refusals(const Contract& contract) {
    std::vector<std::pair<int, std::string>> by_error;  // in the order of the contract
    const auto add = [&](int error, const std::string& what) {
        const auto found = std::ranges::find(by_error, error, [](auto& one) { return one.first; });
        if (found == by_error.end()) {
            by_error.emplace_back(error, what);
        } else {
            found->second += ", " + what;
        }
    };
    for (const Refusal& refusal : contract.refusals) add(refusal.error, refusal.what);
    for (const PointerMember& pointer : contract.pointers)
        add(EFAULT, fmt::format("`{}`", pointer.name));
    std::string text;
    for (const auto& [error, whats] : by_error)
        text += fmt::format("{}`{}`: {}", text.empty() ? "" : "; ", result_name(error), whats);
    return or_dash(text);
}

std::string state(const Contract& contract) {
    if (contract.is_no_operation) return "does nothing";
    if (contract.good_error == 0) return "served";
    return fmt::format("always `{}`", result_name(contract.good_error));
}

std::string table_of(const std::vector<uapi::Ioctl>& rows) {
    std::string text =
        "\n| number | ioctl | argument | who | since | refuses | signal | state |\n"
        "|---|---|---|---|---|---|---|---|\n";
    for (const uapi::Ioctl& row : rows) {
        const Contract& contract = *find_contract(row.command);
        text += fmt::format("| 0x{:02x} | `{}` | {} | {} | {} | {} | {} | {} |\n", row.number(),
                            row.name, argument(row), who(row.permissions), or_dash(row.since),
                            refusals(contract), signal(row.interruption), state(contract));
    }
    return text;
}

std::string core_ioctls() {
    std::vector<uapi::Ioctl> rows;
    std::copy_if(uapi::ioctls_begin(), uapi::ioctls_end(), std::back_inserter(rows),
                 [](const uapi::Ioctl& row) { return row.command != 0; });
    return "\n## Ioctls of every card\n" + table_of(rows);
}

std::string vgem_ioctls(Scene& scene) {
    std::vector<uapi::Ioctl> rows;
    for (const drm::DriverIoctl& own : scene.vgem().info().ioctls) rows.push_back(own.row);
    return "\n## Ioctls of vgem\n" + table_of(rows);
}

std::string descriptor_ioctls() {
    std::string text =
        "\n## Ioctls of other descriptors\n\n"
        "Of dma-bufs (`b`), sync files (`>`) and sw_sync timelines (`W`); who has the descriptor "
        "may call, also after the unplug of all cards. All are served; another number is "
        "`ENOTTY`.\n\n"
        "| number | ioctl | argument | since | refuses | signal |\n|---|---|---|---|---|---|\n";
    for (const uapi::Ioctl& row : drm::descriptor_ioctls)
        text += fmt::format("| `{:c}` 0x{:02x} | `{}` | {} | {} | {} | {} |\n",
                            static_cast<char>(_IOC_TYPE(row.command)), row.number(), row.name,
                            argument(row), or_dash(row.since),
                            refusals(*find_contract(row.command)), signal(row.interruption));
    return text;
}

std::string cap_of(Client& client, uint64_t capability) {
    drm_get_cap cap{.capability = capability, .value = 0};
    const int error = client.ioctl(DRM_IOCTL_GET_CAP, cap);
    return error == 0 ? std::to_string(cap.value) : fmt::format("`{}`", result_name(error));
}

std::string driver_caps(Scene& scene, Scene& full) {
    std::string text =
        "\n## Caps of a card\n\n"
        "What `GET_CAP` answers, of a vkms with `syncobj = true`, of one with `async_flip` beside "
        "that, and of a vgem; another number is `EINVAL`, and so is 0x15 of the profile "
        "`linux-6.1`. With `prime = false` 0x05 is 0, with `modifiers = false` 0x10 is.\n\n"
        "| number | cap | vkms | with `async_flip` | vgem |\n|---|---|---|---|---|\n";
    for (const uapi::Word& cap : uapi::caps)
        text += fmt::format("| 0x{:02x} | `{}` | {} | {} | {} |\n", cap.value, cap.name,
                            cap_of(*scene.drawer, cap.value), cap_of(*full.drawer, cap.value),
                            cap_of(*scene.painter, cap.value));
    return text;
}

std::string client_cap_of(Client& client, uint64_t capability) {
    drm_set_client_cap cap{.capability = capability, .value = 1};
    const int error = client.ioctl(DRM_IOCTL_SET_CLIENT_CAP, cap);
    return error == 0 ? "served" : fmt::format("`{}`: {}", result_name(error), client.reason());
}

std::string client_caps(Scene& scene, Scene& full, Scene& old) {
    std::string text =
        "\n## Caps of a client\n\n"
        "What `SET_CLIENT_CAP` answers to the value 1 of a client of vkms that has set those "
        "above; without modeset (vgem) it is `EOPNOTSUPP`, another number is `EINVAL`, and so are "
        "6 and 7 of the profile `linux-6.1`; without `universal_planes` 2 is, and 3 is as without "
        "`atomic`.\n\n"
        "| number | cap | vkms | with `hotspot` | without `atomic` |\n|---|---|---|---|---|\n";
    for (const uapi::Word& cap : uapi::client_caps)
        text += fmt::format("| {} | `{}` | {} | {} | {} |\n", cap.value, cap.name,
                            client_cap_of(*scene.other, cap.value),
                            client_cap_of(*full.other, cap.value),
                            client_cap_of(*old.other, cap.value));
    return text;
}

std::string document() {
    Scene scene;
    Scene full(Switches::Full);
    Scene old(Switches::Old);
    return preface + core_ioctls() + vgem_ioctls(scene) + descriptor_ioctls() +
           driver_caps(scene, full) + client_caps(scene, full, old);
}

std::string content(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace
}  // namespace plugboard::tests

int main(int count, char** arguments) {
    const std::string text = plugboard::tests::document();
    if (count < 2) {
        std::fputs(text.c_str(), stdout);
        return 0;
    }
    if (plugboard::tests::content(arguments[1]) == text) return 0;
    fmt::print(stderr, "{1} is not what the tables and the contracts say.\n  remedy: {0} >{1}\n",
               arguments[0], arguments[1]);
    return 1;
}
