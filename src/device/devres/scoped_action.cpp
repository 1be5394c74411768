#include "device/devres/scoped_action.h"

#include <atomic>
#include <memory>

#include "base/mutex.h"

namespace plugboard::device {

/// What owner and entry share; the last of both frees it.
class ScopedAction::Shared {
  public:
    Shared(Devres& devres, std::function<void()> run) : devres_(devres), run_(std::move(run)) {}

    void run_once() {
        if (has_run_.exchange(true)) return;
        std::exchange(run_, nullptr)();
    }
    bool has_run() const { return has_run_.load(); }

    void entry_comes(DevresHandle entry) {
        MutexLock lock(mutex_);
        entry_ = entry;
    }
    /// By the entry's destructor.
    void entry_goes() {
        {
            MutexLock lock(mutex_);
            entry_ = nullptr;
        }
        let_go();
    }
    /// Takes the entry off if it is still there: while the mutex is held it cannot be freed.
    void owner_goes() {
        std::unique_ptr<DevresEntry> taken;
        {
            MutexLock lock(mutex_);
            if (entry_ && !has_run_) taken = devres_.take_off(entry_);
        }
        run_once();
        taken.reset();
        let_go();
    }
    void let_go() {
        if (users_.fetch_sub(1) == 1) delete this;
    }

  private:
    Devres& devres_;
    std::function<void()> run_;  // of who has set has_run_
    std::atomic<bool> has_run_{false};
    std::atomic<int> users_{2};
    Mutex<LockClass<ScopedAction>> mutex_;
    DevresHandle entry_ GUARDED_BY(mutex_) = nullptr;
};

class ScopedAction::Entry final : public DevresEntry {
  public:
    Entry(std::string name, Shared& shared)
        : DevresEntry(std::move(name), {}, sizeof(Shared)), shared_(shared) {
        shared_.entry_comes(this);
    }
    ~Entry() override { shared_.entry_goes(); }

  private:
    void release() override { shared_.run_once(); }
    Shared& shared_;
};

Result<ScopedAction> ScopedAction::create(Devres& devres, std::string name,
                                          std::function<void()> run) {
    auto* const shared = new Shared(devres, std::move(run));
    const auto added = devres.add(std::make_unique<Entry>(std::move(name), *shared));
    if (!added.ok()) {
        shared->let_go();  // the entry has done so already
        return added.error();
    }
    return ScopedAction(*shared);
}

ScopedAction::~ScopedAction() {
    if (shared_) shared_->owner_goes();
}

bool ScopedAction::has_run() const {
    return shared_->has_run();
}

}  // namespace plugboard::device
