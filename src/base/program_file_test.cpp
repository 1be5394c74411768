#include "base/program_file.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "tests/support/garble.h"

namespace plugboard {
namespace {

using Kind = ProgramFile::Kind;

size_t read_string(const void* file, uint64_t offset, void* to, size_t size) {
    const auto& text = *static_cast<const std::string*>(file);
    if (offset >= text.size()) return 0;
    size = std::min<size_t>(size, text.size() - offset);
    memcpy(to, text.data() + offset, size);
    return size;
}

ProgramFile program_of(const std::string& text) {
    return read_program_file({.file = &text, .read = read_string});
}

/// The bytes of an ELF program with those parts.
struct MadeElf {
    std::string loader{};
    std::string own_name{};
    std::vector<std::string> needed{};
    std::string note{};
    uint8_t elf_class = ELFCLASS64;
    uint16_t machine = EM_X86_64;
    uint16_t type = ET_DYN;

    std::string bytes() const {
        std::string tail, strings(1, '\0');
        std::vector<Elf64_Dyn> dynamic;
        const auto add = [&](int64_t tag, const std::string& name) {
            dynamic.push_back({.d_tag = tag, .d_un = {.d_val = strings.size()}});
            strings += name + '\0';
        };
        for (const std::string& library : needed) add(DT_NEEDED, library);
        if (!own_name.empty()) add(DT_SONAME, own_name);
        const bool is_dynamic = !dynamic.empty();
        const int count = !loader.empty() + !note.empty() + (is_dynamic ? 2 : 0);
        const uint64_t tail_at =
            sizeof(Elf64_Ehdr) + static_cast<uint64_t>(count) * sizeof(Elf64_Phdr);
        std::string segments;
        const auto add_segment = [&](uint32_t kind, const std::string& content) {
            Elf64_Phdr part{};
            part.p_type = kind;
            part.p_offset = tail_at + tail.size();
            part.p_vaddr = base + part.p_offset;
            part.p_filesz = content.size();
            segments.append(reinterpret_cast<const char*>(&part), sizeof part);
            tail += content;
        };
        if (!loader.empty()) add_segment(PT_INTERP, loader + '\0');
        if (!note.empty()) add_segment(PT_NOTE, note);
        if (is_dynamic) {
            const uint64_t strings_at = base + tail_at + tail.size();
            add_segment(PT_LOAD, strings);
            dynamic.push_back({.d_tag = DT_STRTAB, .d_un = {.d_ptr = strings_at}});
            dynamic.push_back({.d_tag = DT_NULL, .d_un = {.d_val = 0}});
            add_segment(PT_DYNAMIC, std::string(reinterpret_cast<const char*>(dynamic.data()),
                                                dynamic.size() * sizeof dynamic[0]));
        }
        return header(count) + segments + tail;
    }

  private:
    static constexpr uint64_t base = 0x400000;
    std::string header(int segments) const {
        Elf64_Ehdr header{};
        memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = elf_class;
        header.e_machine = machine;
        header.e_type = type;
        header.e_phoff = sizeof header;
        header.e_phnum = static_cast<uint16_t>(segments);
        header.e_phentsize = sizeof(Elf64_Phdr);
        return {reinterpret_cast<const char*>(&header), sizeof header};
    }
};

const std::string glibc_loader = "/lib64/ld-linux-x86-64.so.2";

std::string go_note() {
    const Elf64_Nhdr other{.n_namesz = 4, .n_descsz = 3, .n_type = 3};
    const Elf64_Nhdr go{.n_namesz = 4, .n_descsz = 4, .n_type = 4};
    std::string note(reinterpret_cast<const char*>(&other), sizeof other);
    note += std::string("GNU\0abc\0", 8);
    note.append(reinterpret_cast<const char*>(&go), sizeof go);
    return note + std::string("Go\0\0word", 8);
}

TEST(ProgramFile, is_told_by_its_loader) {
    EXPECT_EQ(program_of(MadeElf{.loader = glibc_loader}.bytes()).kind, Kind::Glibc);
    EXPECT_EQ(program_of(MadeElf{.loader = "/nix/store/x/lib/ld-linux-x86-64.so.2"}.bytes()).kind,
              Kind::Glibc);
    EXPECT_EQ(program_of(MadeElf{.loader = "/lib/ld-musl-x86_64.so.1"}.bytes()).kind, Kind::Musl);
    EXPECT_EQ(program_of(MadeElf{.loader = "/system/bin/linker64"}.bytes()).kind, Kind::OtherLibc);
    EXPECT_STREQ(program_of(MadeElf{.loader = glibc_loader}.bytes()).interpreter.data(),
                 glibc_loader.c_str());
}

TEST(ProgramFile, without_a_loader_is_static_or_one_itself) {
    EXPECT_EQ(program_of(MadeElf{}.bytes()).kind, Kind::Static);
    EXPECT_EQ(program_of(MadeElf{.type = ET_EXEC}.bytes()).kind, Kind::Static);
    EXPECT_EQ(program_of(MadeElf{.own_name = "ld-linux-x86-64.so.2"}.bytes()).kind, Kind::Loader);
    EXPECT_EQ(program_of(MadeElf{.own_name = "libc.musl-x86_64.so.1"}.bytes()).kind, Kind::Musl);
}

TEST(ProgramFile, of_32_bits_or_another_processor_is_foreign) {
    EXPECT_EQ(program_of(MadeElf{.elf_class = ELFCLASS32, .machine = EM_386}.bytes()).kind,
              Kind::Foreign);
    EXPECT_EQ(program_of(MadeElf{.elf_class = ELFCLASS32}.bytes()).kind, Kind::Foreign) << "x32";
    EXPECT_EQ(program_of(MadeElf{.machine = EM_AARCH64}.bytes()).kind, Kind::Foreign);
    EXPECT_EQ(program_of(MadeElf{.elf_class = ELFCLASS32}.bytes().substr(0, 52)).kind,
              Kind::Foreign)
        << "whose header is shorter";
}

TEST(ProgramFile, of_no_program_is_unknown) {
    EXPECT_EQ(program_of("").kind, Kind::Unknown);
    EXPECT_EQ(program_of("echo hello\n").kind, Kind::Unknown);
    EXPECT_EQ(program_of("#!\n").kind, Kind::Unknown);
    EXPECT_EQ(program_of(MadeElf{.type = ET_REL}.bytes()).kind, Kind::Unknown);
    EXPECT_EQ(program_of(MadeElf{}.bytes().substr(0, 40)).kind, Kind::Unknown);
}

TEST(ProgramFile, names_the_sanitizer_that_must_be_first) {
    const auto sanitizer = [](std::vector<std::string> needed) {
        const MadeElf made{.loader = glibc_loader, .needed = std::move(needed)};
        return std::string(program_of(made.bytes()).sanitizer.data());
    };
    EXPECT_EQ(sanitizer({"libm.so.6", "libasan.so.8", "libc.so.6"}), "libasan.so.8");
    EXPECT_EQ(sanitizer({"libclang_rt.asan-x86_64.so"}), "libclang_rt.asan-x86_64.so");
    EXPECT_EQ(sanitizer({"libtsan.so.2", "libubsan.so.1", "libc.so.6"}), "");
    EXPECT_EQ(sanitizer({"libasan.so." + std::string(100, '8')}), "") << "does not fit";
    std::vector<std::string> many(100, "libm.so.6");
    many.emplace_back("libasan.so.8");
    EXPECT_EQ(sanitizer(many), "libasan.so.8");
}

TEST(ProgramFile, of_go_is_known_by_its_note) {
    EXPECT_TRUE(program_of(MadeElf{.note = go_note()}.bytes()).is_go);
    EXPECT_TRUE(program_of(MadeElf{.loader = glibc_loader, .note = go_note()}.bytes()).is_go);
    EXPECT_FALSE(program_of(MadeElf{.note = go_note().substr(0, 20)}.bytes()).is_go);
}

TEST(ProgramFile, may_have_an_obstacle) {
    const auto obstacle = [](const MadeElf& made) { return obstacle_of(program_of(made.bytes())); };
    EXPECT_EQ(obstacle({.loader = glibc_loader}), Obstacle::None);
    EXPECT_EQ(obstacle({.own_name = "ld-linux-x86-64.so.2"}), Obstacle::None);
    EXPECT_EQ(obstacle({}), Obstacle::Static);
    EXPECT_EQ(obstacle({.note = go_note()}), Obstacle::Go);
    EXPECT_EQ(obstacle({.loader = "/lib/ld-musl-x86_64.so.1"}), Obstacle::Musl);
    EXPECT_EQ(obstacle({.loader = "/system/bin/linker64"}), Obstacle::OtherLibc);
    EXPECT_EQ(obstacle({.machine = EM_AARCH64}), Obstacle::Foreign);
}

TEST(ProgramFile, of_a_script_has_its_interpreter_and_one_argument) {
    const struct {
        const char *line, *interpreter, *argument;
    } rows[] = {
        {"#!/bin/sh\n", "/bin/sh", ""},
        {"#! \t/usr/bin/env  python3 -u \t\nprint()", "/usr/bin/env", "python3 -u"},
        {"#!/bin/awk -f", "/bin/awk", "-f"},
    };
    for (const auto& row : rows) {
        const auto program = program_of(row.line);
        EXPECT_EQ(program.kind, Kind::Script) << row.line;
        EXPECT_STREQ(program.interpreter.data(), row.interpreter);
        EXPECT_STREQ(program.argument.data(), row.argument);
    }
}

TEST(ProgramFile, of_this_test_is_what_the_linker_made) {
    std::ifstream file("/proc/self/exe", std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    const auto program = program_of(text.str());
    EXPECT_EQ(program.kind, Kind::Glibc);
    EXPECT_STREQ(program.interpreter.data(), glibc_loader.c_str());
}

/// What is said of a file holds whatever its bytes are.
void expect_sane(const ProgramFile& program) {
    RC_ASSERT(program.interpreter.back() == '\0');
    RC_ASSERT(program.argument.back() == '\0');
    RC_ASSERT(program.sanitizer.back() == '\0');
    RC_ASSERT(program.sanitizer[0] == '\0' || is_address_sanitizer(program.sanitizer.data()));
    const bool has_loader = program.kind == Kind::Glibc || program.kind == Kind::OtherLibc;
    RC_ASSERT(!has_loader || program.interpreter[0] != '\0');
}

RC_GTEST_PROP(ProgramFile, may_be_anything, ()) {
    const auto numbers = *tests::any_numbers(60);
    tests::Dice dice(numbers);
    const MadeElf made{.loader = glibc_loader,
                       .own_name = "ld-linux-x86-64.so.2",
                       .needed = {"libasan.so.8", "libc.so.6"},
                       .note = go_note()};
    const std::vector<std::string> parts = {std::string(8, '\xff'),
                                            std::string(8, '\0'),
                                            std::string("\x40\0\0\0\0\0\0\0", 8),
                                            ELFMAG,
                                            "#!/bin/sh -x\n",
                                            std::string("\xf0\xff\xff\xff\xff\xff\xff\xff", 8)};
    expect_sane(program_of(tests::garble(dice, made.bytes(), parts, 6)));
    expect_sane(program_of(tests::garble(dice, "#!/usr/bin/env sh\n", parts, 6)));
}

}  // namespace
}  // namespace plugboard
