// Strings without a C++ runtime: what paths and variables need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace plugboard::shim {

/// A NUL-terminated string of bounded length on the stack.
template <size_t Size>
class Text {
  public:
    Text() { clear(); }
    const char* c_str() const { return text_; }
    char* data() { return text_; }
    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::string_view view() const { return {text_, size_}; }
    static constexpr size_t capacity() { return Size - 1; }

    void clear() { resize(0); }
    void resize(size_t size) {
        size_ = size;
        text_[size] = '\0';
    }
    /// False when it does not fit; nothing is added then.
    bool append(std::string_view part) {
        if (part.size() > capacity() - size_) return false;
        for (size_t i = 0; i < part.size(); i++) text_[size_ + i] = part[i];
        resize(size_ + part.size());
        return true;
    }
    /// The same, before what is there.
    bool insert_front(std::string_view part) {
        if (part.size() > capacity() - size_) return false;
        for (size_t i = size_; i-- > 0;) text_[i + part.size()] = text_[i];
        for (size_t i = 0; i < part.size(); i++) text_[i] = part[i];
        resize(size_ + part.size());
        return true;
    }
    bool append_number(uint64_t value) {
        char digits[20];
        size_t count = 0;
        do {
            digits[sizeof digits - ++count] = static_cast<char>('0' + value % 10);
            value /= 10;
        } while (value != 0);
        return append({digits + sizeof digits - count, count});
    }

  private:
    size_t size_ = 0;
    char text_[Size];
};

/// A decimal number of up to nine digits, without leading zeros.
constexpr std::optional<uint32_t> parse_number(std::string_view digits) {
    if (digits.empty() || digits.size() > 9 || (digits[0] == '0' && digits.size() > 1))
        return std::nullopt;
    uint32_t value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<uint32_t>(c - '0');
    }
    return value;
}

/// The path is the folder or below it.
constexpr bool is_below(std::string_view path, std::string_view folder) {
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

}  // namespace plugboard::shim
