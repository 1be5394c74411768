// Every core DRM ioctl: number, struct, age, permissions, interruption and user pointers.
// The only list: dispatch, shim and random tests go by it. Linux: drivers/gpu/drm/drm_ioctl.c
#pragma once

#include <sys/ioctl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "uapi/drm_extra.h"

namespace plugboard::uapi {

/// How a signal to the caller ends the call's waits.
enum class Interruption : uint8_t {
    Never,    // it does not
    Eintr,    // EINTR, even under SA_RESTART
    Restart,  // restarted under SA_RESTART, else EINTR
};

/// Who may call; checked in this order. Linux: drm_ioctl_permit
struct Permissions {
    bool root_only = false;  // CAP_SYS_ADMIN
    bool auth = false;       // an authenticated primary client
    bool master = false;     // the current master
    bool render = false;     // allowed on render nodes
};

/// An array that the argument struct points at and that the handler reads, sent with the request.
struct UserArray {
    uint16_t pointer_offset = 0;  // of a u64 in the struct
    uint16_t count_offset = 0;    // of the number of elements
    uint8_t count_bytes = 0;      // 4 or 8; 0: this array is not there
    uint8_t element_bytes = 0;
    bool count_is_sum =
        false;  // the count is the sum of the u32s in the array before this one's pair
};

struct Ioctl {
    uint32_t command = 0;  // 0: an empty slot
    std::string_view name;
    std::string_view argument;  // the struct's name; empty: none
    std::string_view since;     // of Linux, "4.13"; "old": older than 2.6.30; empty: not known
    Permissions permissions{};
    Interruption interruption = Interruption::Never;
    std::array<UserArray, 4> reads{};

    constexpr uint32_t number() const { return _IOC_NR(command); }
    constexpr uint32_t size() const { return _IOC_SIZE(command); }
};

inline constexpr uint32_t type_byte = 'd';
inline constexpr uint32_t driver_first = 0x40;  // the driver's own numbers: 0x40..0x9f
inline constexpr uint32_t driver_end = 0xa0;
inline constexpr uint32_t table_size = 0xd3;  // numbers from here on are unknown
inline constexpr uint32_t max_argument_size = 1u << _IOC_SIZEBITS;

/// The row of a core number; null for empty slots, the driver's range and numbers past the end.
const Ioctl* find_ioctl(uint32_t number);

/// All slots, empty ones included, in the order of their numbers.
std::array<Ioctl, table_size>::const_iterator ioctls_begin();
std::array<Ioctl, table_size>::const_iterator ioctls_end();

}  // namespace plugboard::uapi
