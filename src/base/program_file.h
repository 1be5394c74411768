// What kind of program a file is, by its own bytes: how the kernel and the loader will start it.
// Linux: fs/binfmt_elf.c, fs/binfmt_script.c
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace plugboard {

/// Where a file's bytes come from: as many of them at `offset` as there are, as pread(2).
struct FileBytes {
    const void* file = nullptr;
    size_t (*read)(const void* file, uint64_t offset, void* to, size_t size) = nullptr;
};

/// A value. The reader trusts nothing in the file, allocates nothing and needs 1 KiB of stack.
struct ProgramFile {
    enum class Kind : uint8_t {
        Unknown,    // neither of the others: a text for a shell, or what no kernel runs
        Script,     // "#!"
        Glibc,      // x86-64, started by glibc's loader
        Musl,       // by musl's
        OtherLibc,  // by yet another
        Static,     // by none
        Loader,     // is glibc's loader
        Foreign,    // 32 bits, or another processor
    };
    /// The kernel reads so much of a script.
    static constexpr size_t longest_name = 256;

    Kind kind = Kind::Unknown;
    bool is_go = false;  // Go's own runtime is in it, which makes its system calls by itself
    std::array<char, longest_name> interpreter{};  // a script's, or the loader
    std::array<char, longest_name> argument{};     // a script's to its interpreter
    /// The shared runtime of AddressSanitizer that it is linked with, which must be loaded first.
    std::array<char, 64> sanitizer{};
};

ProgramFile read_program_file(FileBytes bytes);

/// Why a preloaded library does not see what a program does; the letters stand in a board's list of
/// such programs.
enum class Obstacle : char {
    None = 0,
    Static = 's',
    Go = 'g',
    Musl = 'm',
    OtherLibc = 'l',
    Foreign = 'f',
    Setuid = 'u',
    Capabilities = 'c',
};

/// Of those that the bytes tell. Go: on glibc only what it calls by cgo is seen.
Obstacle obstacle_of(const ProgramFile& program);

/// The same words of LD_PRELOAD as ProgramFile::sanitizer can have.
bool is_address_sanitizer(std::string_view library);

}  // namespace plugboard
