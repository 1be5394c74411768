#include "daemon/kernfs/live_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "base/labelled_pair.h"
#include "base/log.h"
#include "base/text_end.h"
#include "drm/sync/sync_file.h"

namespace plugboard::daemon {
namespace {

/// A file that a client has open for writing. What is written past the shim takes effect at the
/// close, with its error in the log only.
class WritableFile final : public drm::SpecialFile {
  public:
    WritableFile(UniqueFd ours, std::function<Result<void>(std::string_view)> store)
        : end_(std::move(ours)), store_(std::move(store)) {}

    FdKind kind() const override { return FdKind::Attribute; }
    Result<int> ioctl(drm::Request&, uint32_t, uapi::UserAddress) override { return Errno::NoTty; }
    Result<size_t> write(std::span<const std::byte> bytes) override {
        const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        TRY(store_(text));
        return bytes.size();
    }
    std::string label() const override { return "attribute file"; }
    void visit_refs(RefVisitor&) const override {}

    TextEnd& end() { return end_; }
    void store_late(const std::string& text) const {
        if (const auto stored = store_(text); !stored.ok())
            log::error("a write of \"{}\" was refused: {}", text.substr(0, text.find('\n')),
                       errno_name(stored.error()));
    }

  private:
    TextEnd end_;
    const std::function<Result<void>(std::string_view)> store_;
};

/// The shim knows by its name whose status to show.
Result<UniqueFd> snapshot(std::string_view path, std::string_view text) {
    UniqueFd memory(memfd_create(fmt::format("{}{}", live_file_name, path).c_str(), MFD_CLOEXEC));
    if (!memory.is_open()) return last_error();
    while (!text.empty()) {
        const ssize_t count = ::write(memory.borrow(), text.data(), text.size());
        if (count < 0) return last_error();
        text.remove_prefix(static_cast<size_t>(count));
    }
    // Opened anew, so that the client can neither write nor starts at the end.
    UniqueFd readable(::open(fmt::format("/proc/thread-self/fd/{}", memory.borrow()).c_str(),
                             O_RDONLY | O_CLOEXEC));
    if (!readable.is_open()) return last_error();
    return readable;
}

bool allows(const LiveFile& file, int flags) {
    const int access = flags & O_ACCMODE;
    if (access != O_WRONLY && (file.mode & 0444) == 0) return false;
    return access == O_RDONLY || (file.mode & 0222) != 0;
}

Result<UniqueFd> open_for_writing(const LiveFile& file, int flags, device::Model& model) {
    if (!file.store) return Errno::Access;
    std::string content;
    if ((flags & O_ACCMODE) == O_RDWR && file.show) content = TRY(file.show());
    const auto make = [&](uint64_t, UniqueFd ours) -> Ref<drm::SpecialFile> {
        auto made = make_ref<WritableFile>(std::move(ours), file.store);
        made->end().prepare(content);
        return made;
    };
    const auto closed = [&model](drm::SpecialFile& special) {
        auto& writable = static_cast<WritableFile&>(special);
        const std::string text = writable.end().take_bytes();
        if (text.empty()) return;
        // Not on the thread of the hang-ups: a store may unbind, which ends other descriptors.
        model.run_later(
            [keep = Ref<WritableFile>::share(writable), text] { keep->store_late(text); });
    };
    return model.service<drm::SpecialFiles>().add(FdKind::Attribute, PairType::Stream, make,
                                                  closed);
}

}  // namespace

Result<UniqueFd> open_live_file(std::string_view path, const LiveFile& file, int flags,
                                const uapi::Credentials& caller, device::Model& model) {
    if (!allows(file, flags)) return Errno::Access;
    if (file.open) return file.open(flags, caller);
    if ((flags & O_ACCMODE) != O_RDONLY) return open_for_writing(file, flags, model);
    return snapshot(path, file.show ? TRY(file.show()) : std::string());
}

}  // namespace plugboard::daemon
