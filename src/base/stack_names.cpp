#include "base/stack_names.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <memory>
#include <utility>

#include "base/unique_fd.h"

namespace plugboard {
namespace {

/// The functions of this program's own file, by address. Read once, at the first question: the file
/// stays mapped.
class OwnFunctions {
  public:
    static const OwnFunctions& instance() {
        static const OwnFunctions* functions = new OwnFunctions;
        return *functions;
    }

    /// The mangled name; null: none that is known.
    const char* name_at(uintptr_t address) const {
        const auto after =
            std::ranges::upper_bound(functions_, address - bias_, {}, &Function::start);
        if (after == functions_.begin()) return nullptr;
        const Function& function = *std::prev(after);
        return address - bias_ - function.start < function.size ? function.name : nullptr;
    }

  private:
    struct Function {
        uintptr_t start = 0, size = 0;
        const char* name = nullptr;
        bool is_strong = false;  // of two names for one address that one is told
    };

    OwnFunctions() {
        dl_iterate_phdr(
            [](dl_phdr_info* program, size_t, void* bias) {
                *static_cast<uintptr_t*>(bias) = program->dlpi_addr;
                return 1;  // the first is the program itself
            },
            &bias_);
        const UniqueFd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
        struct stat status {};
        if (!file.is_open() || fstat(file.borrow(), &status) != 0) return;
        const auto size = static_cast<size_t>(status.st_size);
        void* const mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.borrow(), 0);
        if (mapped == MAP_FAILED) return;
        read(static_cast<const char*>(mapped));
    }

    // The file is the running program, so the loader has found it sound.
    void read(const char* bytes) {
        const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(bytes);
        const std::span sections(reinterpret_cast<const ElfW(Shdr)*>(bytes + header->e_shoff),
                                 header->e_shnum);
        for (const auto& section : sections) {
            if (section.sh_type != SHT_SYMTAB) continue;
            const std::span symbols(reinterpret_cast<const ElfW(Sym)*>(bytes + section.sh_offset),
                                    section.sh_size / sizeof(ElfW(Sym)));
            const char* const names = bytes + sections[section.sh_link].sh_offset;
            for (const auto& symbol : symbols) {
                if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_size == 0) continue;
                functions_.push_back({symbol.st_value, symbol.st_size, names + symbol.st_name,
                                      ELF64_ST_BIND(symbol.st_info) != STB_WEAK});
            }
        }
        std::ranges::sort(functions_, {}, [](const Function& function) {
            return std::pair(function.start, function.is_strong);
        });
    }

    uintptr_t bias_ = 0;  // where the program is, less where its file says
    std::vector<Function> functions_;
};

std::string demangled(const char* name) {
    int status = 0;
    const std::unique_ptr<char, decltype(&free)> text(
        abi::__cxa_demangle(name, nullptr, nullptr, &status), &free);
    return status == 0 ? text.get() : name;
}

void remove_all(std::string& text, std::string_view part) {
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at))
        text.erase(at, part.size());
}

/// Takes out what stands in the brackets, and these.
std::string without(const std::string& text, char opening, char closing) {
    std::string rest;
    int depth = 0;
    for (const char c : text) {
        if (c == opening) depth++;
        if (depth == 0) rest += c;
        if (c == closing && depth > 0) depth--;
    }
    return rest;
}

bool is_telling(std::string_view function) {
    // Of references, of the standard library, of a thread's or the program's start, of sanitizers.
    static constexpr std::array<std::string_view, 14> dull = {
        "Ref::",        "make_ref",     "std::",        "Object::",      "ref_tracker::",
        "live_objects", "main",         "__gnu_cxx",    "libc.so.6+",    "_start",
        "start_thread", "__libc_start", "run_and_free", "__interceptor_"};
    return std::ranges::none_of(dull,
                                [&](std::string_view one) { return function.starts_with(one); });
}

}  // namespace

std::string short_function_name(std::string_view demangled) {
    std::string name(demangled.substr(0, demangled.find(" [clone")));
    remove_all(name, "(anonymous namespace)::");
    remove_all(name, "plugboard::");
    remove_all(name, "[abi:cxx11]");
    if (name.find("operator") == std::string::npos) {
        name = without(name, '<', '>');
    } else if (const size_t call = name.find("operator()"); call != std::string::npos) {
        name = without(name.substr(0, call), '<', '>') + "operator" + name.substr(call + 10);
    }
    name = without(name, '(', ')');
    if (name.ends_with(" const")) name.resize(name.size() - 6);
    // A template's name comes after its result's.
    if (const size_t space = name.rfind(' ');
        space != std::string::npos && name.find("operator") == std::string::npos)
        name.erase(0, space + 1);
    remove_all(name, "::{lambda#1}::operator");  // a function's only lambda is the function's own
    return name;
}

std::string function_at(const void* return_address) {
    // The call ends where it returns to: look inside it.
    const uintptr_t address = reinterpret_cast<uintptr_t>(return_address) - 1;
    if (const char* name = OwnFunctions::instance().name_at(address))
        return short_function_name(demangled(name));
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void*>(address), &info) == 0)
        return fmt::format("{}", return_address);
    if (info.dli_sname) return short_function_name(demangled(info.dli_sname));
    const std::string_view file = info.dli_fname;
    return fmt::format("{}+{:#x}", file.substr(file.rfind('/') + 1),
                       address - reinterpret_cast<uintptr_t>(info.dli_fbase));
}

std::vector<std::string> telling_functions(std::span<void* const> stack, size_t most) {
    std::vector<std::string> functions;
    for (const void* address : stack) {
        if (functions.size() == most) break;
        std::string function = function_at(address);
        if (is_telling(function)) functions.push_back(std::move(function));
    }
    return functions;
}

}  // namespace plugboard
