// A program that is about to be started from here: what its file needs so that the shim reaches it.
#pragma once

#include <cstddef>

#include "base/program_file.h"
#include "shim/environment.h"

namespace plugboard::shim {

/// How the file is given to the kernel.
enum class Given {
    Path,        // as execve() takes it
    Name,        // as execvp() takes it: PATH is searched
    Descriptor,  // a path of /proc/self/fd, which nobody can open after the exec
};

/// Bytes of the longest path that NewProgram may look at for a file that is given so.
size_t room_for_search(const char* file, Given given);

/// Lives on the stack of the call, which may be a signal's. What stands in the way is noted in the
/// board's folder, for `plugboard run` to say.
class NewProgram {
  public:
    /// Borrows all until it goes. `room`: of room_for_search().
    NewProgram(const char* file, Given given, char* const* arguments, char* room);

    Preload preload() const;
    /// Its loader is to be started in its place: by itself the program would be without the shim.
    bool is_by_loader() const { return is_by_loader_; }
    const char* loader() const { return program_.interpreter.data(); }
    /// Bytes that fill() needs, aligned for a pointer.
    size_t room() const;
    /// The loader's arguments, made in `room`.
    char* const* fill(void* room) const;

  private:
    bool search_path(const char* name, char* room);
    [[gnu::noinline]] void read(const char* file);
    [[gnu::noinline]] static void note(Obstacle obstacle, const char* file);

    char* const* const arguments_;
    const char* path_ = nullptr;
    ProgramFile program_;  // the last of a chain of scripts and interpreters
    bool is_by_loader_ = false;
};

}  // namespace plugboard::shim
