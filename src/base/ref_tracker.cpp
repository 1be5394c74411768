#include "base/ref_tracker.h"

#include <execinfo.h>

#include <mutex>
#include <unordered_map>
#include <utility>

namespace plugboard::ref_tracker {
namespace {

/// Records by the address of their Ref, in parts so that threads seldom meet. The mutexes are
/// leaves that may be taken with any lock held, so they have no class.
class Records {
  public:
    static Records& instance() {
        static Records* records = new Records;  // outlives every reference
        return *records;
    }

    void add(const Record& record) {
        Part& part = part_of(record.ref);
        const std::lock_guard lock(part.mutex);
        if (is_on()) part.records.insert_or_assign(record.ref, record);  // not after clear()
    }
    std::optional<Record> take(const void* ref) {
        Part& part = part_of(ref);
        const std::lock_guard lock(part.mutex);
        const auto found = part.records.find(ref);
        if (found == part.records.end()) return std::nullopt;
        const Record record = found->second;
        part.records.erase(found);
        return record;
    }
    void put(std::optional<Record> record, const void* ref) {
        if (!record) return;
        record->ref = ref;
        add(*record);
    }
    void clear() {
        for (Part& part : parts_) {
            const std::lock_guard lock(part.mutex);
            part.records.clear();
        }
    }
    std::vector<Record> all() {
        std::vector<Record> records;
        for (Part& part : parts_) {
            const std::lock_guard lock(part.mutex);
            for (const auto& [ref, record] : part.records) records.push_back(record);
        }
        return records;
    }

  private:
    static constexpr size_t part_count = 64;
    struct alignas(64) Part {
        std::mutex mutex;
        std::unordered_map<const void*, Record> records;
    };
    Part& part_of(const void* ref) {
        return parts_[(reinterpret_cast<uintptr_t>(ref) >> 4) % part_count];
    }
    std::array<Part, part_count> parts_;
};

Nanos monotonic() {
    return std::chrono::steady_clock::now().time_since_epoch();
}

std::atomic<Now> clock_function{monotonic};
thread_local bool is_unrecorded = false;

}  // namespace

void switch_on() {
    switch_on(monotonic);
}

void switch_on(Now now) {
    // The first backtrace() of a process loads the unwinder, which allocates.
    std::array<void*, 2> frames{};
    (void)backtrace(frames.data(), static_cast<int>(frames.size()));
    clock_function = now;
    internal::enabled = true;
}

void switch_off() {
    internal::enabled = false;
    Records::instance().clear();
}

std::optional<Snapshot> snapshot() {
    if (!is_on()) return std::nullopt;
    std::vector<Record> records = Records::instance().all();
    return Snapshot{.now = clock_function.load()(), .records = std::move(records)};
}

Unrecorded::Unrecorded() : before_(std::exchange(is_unrecorded, true)) {}

Unrecorded::~Unrecorded() {
    is_unrecorded = before_;
}

void note_taken(const void* ref, const Object& object) noexcept {
    if (is_unrecorded) return;
    Record record{.ref = ref, .object = &object, .when = clock_function.load()()};
    const int depth = backtrace(record.frames.data(), static_cast<int>(record.frames.size()));
    record.depth = static_cast<size_t>(depth);
    Records::instance().add(record);
}

void note_moved(const void* from, const void* to) noexcept {
    Records& records = Records::instance();
    records.put(records.take(from), to);
}

void note_swapped(const void* a, const void* b) noexcept {
    Records& records = Records::instance();
    const auto of_a = records.take(a), of_b = records.take(b);
    records.put(of_a, b);
    records.put(of_b, a);
}

void note_dropped(const void* ref) noexcept {
    (void)Records::instance().take(ref);
}

}  // namespace plugboard::ref_tracker
