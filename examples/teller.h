// What an example tells, line by line.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>

#include "base/result.h"

namespace plugboard::examples {

class Teller {
  public:
    template <class... Args>
    void say(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
        text_ += '\n';
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

template <class T>
const char* outcome(const Result<T>& result) {
    return result.ok() ? "done" : errno_name(result.error());
}

}  // namespace plugboard::examples
