#include "base/thread.h"

#include <atomic>
#include <memory>

namespace plugboard {
namespace {

constinit std::atomic<void (*)()> first_act = nullptr;

struct Start {
    void (*prologue)();
    std::function<void()> run;
};

void* run_and_free(void* argument) {
    const std::unique_ptr<Start> start(static_cast<Start*>(argument));
    if (start->prologue) start->prologue();
    start->run();
    return nullptr;
}

}  // namespace

Result<Thread> Thread::start(std::function<void()> run) {
    std::unique_ptr<Start> argument(new Start{first_act.load(), std::move(run)});
    pthread_t id{};
    if (const int error = pthread_create(&id, nullptr, &run_and_free, argument.get()); error != 0)
        return static_cast<Errno>(error);
    (void)argument.release();
    return Thread(id);
}

void Thread::set_prologue(void (*prologue)()) {
    first_act.store(prologue);
}

void Thread::join() {
    if (const auto id = std::exchange(id_, std::nullopt)) {
        [[maybe_unused]] const int error = pthread_join(*id, nullptr);
        assert(error == 0);
    }
}

}  // namespace plugboard
