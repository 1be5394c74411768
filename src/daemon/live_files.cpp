#include "daemon/live_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace plugboard::daemon {
namespace {

/// An attribute that a client has open for writing.
class WritableFile final : public drm::SpecialFile {
  public:
    explicit WritableFile(std::function<Result<void>(std::string_view)> store)
        : store_(std::move(store)) {}

    FdKind kind() const override { return FdKind::Attribute; }
    Result<int> ioctl(drm::Request&, uint32_t, uapi::UserAddress) override { return Errno::NoTty; }
    Result<size_t> write(std::span<const std::byte> bytes) override {
        const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        TRY(store_(text));
        return bytes.size();
    }
    std::string label() const override { return "attribute file"; }
    void visit_refs(RefVisitor&) const override {}

  private:
    const std::function<Result<void>(std::string_view)> store_;
};

Result<UniqueFd> snapshot(std::string_view text) {
    UniqueFd memory(memfd_create("plugboard-file", MFD_CLOEXEC));
    if (!memory.is_open()) return last_error();
    while (!text.empty()) {
        const ssize_t count = ::write(memory.borrow(), text.data(), text.size());
        if (count < 0) return last_error();
        text.remove_prefix(static_cast<size_t>(count));
    }
    // Opened anew, so that the client can neither write nor starts at the end.
    UniqueFd readable(
        ::open(fmt::format("/proc/self/fd/{}", memory.borrow()).c_str(), O_RDONLY | O_CLOEXEC));
    if (!readable.is_open()) return last_error();
    return readable;
}

bool allows(const LiveFile& file, int flags) {
    const int access = flags & O_ACCMODE;
    if (access != O_WRONLY && (file.mode & 0444) == 0) return false;
    return access == O_RDONLY || (file.mode & 0222) != 0;
}

}  // namespace

LiveFiles::~LiveFiles() {
    close_all();
}

Result<UniqueFd> LiveFiles::open(const LiveFile& file, int flags) {
    if (!allows(file, flags)) return Errno::Access;
    if (file.open) return file.open(flags);
    if ((flags & O_ACCMODE) != O_RDONLY) return open_for_writing(file, flags);
    return snapshot(file.show ? TRY(file.show()) : std::string());
}

Result<UniqueFd> LiveFiles::open_for_writing(const LiveFile& file, int flags) {
    if (!file.store) return Errno::Access;
    std::string content;
    if ((flags & O_ACCMODE) == O_RDWR && file.show) content = TRY(file.show());

    uint64_t number = 0;
    {
        MutexLock lock(mutex_);
        number = next_++;
    }
    auto pair = TRY(make_labelled_pair(
        {.kind = FdKind::Attribute, .board = own_board_id(), .number = number}, PairType::Stream));
    if (!content.empty() &&
        send(pair.ours.borrow(), content.data(), content.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return last_error();
    shutdown(pair.ours.borrow(), SHUT_WR);  // read() ends there

    const int ours = pair.ours.borrow();
    {
        MutexLock lock(mutex_);
        open_.emplace(number, Open{.ours = std::move(pair.ours),
                                   .file = make_ref<WritableFile>(file.store)});
    }
    if (auto watched = hangups_.add(ours, [this, number] { closed(number); }); !watched.ok()) {
        closed(number);
        return watched.error();
    }
    return std::move(pair.theirs);
}

void LiveFiles::closed(uint64_t number) {
    std::map<uint64_t, Open>::node_type node;
    {
        MutexLock lock(mutex_);
        node = open_.extract(number);
    }
    if (!node.empty()) hangups_.remove(node.mapped().ours.borrow());
}

MaybeRef<drm::SpecialFile> LiveFiles::find(uint64_t number) const {
    MutexLock lock(mutex_);
    const auto it = open_.find(number);
    if (it == open_.end()) return std::nullopt;
    return it->second.file;
}

void LiveFiles::close_all() {
    for (;;) {
        uint64_t number = 0;
        {
            MutexLock lock(mutex_);
            if (open_.empty()) return;
            number = open_.begin()->first;
        }
        closed(number);
    }
}

}  // namespace plugboard::daemon
