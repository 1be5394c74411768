#include "cli/unreached.h"

#include <algorithm>
#include <fstream>
#include <string_view>
#include <utility>

namespace plugboard::cli {
namespace {

Obstacle obstacle_of_letter(char letter) {
    for (const Obstacle obstacle :
         {Obstacle::Static, Obstacle::Go, Obstacle::Musl, Obstacle::OtherLibc, Obstacle::Foreign,
          Obstacle::Setuid, Obstacle::Capabilities}) {
        if (static_cast<char>(obstacle) == letter) return obstacle;
    }
    return Obstacle::None;
}

}  // namespace

std::vector<Unreached> read_unreached(const std::string& board_directory) {
    std::vector<Unreached> programs;
    std::ifstream list(board_directory + "/unreached");
    for (std::string line; std::getline(list, line);) {
        const Obstacle obstacle = obstacle_of_letter(line.empty() ? '\0' : line[0]);
        if (obstacle == Obstacle::None || line.size() < 3 || line[1] != ' ') continue;
        Unreached program{.obstacle = obstacle, .file = line.substr(2)};
        // A terminal would take it for an order.
        std::ranges::replace_if(
            program.file, [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
        programs.push_back(std::move(program));
    }
    return programs;
}

std::vector<Unreached> unreached_since(const std::string& board_directory, size_t before) {
    std::vector<Unreached> programs;
    const auto all = read_unreached(board_directory);
    for (size_t i = before; i < all.size(); ++i) {
        if (std::find(programs.begin(), programs.end(), all[i]) == programs.end())
            programs.push_back(all[i]);
    }
    return programs;
}

}  // namespace plugboard::cli
