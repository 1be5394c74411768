#include "base/stack_names.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace plugboard {
namespace {

/// No other file sees it, so only the program's own symbol table has its name.
[[gnu::noinline]] std::vector<std::string> stack_of_this_function(size_t most) {
    std::array<void*, 16> frames{};
    const int depth = backtrace(frames.data(), static_cast<int>(frames.size()));
    return telling_functions(std::span(frames).first(static_cast<size_t>(depth)), most);
}

TEST(StackNames, innermost_function_comes_first) {
    EXPECT_EQ(stack_of_this_function(1), std::vector<std::string>{"stack_of_this_function"});
    const auto all = stack_of_this_function(16);
    EXPECT_EQ(std::ranges::find(all, "main"), all.end()) << "every stack has it";
}

TEST(StackNames, function_of_another_library_has_its_name_too) {
    const void* const start = dlsym(RTLD_DEFAULT, "lfind");
    ASSERT_NE(start, nullptr);
    EXPECT_EQ(function_at(static_cast<const char*>(start) + 1), "lfind");
}

TEST(StackNames, names_are_short) {
    const struct {
        const char *whole, *short_name;
    } rows[] = {
        {"plugboard::drm::File::open(int) const", "drm::File::open"},
        {"plugboard::daemon::(anonymous namespace)::explain(std::basic_string<char> const&)",
         "daemon::explain"},
        {"plugboard::Result<plugboard::Ref<plugboard::drm::Device> > "
         "plugboard::drm::make<int>(int)",
         "drm::make"},
        {"plugboard::drm::create(int)::{lambda(plugboard::Device&)#1}::operator()(plugboard::"
         "Device&)"
         " const",
         "drm::create"},
        {"plugboard::drm::create(int) [clone .part.0]", "drm::create"},
        {"plugboard::operator==(plugboard::A const&, plugboard::A const&)", "operator=="},
        {"plugboard::label[abi:cxx11](int)", "label"},
        {"main", "main"},
    };
    for (const auto& row : rows) EXPECT_EQ(short_function_name(row.whole), row.short_name);
}

}  // namespace
}  // namespace plugboard
