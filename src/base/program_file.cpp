#include "base/program_file.h"

#include <elf.h>

#include <algorithm>

namespace plugboard {
namespace {

// Far more than any linker makes: a file may say anything.
constexpr size_t max_segments = 128, max_entries = 1024, max_notes = 16;

template <class T>
bool read_value(FileBytes bytes, uint64_t offset, T& value) {
    return bytes.read(bytes.file, offset, &value, sizeof value) == sizeof value;
}

/// Up to its NUL; empty when it does not fit, or is not there.
template <size_t Size>
void read_text(FileBytes bytes, uint64_t offset, size_t longest, std::array<char, Size>& text) {
    const size_t count = bytes.read(bytes.file, offset, text.data(), std::min(longest, Size));
    const auto end = text.begin() + static_cast<ptrdiff_t>(count);
    const auto nul = std::find(text.begin(), end, '\0');
    std::fill(nul == end ? text.begin() : nul, text.end(), '\0');
}

template <size_t Size>
std::string_view view(const std::array<char, Size>& text) {
    return {text.data(),
            static_cast<size_t>(std::find(text.begin(), text.end(), '\0') - text.begin())};
}

template <size_t Size>
void copy(std::string_view from, std::array<char, Size>& to) {
    if (from.size() < Size) std::copy(from.begin(), from.end(), to.begin());
}

void read_script(FileBytes bytes, ProgramFile& program) {
    std::array<char, ProgramFile::longest_name> start{};
    const size_t count = bytes.read(bytes.file, 0, start.data(), start.size());
    std::string_view line(start.data(), count);
    line = line.substr(0, line.find_first_of(std::string_view("\n\0", 2)));
    line.remove_prefix(std::min<size_t>(2, line.size()));
    constexpr std::string_view blanks = " \t";
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const std::string_view interpreter = line.substr(0, line.find_first_of(blanks));
    if (interpreter.empty()) return;
    program.kind = ProgramFile::Kind::Script;
    copy(interpreter, program.interpreter);
    line.remove_prefix(interpreter.size());
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    copy(line.substr(0, line.find_last_not_of(blanks) + 1), program.argument);
}

/// The parts of an ELF file that tell how it is started.
class Elf {
  public:
    Elf(FileBytes bytes, const Elf64_Ehdr& header)
        : bytes_(bytes),
          segments_at_(header.e_phoff),
          segments_(std::min<size_t>(header.e_phnum, max_segments)) {}

    void describe(ProgramFile& program) const {
        Elf64_Phdr dynamic{};
        for (size_t i = 0; i < segments_; i++) {
            const Elf64_Phdr part = segment(i);
            if (part.p_type == PT_INTERP)
                read_text(bytes_, part.p_offset, part.p_filesz, program.interpreter);
            if (part.p_type == PT_DYNAMIC) dynamic = part;
            if (part.p_type == PT_NOTE && has_go_note(part)) program.is_go = true;
        }
        std::array<char, 64> own_name{};
        read_dynamic(dynamic, own_name, program.sanitizer);
        program.kind = kind_of(view(program.interpreter), view(own_name));
    }

  private:
    static ProgramFile::Kind kind_of(std::string_view loader, std::string_view own_name) {
        using Kind = ProgramFile::Kind;
        if (loader.empty()) {
            if (own_name.starts_with("ld-linux")) return Kind::Loader;
            return own_name.find("musl") != std::string_view::npos ? Kind::Musl : Kind::Static;
        }
        const std::string_view name = loader.substr(loader.rfind('/') + 1);
        if (name == "ld-linux-x86-64.so.2") return Kind::Glibc;
        return name.find("musl") != std::string_view::npos ? Kind::Musl : Kind::OtherLibc;
    }

    /// One of no type when it is not there.
    Elf64_Phdr segment(size_t index) const {
        Elf64_Phdr part{};
        if (!read_value(bytes_, segments_at_ + index * sizeof part, part)) part = {};
        return part;
    }

    bool has_go_note(const Elf64_Phdr& part) const {
        uint64_t at = part.p_offset;
        for (size_t i = 0; i < max_notes && at - part.p_offset < part.p_filesz; i++) {
            struct {
                Elf64_Nhdr header;
                char name[4];
            } note{};
            if (!read_value(bytes_, at, note)) return false;
            const std::string_view name(note.name, sizeof note.name);
            if (note.header.n_namesz == 4 && name == std::string_view("Go\0\0", 4)) return true;
            const auto padded = [](uint64_t size) { return (size + 3) & ~uint64_t{3}; };
            at += sizeof note.header + padded(note.header.n_namesz) + padded(note.header.n_descsz);
        }
        return false;
    }

    /// Where in the file what is loaded at that address is; 0: nowhere.
    uint64_t offset_of(uint64_t address) const {
        for (size_t i = 0; i < segments_; i++) {
            const Elf64_Phdr part = segment(i);
            if (part.p_type == PT_LOAD && address >= part.p_vaddr &&
                address - part.p_vaddr < part.p_filesz)
                return part.p_offset + (address - part.p_vaddr);
        }
        return 0;
    }

    /// Calls visit(entry) for each up to DT_NULL, or until it gives true.
    template <class Visit>
    void for_each_entry(const Elf64_Phdr& dynamic, Visit visit) const {
        std::array<Elf64_Dyn, 16> some{};
        const size_t count = std::min<size_t>(dynamic.p_filesz / sizeof some[0], max_entries);
        for (size_t i = 0; i < count; i += some.size()) {
            const size_t size = std::min(some.size(), count - i) * sizeof some[0];
            const size_t got =
                bytes_.read(bytes_.file, dynamic.p_offset + i * sizeof some[0], some.data(), size);
            for (size_t k = 0; k < got / sizeof some[0]; k++) {
                if (some[k].d_tag == DT_NULL || visit(some[k])) return;
            }
            if (got < size) return;
        }
    }

    void read_dynamic(const Elf64_Phdr& dynamic, std::array<char, 64>& own_name,
                      std::array<char, 64>& sanitizer) const {
        uint64_t strings = 0;
        for_each_entry(dynamic, [&](const Elf64_Dyn& entry) {
            if (entry.d_tag == DT_STRTAB) strings = offset_of(entry.d_un.d_ptr);
            return strings != 0;
        });
        if (strings == 0) return;
        for_each_entry(dynamic, [&](const Elf64_Dyn& entry) {
            if (entry.d_tag == DT_SONAME)
                read_text(bytes_, strings + entry.d_un.d_val, own_name.size(), own_name);
            if (entry.d_tag != DT_NEEDED || sanitizer[0] != '\0') return false;
            read_text(bytes_, strings + entry.d_un.d_val, sanitizer.size(), sanitizer);
            if (!is_address_sanitizer(view(sanitizer))) sanitizer = {};
            return false;
        });
    }

    const FileBytes bytes_;
    const uint64_t segments_at_;
    const size_t segments_;
};

}  // namespace

bool is_address_sanitizer(std::string_view library) {
    const std::string_view name = library.substr(library.rfind('/') + 1);
    return name.starts_with("libasan.so") || name.starts_with("libclang_rt.asan");
}

ProgramFile read_program_file(FileBytes bytes) {
    ProgramFile program;
    std::array<char, EI_NIDENT> start{};
    const size_t count = bytes.read(bytes.file, 0, start.data(), start.size());
    const std::string_view magic(start.data(), count);
    if (magic.starts_with("#!")) read_script(bytes, program);
    if (!magic.starts_with(ELFMAG)) return program;
    Elf64_Ehdr header{};
    const bool is_whole = read_value(bytes, 0, header);
    if (start[EI_CLASS] == ELFCLASS32 || (is_whole && header.e_machine != EM_X86_64)) {
        program.kind = ProgramFile::Kind::Foreign;
    } else if (is_whole && header.e_phentsize == sizeof(Elf64_Phdr) &&
               (header.e_type == ET_EXEC || header.e_type == ET_DYN)) {
        Elf(bytes, header).describe(program);
    }
    return program;
}

Obstacle obstacle_of(const ProgramFile& program) {
    using Kind = ProgramFile::Kind;
    if (program.is_go) return Obstacle::Go;
    switch (program.kind) {
        case Kind::Musl: return Obstacle::Musl;
        case Kind::OtherLibc: return Obstacle::OtherLibc;
        case Kind::Static: return Obstacle::Static;
        case Kind::Foreign: return Obstacle::Foreign;
        case Kind::Unknown:
        case Kind::Script:
        case Kind::Glibc:
        case Kind::Loader: break;
    }
    return Obstacle::None;
}

}  // namespace plugboard
