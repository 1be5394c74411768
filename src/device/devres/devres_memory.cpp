// Memory that a device frees by itself.
// Linux: devm_kmalloc and the functions below it in drivers/base/devres.c
#include <bit>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "device/devres/devres.h"
#include "device/devres/devres_impl.h"

namespace plugboard::device {
namespace {

/// What nobody means. Linux: KMALLOC_MAX_SIZE, a machine's property
constexpr size_t too_large = size_t{1} << 36;

/// Room for so many bytes: the allocator's next size. Linux: the kmalloc caches
size_t room_for(size_t size) {
    if (size <= 8) return 8;
    if (size > 64 && size <= 96) return 96;
    if (size > 128 && size <= 192) return 192;
    return std::bit_ceil(size);
}

}  // namespace

class Devres::Memory final : public DevresEntry {
  public:
    static constexpr const char* what = "memory";

    /// Null: no memory.
    static std::unique_ptr<Memory> make(size_t size) {
        void* bytes = size < too_large ? std::calloc(1, room_for(size)) : nullptr;
        if (!bytes) return nullptr;
        return std::unique_ptr<Memory>(new Memory(bytes, size));
    }
    ~Memory() override { std::free(bytes_); }

    static const void* kind() { return kind_of<Memory>(); }
    static Memory* from(DevresEntry* entry) { return static_cast<Memory*>(entry); }
    void* bytes() const { return bytes_; }

    /// False: no memory, and nothing has changed. The bytes may be elsewhere then.
    bool resize(size_t size) {
        const size_t room = room_for(size_);
        if (size > room) {
            void* larger = size < too_large ? std::realloc(bytes_, room_for(size)) : nullptr;
            if (!larger) return false;
            bytes_ = larger;
        }
        if (size > size_) std::memset(static_cast<char*>(bytes_) + size_, 0, size - size_);
        size_ = size;
        return true;
    }

  private:
    Memory(void* bytes, size_t size)
        : DevresEntry(what, {.kind = kind(), .data = bytes}, size), bytes_(bytes), size_(size) {}
    void release() override {}
    void* bytes_;
    size_t size_;  // as it is now
};

void* Devres::no_bytes() {
    static char nothing = 0;
    return &nothing;
}

Result<void*> Devres::alloc(size_t size) {
    if (size == 0) return no_bytes();
    auto memory = Memory::make(size);
    if (!memory) return Errno::NoMem;
    void* const bytes = memory->bytes();
    TRY(add(std::move(memory)));
    return bytes;
}

Result<void*> Devres::alloc_array(size_t count, size_t size) {
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total)) return Errno::NoMem;
    return alloc(total);
}

Result<void*> Devres::realloc(void* bytes, size_t size) {
    if (!bytes || bytes == no_bytes()) return alloc(size);
    if (size == 0) {
        TRY(free(bytes));
        return no_bytes();
    }
    MutexLock lock(impl_->mutex);
    Memory* memory = Memory::from(impl_->find_locked({Memory::kind(), bytes}));
    if (!memory) {
        lock.unlock();
        return impl_->complain(Errno::Inval, "the memory to resize is not of this device");
    }
    if (is_step_to_fail()) {
        lock.unlock();
        return fail_as_asked(Memory::what);
    }
    if (!memory->resize(size)) return Errno::NoMem;
    if (memory->bytes() != bytes) impl_->set_data_locked(*memory, memory->bytes());
    return memory->bytes();
}

Result<void> Devres::free(void* bytes) {
    if (!bytes || bytes == no_bytes()) return {};
    const auto freed = destroy({Memory::kind(), bytes});
    if (!freed.ok()) impl_->complain(freed.error(), "the memory to free is not of this device");
    return freed;
}

Result<void*> Devres::dup(const void* bytes, size_t size) {
    void* const copy = TRY(alloc(size));
    if (size > 0) std::memcpy(copy, bytes, size);
    return copy;
}

Result<char*> Devres::dup(std::string_view text) {
    auto* const copy = static_cast<char*>(TRY(alloc(text.size() + 1)));
    text.copy(copy, text.size());  // memcpy may not be given a text that is nowhere
    return copy;
}

Result<char*> Devres::printf(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char* text = nullptr;
    const int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) return errno == ENOMEM ? Errno::NoMem : Errno::Inval;
    auto copy = dup(std::string_view(text, static_cast<size_t>(length)));
    std::free(text);
    return copy;
}

}  // namespace plugboard::device
