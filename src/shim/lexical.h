// A path taken by its letters: which of the folders that matter here it is in. No copy is made.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "shim/text.h"

namespace plugboard::shim {

/// Cuts a path into its parts, skipping "//" and "/./".
class Parts {
  public:
    constexpr explicit Parts(std::string_view path) : rest_(path) {}
    /// Empty at the end.
    constexpr std::string_view next() {
        for (;;) {
            while (rest_.starts_with('/')) rest_.remove_prefix(1);
            const std::string_view part = rest_.substr(0, rest_.find('/'));
            rest_.remove_prefix(part.size());
            if (part != ".") return part;
        }
    }

  private:
    std::string_view rest_;
};

/// The kernel takes what is before such an end for a folder, also behind a symbolic link.
constexpr bool ends_as_folder(std::string_view path) {
    return path.ends_with('/') || path == "." || path.ends_with("/.");
}

/// The parts of an absolute path, ".." resolved by its letter, of which it keeps the first few.
/// Borrows the text.
class Lexical {
  public:
    constexpr void add(std::string_view path) {
        Parts parts(path);
        for (std::string_view part = parts.next(); !part.empty(); part = parts.next()) {
            if (part != "..") {
                if (depth_ < parts_.size()) parts_[depth_] = part;
                depth_++;
                continue;
            }
            climbs_ = true;
            if (depth_ > 0) depth_--;
        }
    }
    /// There is a ".." in it: a symbolic link may lead elsewhere than the letters say.
    constexpr bool climbs() const { return climbs_; }
    /// It is the folder or below it. Of `folder` the parts may not be more than are kept.
    constexpr bool is_below(std::string_view folder) const {
        Parts wanted(folder);
        size_t i = 0;
        for (std::string_view part = wanted.next(); !part.empty(); part = wanted.next(), i++) {
            if (i >= depth_ || parts_[i] != part) return false;
        }
        return true;
    }
    /// It is in the folder, or below, by a name that starts so.
    constexpr bool has_prefix(std::string_view folder, std::string_view name) const {
        Parts wanted(folder);
        size_t i = 0;
        while (!wanted.next().empty()) i++;
        return depth_ > i && is_below(folder) && parts_[i].starts_with(name);
    }
    constexpr size_t depth() const { return depth_; }
    constexpr std::string_view part(size_t i) const { return i < depth_ ? parts_[i] : ""; }

  private:
    std::array<std::string_view, 6> parts_{};
    size_t depth_ = 0;
    bool climbs_ = false;
};

/// The fd in "/proc/self/fd/5", "/dev/fd/5" and the like.
std::optional<int> parse_fd_path(const Lexical& path);

/// The tree has, or hides, something below this folder. A path elsewhere costs a glance.
bool is_of_interest(const Lexical& path);
/// The board alone says what exists there: a host's own GPU must not leak in.
bool is_opaque(const Lexical& path);
/// A folder that lists what the host has there beside what the tree has.
bool is_union_folder(std::string_view path);

}  // namespace plugboard::shim
