#include "cli/graph_file.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "cli/failure.h"
#include "cli/process.h"

namespace plugboard::cli {
namespace {

/// The descriptor as a file that a child can open.
std::string path_of(int descriptor) {
    return fmt::format("/proc/self/fd/{}", descriptor);
}

bool is_drawing(const std::string& file) {
    return std::filesystem::path(file).extension() == ".svg";
}

void draw(const std::string& file, int source) {
    const auto dot = spawn({.command = {"dot", "-Tsvg", "-o", file, path_of(source)},
                            .environment = {{"LD_PRELOAD", ""}},  // it is no client of the board
                            .kept_fd = source});
    if (dot.failure) {
        throw Failure(
            fmt::format("{} cannot be drawn: the program dot is not installed", file),
            fmt::format("apt install graphviz (Debian); or write {} and draw it elsewhere",
                        std::filesystem::path(file).replace_extension(".dot").string()));
    }
    int status = 0;
    while (waitpid(dot.child.pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (shell_status(status) != 0) {
        throw Failure(fmt::format("{} was not drawn by dot: {}", file, describe_end(status)),
                      "check the folder and its space; dot has said why above");
    }
}

void copy(const std::string& file, int source) {
    std::ifstream from(path_of(source), std::ios::binary);
    std::ofstream to(file, std::ios::binary | std::ios::trunc);
    to << from.rdbuf();
    to.close();
    if (!from || !to)
        throw Failure(fmt::format("{} cannot be written", file), "check the folder and its space");
}

}  // namespace

std::string graph_format(const std::string& file) {
    static constexpr std::array<std::pair<const char*, const char*>, 4> formats = {
        {{".svg", "dot"}, {".dot", "dot"}, {".gv", "dot"}, {".json", "json"}}};
    const std::string extension = std::filesystem::path(file).extension();
    for (const auto& [known, format] : formats)
        if (extension == known) return format;
    throw Failure(fmt::format("{}: a graph is not written to files of that name", file),
                  "end it in .svg (drawn by Graphviz), .dot, .gv or .json");
}

void write_graph(const std::string& file, int source) {
    if (is_drawing(file)) {
        draw(file, source);
    } else {
        copy(file, source);
    }
}

}  // namespace plugboard::cli
