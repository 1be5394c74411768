// What users have at once, and how much of it each may have, so that none takes what others need.
// Linux: RLIMIT_NOFILE and the memory cgroup bound a client there
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace plugboard::drm {

class File;
class Request;

enum class Resource : uint8_t {
    Files,        // open DRM nodes
    Buffers,      // buffer objects, imported ones too
    BufferBytes,  // of buffers that were made here
    Framebuffers,
    Blobs,
    BlobBytes,
    SyncFiles,  // and sw_sync timelines, vgem fences, eventfds, polls of dma-bufs
    Syncobjs,
    Channels,  // threads of clients that have asked the board for something
};
inline constexpr size_t resource_count = 9;
/// As in a board's configuration: "buffer_bytes".
std::string_view resource_name(Resource resource);

/// A number for each Resource.
class Amounts {
  public:
    uint64_t& operator[](Resource resource) { return all_[static_cast<size_t>(resource)]; }
    uint64_t operator[](Resource resource) const { return all_[static_cast<size_t>(resource)]; }
    bool operator==(const Amounts&) const = default;

  private:
    std::array<uint64_t, resource_count> all_{};
};

/// More than any compositor has; of one user. 0: no limit.
Amounts default_limits();

/// How many handles, framebuffers, blobs or syncobjs one open file may have, each.
inline constexpr size_t max_per_file = 65536;

class Account;

/// A part of what a user may have, given back at its end. Any thread.
class Charge {
  public:
    Charge() = default;
    Charge(Charge&& other) noexcept { *this = std::move(other); }
    Charge& operator=(Charge&& other) noexcept {
        std::swap(account_, other.account_);
        std::swap(resource_, other.resource_);
        std::swap(amount_, other.amount_);
        return *this;
    }
    ~Charge();

  private:
    friend class Account;
    Account* account_ = nullptr;
    Resource resource_{};
    uint64_t amount_ = 0;
};

/// What one user has. Lives as long as the process. Any thread.
class Account {
  public:
    explicit Account(uint32_t user) : user_(user) {}

    uint32_t user() const { return user_; }
    /// NoMem: it would be more than the limit.
    Result<Charge> charge(Resource resource, uint64_t amount = 1);
    Amounts amounts() const;

  private:
    friend class Charge;
    const uint32_t user_;
    std::array<std::atomic<uint64_t>, resource_count> has_{};
};

/// The accounts of all users of this process's devices. Any thread.
class Accounts {
  public:
    static Accounts& instance();

    Account& of(uint32_t user);
    /// Of those who have something, by user.
    std::vector<std::pair<uint32_t, Amounts>> amounts() const;

    void set_limits(const Amounts& limits);
    Amounts limits() const;

  private:
    friend class Account;
    Accounts() { set_limits(default_limits()); }

    mutable Mutex<LockClass<Accounts>> mutex_;
    std::map<uint32_t, Account> accounts_ GUARDED_BY(mutex_);
    std::array<std::atomic<uint64_t>, resource_count> limits_{};
};

/// The caller of a request is charged, or told why not.
Result<Charge> charge(Request& request, Resource resource, uint64_t amount = 1);
/// NoMem: the file's table has `count` entries, as many as it may have.
Result<void> expect_room(Request& request, const char* what, size_t count);

}  // namespace plugboard::drm
