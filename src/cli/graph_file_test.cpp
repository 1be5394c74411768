#include "cli/graph_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "cli/failure.h"
#include "tests/support/temporary_folder.h"

namespace plugboard::cli {
namespace {

constexpr std::string_view source = "digraph references { a -> b; }\n";

UniqueFd memory() {
    UniqueFd fd(memfd_create("graph", MFD_CLOEXEC));
    EXPECT_EQ(write(fd.borrow(), source.data(), source.size()),
              static_cast<ssize_t>(source.size()));
    return fd;
}

std::string text_of(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST(GraphFile, name_says_the_format) {
    EXPECT_EQ(graph_format("a/b.svg"), "dot");
    EXPECT_EQ(graph_format("b.dot"), "dot");
    EXPECT_EQ(graph_format("b.gv"), "dot");
    EXPECT_EQ(graph_format("b.json"), "json");
    for (const char* file : {"b.png", "b", "svg", ".svg"})
        EXPECT_THROW(graph_format(file), Failure);
}

TEST(GraphFile, source_is_written_as_it_is) {
    const tests::TemporaryFolder folder;
    const std::string file = folder.path() + "/refs.dot";
    write_graph(file, memory().borrow());
    EXPECT_EQ(text_of(file), source);
}

TEST(GraphFile, folder_that_is_not_there_is_named) {
    const tests::TemporaryFolder folder;
    try {
        write_graph(folder.path() + "/none/refs.dot", memory().borrow());
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_NE(std::string(failure.what()).find("refs.dot cannot be written"),
                  std::string::npos);
        EXPECT_NE(failure.remedy(), "");
    }
}

/// The search path is another for a while.
class Path {
  public:
    explicit Path(const std::string& value) : before_(getenv("PATH")) { set(value); }
    ~Path() { set(before_); }

  private:
    // One thread only.
    static void set(const std::string& value) {
        setenv("PATH", value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    }
    const std::string before_;
};

TEST(GraphFile, drawing_without_graphviz_names_its_package_and_another_way) {
    const tests::TemporaryFolder folder;
    const Path path(folder.path());
    try {
        write_graph(folder.path() + "/refs.svg", memory().borrow());
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_NE(std::string(failure.what()).find("dot is not installed"), std::string::npos);
        EXPECT_NE(failure.remedy().find("apt install graphviz"), std::string::npos);
        EXPECT_NE(failure.remedy().find("refs.dot"), std::string::npos);
    }
    EXPECT_FALSE(std::filesystem::exists(folder.path() + "/refs.svg"));
}

/// A program named dot in a folder of its own, with the text after its first line.
void make_dot(const tests::TemporaryFolder& folder, const std::string& script) {
    const std::string file = folder.path() + "/dot";
    std::ofstream(file) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
}

TEST(GraphFile, drawing_gives_dot_the_source_and_the_files_name) {
    const tests::TemporaryFolder folder;
    make_dot(folder, R"([ "$1 $2" = "-Tsvg -o" ] && { echo "<svg/>"; cat "$4"; } > "$3")");
    const Path path(folder.path() + ":/usr/bin:/bin");
    write_graph(folder.path() + "/refs.svg", memory().borrow());
    EXPECT_EQ(text_of(folder.path() + "/refs.svg"), "<svg/>\n" + std::string(source));
}

TEST(GraphFile, dot_that_fails_is_an_error) {
    const tests::TemporaryFolder folder;
    make_dot(folder, "exit 3");
    const Path path(folder.path() + ":/usr/bin:/bin");
    try {
        write_graph(folder.path() + "/refs.svg", memory().borrow());
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_NE(std::string(failure.what()).find("ended with status 3"), std::string::npos)
            << failure.what();
    }
}

}  // namespace
}  // namespace plugboard::cli
