#include "drm/quota.h"

#include "drm/request.h"

namespace plugboard::drm {

std::string_view resource_name(Resource resource) {
    constexpr std::array<std::string_view, resource_count> names{
        "files",      "buffers",    "buffer_bytes", "framebuffers", "blobs",
        "blob_bytes", "sync_files", "syncobjs",     "channels"};
    return names[static_cast<size_t>(resource)];
}

Amounts default_limits() {
    Amounts limits;
    limits[Resource::Files] = 4096;
    limits[Resource::Buffers] = 65536;
    limits[Resource::BufferBytes] = uint64_t{64} << 30;
    limits[Resource::Framebuffers] = 65536;
    limits[Resource::Blobs] = 65536;
    limits[Resource::BlobBytes] = uint64_t{1} << 30;
    limits[Resource::SyncFiles] = 16384;
    limits[Resource::Syncobjs] = 65536;
    limits[Resource::Channels] = 3072;
    return limits;
}

Charge::~Charge() {
    if (account_) account_->has_[static_cast<size_t>(resource_)] -= amount_;
}

Result<Charge> Account::charge(Resource resource, uint64_t amount) {
    std::atomic<uint64_t>& has = has_[static_cast<size_t>(resource)];
    const uint64_t limit =
        Accounts::instance().limits_[static_cast<size_t>(resource)].load(std::memory_order_relaxed);
    uint64_t now = has.load();
    do {
        if (limit != 0 && (amount > limit || now > limit - amount)) return Errno::NoMem;
    } while (!has.compare_exchange_weak(now, now + amount));
    Charge charge;
    charge.account_ = this;
    charge.resource_ = resource;
    charge.amount_ = amount;
    return charge;
}

Amounts Account::amounts() const {
    Amounts amounts;
    for (size_t i = 0; i < resource_count; i++) amounts[static_cast<Resource>(i)] = has_[i].load();
    return amounts;
}

Accounts& Accounts::instance() {
    static Accounts* accounts = new Accounts;  // outlives every charge
    return *accounts;
}

Account& Accounts::of(uint32_t user) {
    MutexLock lock(mutex_);
    return accounts_.try_emplace(user, user).first->second;
}

std::vector<std::pair<uint32_t, Amounts>> Accounts::amounts() const {
    std::vector<std::pair<uint32_t, Amounts>> all;
    MutexLock lock(mutex_);
    for (const auto& [user, account] : accounts_) {
        if (const Amounts has = account.amounts(); has != Amounts{}) all.emplace_back(user, has);
    }
    return all;
}

void Accounts::set_limits(const Amounts& limits) {
    for (size_t i = 0; i < resource_count; i++) limits_[i] = limits[static_cast<Resource>(i)];
}

Amounts Accounts::limits() const {
    Amounts limits;
    for (size_t i = 0; i < resource_count; i++) limits[static_cast<Resource>(i)] = limits_[i];
    return limits;
}

Result<Charge> charge(Request& request, Resource resource, uint64_t amount) {
    Account& account = Accounts::instance().of(request.caller().uid);
    auto charge = account.charge(resource, amount);
    if (charge.ok()) return charge;
    return request.refuse(log::Category::Core, charge.error(),
                          "user {} has {} {} and may have {} in all: no {} more", account.user(),
                          account.amounts()[resource], resource_name(resource),
                          Accounts::instance().limits()[resource], amount);
}

Result<void> expect_room(Request& request, const char* what, size_t count) {
    if (count < max_per_file) return {};
    return request.refuse(log::Category::Core, Errno::NoMem,
                          "the file has {} {}, as many as it may have", count, what);
}

}  // namespace plugboard::drm
