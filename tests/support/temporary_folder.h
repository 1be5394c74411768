// A folder of a test's own.
#pragma once

#include <string>

namespace plugboard::tests {

/// An empty folder that only its owner may use; removed with all that is in it when this goes.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    /// Without a slash at its end.
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace plugboard::tests
