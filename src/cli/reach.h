// How a command will be reached by the preload library: through which files it is started, what
// stands in the way, and what to start instead.
#pragma once

#include <string>
#include <vector>

#include "base/program_file.h"

namespace plugboard::cli {

struct Reach {
    enum class Way {
        Preload,   // the loader loads the library as LD_PRELOAD says
        Loader,    // the program's loader is started in its place: its capabilities would switch
                   // LD_PRELOAD off
        Partly,    // what its runtime does by itself is not seen
        NotAtAll,  // it may start programs that are reached
        Refused,   // starting it would leave the run
        NotFound,
    };
    Way way = Way::Preload;
    std::vector<std::string> files;    // the command, its interpreters, ... to the last program
    std::vector<std::string> command;  // what to start: the loader and its options, or as given
    bool takes_no_library = false;     // the shim would end it: it is made for another libc
    std::string sanitizer;             // comes first in LD_PRELOAD: the program is built with it
    std::string obstacle;  // what is in the way, a sentence's first half: it has a file's name
    std::string remedy;
};

/// Of a command that PATH finds, as this process's user. Follows #! lines, and `env`.
Reach find_reach(const std::vector<std::string>& command, const std::string& shim);

/// LD_PRELOAD for it: the sanitizer, the shim, what the caller has there. Empty: none.
std::string preload_words(const Reach& reach, const std::string& shim, const std::string& others);

/// Says what is not as a user would expect. Throws Failure (125): it is refused.
void announce(const Reach& reach);

/// "<file> is statically linked: ...", and what to do about it.
std::string describe(Obstacle obstacle, const std::string& file);
std::string remedy_of(Obstacle obstacle);

}  // namespace plugboard::cli
