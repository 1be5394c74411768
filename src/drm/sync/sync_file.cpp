#include "drm/sync/sync_file.h"

#include <fmt/format.h>
#include <linux/sync_file.h>
#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>
#include <utility>

#include "drm/descriptor_ioctls.h"
#include "drm/sync/fence_array.h"

namespace plugboard::drm {
namespace {

/// A name as the uAPI structs take it: cut so that a zero ends it.
template <size_t size>
void copy_name(char (&to)[size], std::string_view name) {
    std::memset(to, 0, size);
    std::memcpy(to, name.data(), std::min(name.size(), size - 1));
}

/// A descriptor that a client holds of a fence. Linux: struct sync_file
class SyncFile final : public SpecialFile {
  public:
    SyncFile(SpecialFiles& files, uint64_t number, UniqueFd ours, Ref<Fence> fence,
             std::string name)
        : files_(files),
          number_(number),
          ours_(std::move(ours)),
          fence_(std::move(fence)),
          name_(std::move(name)) {}

    /// Makes the client's end readable once the fence is signalled.
    void start() {
        const uint64_t callback =
            fence_->on_signal([self = Ref<SyncFile>::share(*this)] { self->make_readable(); });
        MutexLock lock(mutex_);
        callback_ = callback;
    }
    /// The last copy is closed. Breaks the loop of fence and file.
    void stop() {
        uint64_t callback = 0;
        {
            MutexLock lock(mutex_);
            callback = callback_;
        }
        if (callback) fence_->remove_callback(callback);
    }

    const Ref<Fence>& fence() const { return fence_; }

    FdKind kind() const override { return FdKind::SyncFile; }
    Result<int> ioctl(Request& request, uint32_t command, uapi::UserAddress argument) override;
    Result<size_t> write(std::span<const std::byte>) override { return Errno::Inval; }

    std::string label() const override { return fmt::format("sync_file {}", number_); }
    void visit_refs(RefVisitor& visitor) const override { visitor.edge(fence_, "sync_file.fence"); }

  private:
    template <class T, class... Args>
    friend Ref<T> plugboard::make_ref(Args&&... args);
    ~SyncFile() override = default;

    void make_readable() {
        const char byte = 1;
        (void)::send(ours_.borrow(), &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    Result<void> merge_with(Request& request, uapi::UserAddress argument);
    Result<void> file_info(Request& request, uapi::UserAddress argument);
    Result<void> set_deadline(Request& request, uapi::UserAddress argument);

    SpecialFiles& files_;
    const uint64_t number_;
    const UniqueFd ours_;
    const Ref<Fence> fence_;
    const std::string name_;  // empty: the fence's
    Mutex<LockClass<SyncFile>> mutex_;
    uint64_t callback_ GUARDED_BY(mutex_) = 0;
};

Result<int> SyncFile::ioctl(Request& request, uint32_t command, uapi::UserAddress argument) {
    Result<void> done;
    switch (command) {
        case SYNC_IOC_MERGE: done = merge_with(request, argument); break;
        case SYNC_IOC_FILE_INFO: done = file_info(request, argument); break;
        case sync_set_deadline: done = set_deadline(request, argument); break;
        default:
            return request.refuse(core, Errno::NoTty, "0x{:x} is no ioctl of a sync_file", command);
    }
    TRY(request.name_fault(core, done));
    return 0;
}

/// Linux takes the new descriptor's number before it looks at anything.
Result<void> SyncFile::merge_with(Request& request, uapi::UserAddress argument) {
    uapi::UserMemory& memory = request.memory();
    auto data = memory.read_value<sync_merge_data>(argument);
    if (!data.ok()) {
        TRY(request.expect_free_fd());
        return data.error();
    }
    if (data->flags || data->pad) {
        TRY(request.expect_free_fd());
        return request.refuse(core, Errno::Inval, "SYNC_IOC_MERGE: flags {} and pad {} must be 0",
                              data->flags, data->pad);
    }
    const auto fd = memory.take_fd(data->fd2);
    const auto other = fd.ok() ? files_.import_fence(*fd) : Result<Ref<Fence>>(fd.error());
    if (!other.ok()) {
        TRY(request.expect_free_fd());
        return request.refuse(core, Errno::NoEnt, "SYNC_IOC_MERGE: fd2 {} is not a sync_file",
                              data->fd2);
    }
    std::string name(data->name, strnlen(data->name, sizeof data->name));
    auto charge = TRY(drm::charge(request, Resource::SyncFiles));
    auto merged = files_.export_fence(merge(std::vector<Ref<Fence>>{fence_, *other}),
                                      std::move(charge), std::move(name));
    const auto number =
        merged.ok() ? memory.install_fd(*std::move(merged), uapi::OnExec::Close) : merged.error();
    if (!number.ok())
        return request.refuse(core, number.error(), "SYNC_IOC_MERGE: no free descriptor");
    data->fence = *number;
    return memory.write_value(argument, *data);
}

sync_fence_info info_of(const Fence& leaf) {
    sync_fence_info info{};
    copy_name(info.obj_name, leaf.timeline_name());
    copy_name(info.driver_name, leaf.driver_name());
    info.status = leaf.status();
    if (info.status != 0)
        info.timestamp_ns = static_cast<uint64_t>(leaf.timestamp().time_since_epoch().count());
    return info;
}

Result<void> SyncFile::file_info(Request& request, uapi::UserAddress argument) {
    uapi::UserMemory& memory = request.memory();
    auto info = TRY(memory.read_value<sync_file_info>(argument));
    if (info.flags || info.pad)
        return request.refuse(core, Errno::Inval,
                              "SYNC_IOC_FILE_INFO: flags {} and pad {} must be 0", info.flags,
                              info.pad);
    const std::vector<Ref<Fence>> fences = leaves(fence_);
    if (info.num_fences == 0) {
        info.status = fence_->status();
    } else {
        if (info.num_fences < fences.size())
            return request.refuse(core, Errno::Inval,
                                  "SYNC_IOC_FILE_INFO: num_fences {}, but it has {}",
                                  info.num_fences, fences.size());
        info.status = 1;
        std::vector<sync_fence_info> infos;
        for (const Ref<Fence>& fence : fences) {
            infos.push_back(info_of(*fence));
            if (info.status > 0) info.status = infos.back().status;
        }
        TRY(memory.write(uapi::UserAddress{info.sync_fence_info}, std::as_bytes(std::span(infos))));
    }
    copy_name(info.name, name_.empty() ? sync_file_name(*fence_) : name_);
    info.num_fences = static_cast<uint32_t>(fences.size());
    return memory.write_value(argument, info);
}

Result<void> SyncFile::set_deadline(Request& request, uapi::UserAddress argument) {
    const auto data = TRY(request.memory().read_value<SyncSetDeadline>(argument));
    if (data.pad)
        return request.refuse(core, Errno::Inval, "SYNC_IOC_SET_DEADLINE: pad {} must be 0",
                              data.pad);
    fence_->set_deadline_ns(data.deadline_ns);
    return {};
}

}  // namespace

std::string sync_file_name(const Fence& fence) {
    return fmt::format("{}-{}{}-{}", fence.driver_name(), fence.timeline_name(),
                       static_cast<uint64_t>(fence.info().context), fence.info().seqno);
}

struct SpecialFiles::Entry {
    FdKind kind;
    uint64_t cookie = 0;
    int fd = -1;  // our end; the file owns it
    Ref<SpecialFile> file;
    std::function<void(SpecialFile&)> on_close;
    Charge charge;
};

SpecialFiles::SpecialFiles(device::Model& model) : clock_(model.clock()) {}

SpecialFiles::~SpecialFiles() {
    for (;;) {
        uint64_t number = 0;
        {
            MutexLock lock(mutex_);
            if (entries_.empty()) return;
            number = entries_.begin()->first;
        }
        close(number);
    }
}

void SpecialFiles::close(uint64_t number) {
    std::optional<Entry> entry;
    {
        MutexLock lock(mutex_);
        const auto found = entries_.find(number);
        if (found == entries_.end()) return;
        by_cookie_.erase(found->second.cookie);
        entry.emplace(std::move(found->second));
        entries_.erase(found);
    }
    watch_.remove(entry->fd);
    if (entry->on_close) entry->on_close(*entry->file);
}

Result<UniqueFd> SpecialFiles::add(
    FdKind kind, PairType type,
    const std::function<Ref<SpecialFile>(uint64_t number, UniqueFd ours)>& make,
    std::function<void(SpecialFile&)> on_close, Charge charge) {
    uint64_t number = 0;
    {
        MutexLock lock(mutex_);
        number = next_++;
    }
    LabelledPair pair =
        TRY(make_labelled_pair({.kind = kind, .board = own_board_id(), .number = number}, type));
    if (type == PairType::Datagrams) TRY(HangupWatch::mark_other_end(pair.theirs.borrow()));
    const int fd = pair.ours.borrow();
    Ref<SpecialFile> file = make(number, std::move(pair.ours));
    {
        MutexLock lock(mutex_);
        by_cookie_.emplace(pair.cookie, number);
        entries_.emplace(
            number, Entry{kind, pair.cookie, fd, file, std::move(on_close), std::move(charge)});
    }
    if (auto watched = watch_.add(fd, [this, number] { close(number); }); !watched.ok()) {
        close(number);
        return watched.error();
    }
    return std::move(pair.theirs);
}

Result<UniqueFd> SpecialFiles::export_fence(Ref<Fence> fence, Charge charge, std::string name) {
    MaybeRef<SyncFile> made;
    UniqueFd theirs = TRY(add(
        FdKind::SyncFile, PairType::Stream,
        [&](uint64_t number, UniqueFd ours) -> Ref<SpecialFile> {
            made = make_ref<SyncFile>(*this, number, std::move(ours), std::move(fence),
                                      std::move(name));
            return *made;
        },
        [](SpecialFile& file) { static_cast<SyncFile&>(file).stop(); }, std::move(charge)));
    (*made)->start();
    return theirs;
}

Result<Ref<Fence>> SpecialFiles::import_fence(const UniqueFd& fd) {
    const MaybeRef<SpecialFile> file = find(fd);
    if (!file || (*file)->kind() != FdKind::SyncFile) return Errno::Inval;
    return static_cast<SyncFile&>(**file).fence();
}

MaybeRef<SpecialFile> SpecialFiles::find(FdKind kind, uint64_t number) const {
    MutexLock lock(mutex_);
    const auto found = entries_.find(number);
    if (found == entries_.end() || found->second.kind != kind) return std::nullopt;
    return found->second.file;
}

MaybeRef<SpecialFile> SpecialFiles::find(const UniqueFd& fd) const {
    const auto cookie = socket_cookie(fd.borrow());
    if (!cookie) return std::nullopt;
    MutexLock lock(mutex_);
    const auto number = by_cookie_.find(*cookie);
    if (number == by_cookie_.end()) return std::nullopt;
    return entries_.at(number->second).file;
}

std::vector<Ref<SpecialFile>> SpecialFiles::all(FdKind kind) const {
    std::vector<Ref<SpecialFile>> files;
    MutexLock lock(mutex_);
    for (const auto& [number, entry] : entries_) {
        if (entry.kind == kind) files.push_back(entry.file);
    }
    return files;
}

size_t SpecialFiles::size() const {
    MutexLock lock(mutex_);
    return entries_.size();
}

}  // namespace plugboard::drm
