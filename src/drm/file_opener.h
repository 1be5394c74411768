// Opens files that a request gives to its caller: those of lessees.
// Linux: fs/file_table.c, alloc_file_clone
#pragma once

#include "base/ref.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "drm/file.h"

namespace plugboard::drm {

struct OpenedFile {
    Ref<File> file;
    UniqueFd fd;  // for the client; the file is released after its last copy
};

/// Implemented by whoever turns files into descriptors. On the request's thread.
class FileOpener {
  public:
    /// Errors of File::open; NFile, NoMem.
    virtual Result<OpenedFile> open_file(Device& device, OpenInfo info) = 0;

  protected:
    ~FileOpener() = default;
};

}  // namespace plugboard::drm
