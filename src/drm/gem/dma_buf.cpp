#include "drm/gem/dma_buf.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cassert>
#include <charconv>
#include <map>
#include <string_view>
#include <utility>

#include "base/labelled_pair.h"
#include "base/page.h"
#include "drm/gem/object.h"

namespace plugboard::drm::gem {
namespace {

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

// The memfd says where it comes from: "dmabuf:<board>/<number of the device>". It gives no right:
// who makes a memfd of that name and with these seals has made a buffer of memory of his own.
constexpr std::string_view memory_name = "dmabuf:";

uint64_t next_buffer_id() {
    static std::atomic<uint64_t> next{1};
    return next++;
}

uint64_t physical_memory() {
    static const uint64_t bytes = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                                  static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    return bytes;
}

Result<UniqueFd> make_memory(uint64_t size, uint64_t device) {
    constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    const std::string name = fmt::format("{}{:x}/{:x}", memory_name, own_board_id(), device);
    UniqueFd fd(memfd_create(name.c_str(), flags | MFD_NOEXEC_SEAL));
    // Linux before 6.3 does not know the flag.
    if (!fd.is_open() && errno == EINVAL) fd.reset(memfd_create(name.c_str(), flags));
    if (!fd.is_open()) return last_error() == Errno::MFile ? Errno::MFile : Errno::NoMem;
    if (ftruncate(fd.borrow(), static_cast<off_t>(size)) != 0) return Errno::NoMem;
    if (fcntl(fd.borrow(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return last_error();
    return fd;
}

std::string path_of(const UniqueFd& fd) {
    return "/proc/thread-self/fd/" + std::to_string(fd.borrow());
}

/// A description of its own: its access mode cannot be changed by whoever gets it.
Result<UniqueFd> reopen(const UniqueFd& fd, int access) {
    UniqueFd again(::open(path_of(fd).c_str(), access | O_CLOEXEC));
    if (!again.is_open()) return last_error();
    return again;
}

/// The device's number in the name of a memfd that is a buffer; 0: of another board. Nothing: it
/// is another file.
std::optional<uint64_t> device_in_name(const UniqueFd& fd) {
    std::array<char, 128> link;
    const ssize_t size = readlink(path_of(fd).c_str(), link.data(), link.size());
    if (size <= 0 || static_cast<size_t>(size) == link.size()) return std::nullopt;
    std::string_view text(link.data(), static_cast<size_t>(size));
    constexpr std::string_view start = "/memfd:", end = " (deleted)";
    if (!text.starts_with(start) || !text.ends_with(end)) return std::nullopt;
    text.remove_prefix(start.size());
    text.remove_suffix(end.size());
    if (!text.starts_with(memory_name)) return std::nullopt;
    text.remove_prefix(memory_name.size());
    uint64_t board = 0, device = 0;
    const char* const last = text.data() + text.size();
    const auto first = std::from_chars(text.data(), last, board, 16);
    if (first.ec != std::errc() || first.ptr == last || *first.ptr != '/') return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, last, device, 16);
    if (second.ec != std::errc() || second.ptr != last) return std::nullopt;
    return board == own_board_id() ? device : 0;
}

/// Memory that can be mapped and stays: a page of it never goes away under us.
bool is_lasting_memory(const UniqueFd& fd) {
    struct statfs system {};
    // Huge pages are no tmpfs, and may run out at a fault.
    if (fstatfs(fd.borrow(), &system) != 0 || system.f_type != TMPFS_MAGIC) return false;
    const int seals = fcntl(fd.borrow(), F_GET_SEALS);
    return seals >= 0 && (seals & F_SEAL_SHRINK) && !(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
}

}  // namespace

/// Live memory by its inode, which no other file has while we keep it open. Outlives all.
struct DmaBuf::Table {
    Mutex<LockClass<Table>> mutex;
    std::map<Inode, DmaBuf*> all GUARDED_BY(mutex);

    static Table& instance() {
        static Table* table = new Table;
        return *table;
    }
    MaybeRef<DmaBuf> find_locked(const Inode& inode) const REQUIRES(mutex) {
        const auto found = all.find(inode);
        if (found == all.end()) return std::nullopt;
        return Ref<DmaBuf>::try_share(*found->second);
    }
};

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

Mapping::~Mapping() {
    if (data_) munmap(data_, size_);
}

Result<Ref<DmaBuf>> DmaBuf::create(uint64_t size, uint64_t device) {
    assert(size != 0 && size % page_size == 0);
    if (size > physical_memory()) return Errno::NoMem;
    return adopt(TRY(make_memory(size, device)), device);
}

Result<Ref<DmaBuf>> DmaBuf::find(const UniqueFd& fd) {
    const int flags = fcntl(fd.borrow(), F_GETFL);
    if (flags < 0 || (flags & O_PATH)) return Errno::BadF;
    struct stat info {};
    if (fstat(fd.borrow(), &info) != 0 || !S_ISREG(info.st_mode)) return Errno::Inval;
    {
        Table& table = Table::instance();
        MutexLock lock(table.mutex);
        if (auto found = table.find_locked({info.st_dev, info.st_ino})) return *std::move(found);
    }
    const auto device = device_in_name(fd);
    if (!device || info.st_size <= 0 || !is_lasting_memory(fd)) return Errno::Inval;
    // The client's own description may be one for reading, whose mode it can change at any time.
    auto memory = reopen(fd, O_RDWR);
    if (!memory.ok()) return memory.error() == Errno::MFile ? Errno::NFile : Errno::Inval;
    return adopt(*std::move(memory), *device);
}

Result<Ref<DmaBuf>> DmaBuf::adopt(UniqueFd memory, uint64_t device) {
    struct stat info {};
    if (fstat(memory.borrow(), &info) != 0) return last_error();
    const Inode inode{info.st_dev, info.st_ino};
    const auto bytes = static_cast<uint64_t>(info.st_size);
    const uint64_t size = (bytes + page_size - 1) / page_size * page_size;
    Ref<DmaBuf> made = make_ref<DmaBuf>(std::move(memory), inode, size, device);
    Table& table = Table::instance();
    MutexLock lock(table.mutex);
    if (auto found = table.find_locked(inode)) return *std::move(found);  // somebody was faster
    table.all.insert_or_assign(inode, &*made);  // over one whose last reference has just gone
    return made;
}

DmaBuf::DmaBuf(UniqueFd memory, Inode inode, uint64_t size, uint64_t device)
    : id_(next_buffer_id()),
      memory_(std::move(memory)),
      inode_(inode),
      size_(size),
      device_(device) {}

DmaBuf::~DmaBuf() {
    Table& table = Table::instance();
    MutexLock lock(table.mutex);
    const auto found = table.all.find(inode_);
    if (found != table.all.end() && found->second == this) table.all.erase(found);
}

Result<UniqueFd> DmaBuf::open(bool writable) const {
    if (!writable) return reopen(memory_, O_RDONLY);
    UniqueFd fd(fcntl(memory_.borrow(), F_DUPFD_CLOEXEC, 0));
    if (!fd.is_open()) return last_error();
    return fd;
}

Result<std::span<std::byte>> DmaBuf::map() {
    MutexLock lock(mutex_);
    if (mapping_.bytes().empty()) {
        void* data = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                          memory_.borrow(), 0);
        if (data == MAP_FAILED) return Errno::NoMem;
        mapping_ = Mapping(data, size_);
    }
    return mapping_.bytes();
}

bool DmaBuf::is_mapped() {
    MutexLock lock(mutex_);
    return !mapping_.bytes().empty();
}

void DmaBuf::add_fence(const Ref<Fence>& fence, Usage usage) {
    reservation_.add(fence, usage);
    keep_until_signaled(*fence);
}

bool DmaBuf::add_fence_if_idle(const Ref<Fence>& fence, Usage usage, Usage upto) {
    if (!reservation_.add_if_idle(fence, usage, upto)) return false;
    keep_until_signaled(*fence);
    return true;
}

void DmaBuf::keep_until_signaled(Fence& fence) {
    fence.on_signal([self = Ref<DmaBuf>::share(*this)] { self->reservation_.note_signaled(); });
}

std::string DmaBuf::name() {
    MutexLock lock(mutex_);
    return name_;
}

void DmaBuf::set_name(std::string name) {
    MutexLock lock(mutex_);
    name_.swap(name);
}

Ref<gem::Object> DmaBuf::settle_own(Ref<gem::Object> object) {
    MutexLock lock(mutex_);
    if (own_) {
        if (auto there = Ref<gem::Object>::try_share(*own_)) return *std::move(there);
    }
    own_ = &*object;
    return object;
}

void DmaBuf::forget_own(const gem::Object& object) {
    MutexLock lock(mutex_);
    if (own_ == &object) own_ = nullptr;
}

std::string DmaBuf::label() const {
    return fmt::format("dma-buf {} ({} bytes)", id_, size_);
}

}  // namespace plugboard::drm::gem
