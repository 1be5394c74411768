#include "drm/gem/object.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <map>
#include <utility>

namespace plugboard::drm::gem {
namespace {

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

constexpr uint64_t page_size = 4096;
// Linux: DRM_FILE_PAGE_OFFSET_START, so that no offset is mistaken for one of 32 bits
constexpr uint64_t first_offset = uint64_t{1} << 32;

uint64_t next_id() {
    static std::atomic<uint64_t> next{1};
    return next++;
}

uint64_t next_offset(uint64_t size) {
    static std::atomic<uint64_t> next{first_offset};
    return next.fetch_add((size + page_size - 1) / page_size * page_size);
}

/// Every live object by its offset. Outlives all objects.
struct OffsetTable {
    Mutex<LockClass<OffsetTable>> mutex;
    std::map<uint64_t, Object*> objects GUARDED_BY(mutex);

    static OffsetTable& instance() {
        static OffsetTable* table = new OffsetTable;
        return *table;
    }
};

uint64_t physical_memory() {
    static const uint64_t bytes = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                                  static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    return bytes;
}

Result<UniqueFd> make_memory(uint64_t size) {
    constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    UniqueFd fd(memfd_create("drm buffer", flags | MFD_NOEXEC_SEAL));
    // Linux before 6.3 does not know the flag.
    if (!fd.is_open() && errno == EINVAL) fd.reset(memfd_create("drm buffer", flags));
    if (!fd.is_open()) return last_error() == Errno::MFile ? Errno::MFile : Errno::NoMem;
    if (ftruncate(fd.borrow(), static_cast<off_t>(size)) != 0) return Errno::NoMem;
    if (fcntl(fd.borrow(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return last_error();
    return fd;
}

}  // namespace

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

Result<Ref<Object>> Object::create(uint64_t size, uint64_t device) {
    assert(size != 0 && size % page_size == 0);
    if (size > physical_memory()) return Errno::NoMem;
    UniqueFd memory = TRY(make_memory(size));
    Ref<Object> object = make_ref<Object>(std::move(memory), size, device);
    OffsetTable& table = OffsetTable::instance();
    MutexLock lock(table.mutex);
    table.objects.emplace(object->map_offset(), &*object);
    return object;
}

Object::Object(UniqueFd memory, uint64_t size, uint64_t device)
    : id_(next_id()),
      memory_(std::move(memory)),
      size_(size),
      device_(device),
      map_offset_(next_offset(size)) {}

Object::~Object() {
    OffsetTable& table = OffsetTable::instance();
    MutexLock lock(table.mutex);
    table.objects.erase(map_offset_);
}

MaybeRef<Object> Object::find(uint64_t map_offset) {
    OffsetTable& table = OffsetTable::instance();
    MutexLock lock(table.mutex);
    const auto found = table.objects.find(map_offset);
    if (found == table.objects.end()) return std::nullopt;
    return Ref<Object>::try_share(*found->second);
}

uint64_t Object::map_offset() const {
    return map_offset_;
}

Result<UniqueFd> Object::export_memory(bool writable) const {
    if (writable) {
        UniqueFd fd(fcntl(memory_.borrow(), F_DUPFD_CLOEXEC, 0));
        if (!fd.is_open()) return last_error();
        return fd;
    }
    // A description of its own: its access mode cannot be changed by whoever gets it.
    const std::string path = "/proc/self/fd/" + std::to_string(memory_.borrow());
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.is_open()) return last_error();
    return fd;
}

Result<std::span<std::byte>> Object::map() {
    MutexLock lock(mutex_);
    if (mapping_.bytes().empty()) {
        void* data = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, memory_.borrow(), 0);
        if (data == MAP_FAILED) return Errno::NoMem;
        mapping_ = Mapping(data, size_);
    }
    return mapping_.bytes();
}

bool Object::is_mapped() {
    MutexLock lock(mutex_);
    return !mapping_.bytes().empty();
}

std::string Object::label() const {
    return "buffer " + std::to_string(id_) + " (" + std::to_string(size_) + " bytes)";
}

}  // namespace plugboard::drm::gem
