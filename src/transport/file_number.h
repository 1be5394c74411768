// The number in a DRM file's label: it tells the node too, so that the shim can say what a
// descriptor is without asking, also when the daemon is gone.
#pragma once

#include <cstdint>

namespace plugboard::transport {

/// A node below /dev/dri: its type and its minor number.
struct Node {
    bool render = false;
    uint32_t minor = 0;  // below 2^20

    friend bool operator==(const Node&, const Node&) = default;
};

/// `serial` is unique in the board, below 2^40.
constexpr uint64_t make_file_number(uint64_t serial, Node node) {
    return serial << 24 | static_cast<uint64_t>(node.render) << 20 | (node.minor & 0xfffff);
}

constexpr Node node_of_file(uint64_t number) {
    return {(number >> 20 & 1) != 0, static_cast<uint32_t>(number & 0xfffff)};
}

}  // namespace plugboard::transport
