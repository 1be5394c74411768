#include "drm/vblank/vblank.h"

#include <algorithm>
#include <cassert>
#include <thread>
#include <utility>

#include "drm/fault_plan.h"

namespace plugboard::drm {
namespace {

/// How long the timer runs on without a user. Linux: the module parameter vblankoffdelay
constexpr Nanos off_delay = std::chrono::seconds(5);

}  // namespace

struct Vblank::State {
    explicit State(Clock& source) : clock(source) {}

    struct Waiting {
        uint64_t target = 0;
        Callback callback;
        uint64_t owner = 0;
        bool hastens = false;  // the vblank need not wait for its time
    };

    Clock& clock;
    mutable Mutex<LockClass<Vblank>> mutex;
    bool is_on GUARDED_BY(mutex) = false;
    Nanos period GUARDED_BY(mutex){};
    Nanos longest GUARDED_BY(mutex){};   // of a rate that varies; else not above the period
    VblankCount last GUARDED_BY(mutex);  // that was told
    Time newest GUARDED_BY(mutex){};     // when the newest was, told or lost
    size_t users GUARDED_BY(mutex) = 0;
    /// When the next vblank is due. Nothing: the timer has not run since the CRTC went on.
    std::optional<Time> due GUARDED_BY(mutex);
    /// When the timer stops for want of users; counts only while there are none.
    Time rests_at GUARDED_BY(mutex){};
    std::vector<Waiting> waiting GUARDED_BY(mutex);  // in the order in which they came
    Waker* timer GUARDED_BY(mutex) = nullptr;

    FaultPlan* faults GUARDED_BY(mutex) = nullptr;
    uint32_t crtc GUARDED_BY(mutex) = 0;
    Nanos delay GUARDED_BY(mutex){};      // a fault's: the vblank at `due` is told so much later
    uint64_t lost GUARDED_BY(mutex) = 0;  // by faults, since the last that was told

    Callback observer GUARDED_BY(mutex);
    std::optional<std::thread::id> handled_by GUARDED_BY(mutex);  // while callbacks of one run
    CondVar handled;

    Nanos idle_period_locked() const REQUIRES(mutex) { return std::max(period, longest); }
    void set_due_locked(std::optional<Time> at) REQUIRES(mutex) {
        due = at;
        delay = {};
        lost = 0;
    }
    bool is_variable_locked() const REQUIRES(mutex) { return longest > period; }
    void set_last_locked(VblankCount at) REQUIRES(mutex) {
        last = at;
        newest = at.time;
    }
    /// The vblank is due so long after the newest one, if that is not over, and then now; unless
    /// it is due earlier.
    void hasten_locked(Time now, Nanos after) REQUIRES(mutex) {
        const Time latest = std::max(newest + after, now);
        if (!due || *due <= latest || delay.count() > 0) return;
        due = latest;
        wake_timer_locked();
    }
    /// For those who are still armed when a vblank was told or lost.
    void hasten_for_armed_locked(Time now) REQUIRES(mutex) {
        if (is_variable_locked() && std::ranges::any_of(waiting, &Waiting::hastens))
            hasten_locked(now, period);
    }
    /// Whether a fault keeps the vblank that is due from being told now.
    bool is_kept_back_locked(Time now) REQUIRES(mutex) {
        if (!faults || faults->is_empty() || delay.count() > 0) return false;
        const FaultPlan::VblankFate fate = faults->judge_vblank(crtc, now);
        if (fate.lost) {
            newest = *due;
            *due += idle_period_locked();
            ++lost;
            hasten_for_armed_locked(now);
            return true;
        }
        delay = fate.late;
        return delay.count() > 0;
    }
    void wake_timer_locked() REQUIRES(mutex) {
        if (timer) timer->wake();
    }
    /// Stops the timer if it is past its time: then no vblank has come since rests_at.
    bool is_running_locked(Time now) REQUIRES(mutex) {
        if (!due) return false;
        if (users == 0 && *due > rests_at && now >= rests_at) set_due_locked(std::nullopt);
        return due.has_value();
    }
    /// Linux: drm_update_vblank_count, by the time alone
    VblankCount caught_up_locked(Time now) REQUIRES(mutex) {
        const Nanos each = idle_period_locked();
        const auto missed = static_cast<uint64_t>((now - last.time + each / 2) / each);
        if (missed == 0) return last;
        return {last.sequence + missed, now};
    }
    void get_locked(Time now) REQUIRES(mutex) {
        const bool was_running = is_running_locked(now);
        users++;
        if (!was_running) {
            set_last_locked(caught_up_locked(now));
            set_due_locked(now + idle_period_locked());
        }
        if (users == 1) wake_timer_locked();
    }
    void put_locked(Time now, size_t count) REQUIRES(mutex) {
        assert(users >= count);
        users -= count;
        if (users == 0 && count > 0) rests_at = now + off_delay;
    }
    /// How many more vblanks were due by now than the one at `due`, while the timer ran.
    int64_t missed_locked(Time now) REQUIRES(mutex) {
        const Time end = users == 0 ? std::min(now, rests_at) : now;
        return end > *due ? (end - *due) / idle_period_locked() : 0;
    }
    /// The count of the first vblank that is not past; the timer runs.
    uint64_t next_sequence_locked(Time now) REQUIRES(mutex) {
        const uint64_t due_one = last.sequence + lost + 1;
        return now > *due ? due_one + static_cast<uint64_t>(missed_locked(now)) + 1 : due_one;
    }
    /// False: it is off.
    bool arm_locked(Time now, Waiting entry) REQUIRES(mutex) {
        if (!is_on) return false;
        get_locked(now);
        entry.target = next_sequence_locked(now);
        waiting.push_back(std::move(entry));
        hasten_for_armed_locked(now);
        return true;
    }
    /// Waits for the callbacks of a vblank that another thread handles.
    void wait_until_handled(MutexLock<LockClass<Vblank>>& lock) REQUIRES(mutex) {
        while (handled_by && *handled_by != std::this_thread::get_id()) handled.wait(lock);
    }
    std::vector<Waiting> take_passed_locked() REQUIRES(mutex) {
        std::vector<Waiting> passed, left;
        for (Waiting& entry : waiting)
            (has_passed(last.sequence, entry.target) ? passed : left).push_back(std::move(entry));
        waiting.swap(left);
        return passed;
    }
};

Vblank::Vblank(Clock& clock) : state_(std::make_unique<State>(clock)) {}

Vblank::~Vblank() = default;

void Vblank::turn_on(Nanos period) {
    assert(period.count() > 0);
    State& s = *state_;
    const Time now = s.clock.now();
    MutexLock lock(s.mutex);
    s.is_on = true;
    s.period = period;
    s.set_last_locked({s.last.sequence + 1, now});
    s.set_due_locked(s.users > 0 ? std::optional(now + s.idle_period_locked()) : std::nullopt);
    s.wake_timer_locked();
}

void Vblank::turn_off() {
    State& s = *state_;
    const Time now = s.clock.now();
    std::vector<State::Waiting> waiting;
    VblankCount last;
    {
        MutexLock lock(s.mutex);
        s.is_on = false;
        s.set_due_locked(std::nullopt);
        waiting.swap(s.waiting);
        s.put_locked(now, waiting.size());
        last = s.last;
        s.wake_timer_locked();
        s.wait_until_handled(lock);
    }
    for (State::Waiting& entry : waiting) entry.callback(last);
    queue_.wake_all();
}

bool Vblank::is_on() const {
    MutexLock lock(state_->mutex);
    return state_->is_on;
}

Nanos Vblank::period() const {
    MutexLock lock(state_->mutex);
    return state_->period;
}

void Vblank::set_longest(Nanos longest) {
    State& s = *state_;
    const Time now = s.clock.now();
    MutexLock lock(s.mutex);
    const bool was_variable = s.is_variable_locked();
    s.longest = longest;
    if (was_variable) s.hasten_locked(now, s.idle_period_locked());
}

Nanos Vblank::idle_period() const {
    MutexLock lock(state_->mutex);
    return state_->idle_period_locked();
}

VblankCount Vblank::current() {
    State& s = *state_;
    const Time now = s.clock.now();
    MutexLock lock(s.mutex);
    if (!s.is_on || s.is_running_locked(now)) return s.last;
    return s.caught_up_locked(now);
}

bool Vblank::get() {
    State& s = *state_;
    const Time now = s.clock.now();
    MutexLock lock(s.mutex);
    if (!s.is_on) return false;
    s.get_locked(now);
    return true;
}

void Vblank::put() {
    State& s = *state_;
    const Time now = s.clock.now();
    MutexLock lock(s.mutex);
    s.put_locked(now, 1);
}

std::optional<VblankCount> Vblank::call_at(uint64_t sequence, Callback callback, uint64_t owner) {
    State& s = *state_;
    const Time now = s.clock.now();
    VblankCount at;
    {
        MutexLock lock(s.mutex);
        if (s.is_on) {
            s.get_locked(now);
            if (!has_passed(s.last.sequence, sequence)) {
                s.waiting.push_back({sequence, std::move(callback), owner, false});
                return std::nullopt;
            }
            s.put_locked(now, 1);
        }
        at = s.last;
    }
    callback(at);
    return at;
}

void Vblank::forget(uint64_t owner) {
    State& s = *state_;
    const Time now = s.clock.now();
    std::vector<State::Waiting> forgotten, left;  // dropped with no lock held
    MutexLock lock(s.mutex);
    for (State::Waiting& entry : s.waiting)
        (entry.owner == owner ? forgotten : left).push_back(std::move(entry));
    s.waiting.swap(left);
    s.put_locked(now, forgotten.size());
    lock.unlock();
}

bool Vblank::arm(Callback callback) {
    State& s = *state_;
    const Time now = s.clock.now();
    MutexLock lock(s.mutex);
    return s.arm_locked(now, {.callback = std::move(callback), .hastens = true});
}

bool Vblank::watch_next(Callback callback) {
    State& s = *state_;
    const Time now = s.clock.now();
    MutexLock lock(s.mutex);
    return s.arm_locked(now, {.callback = std::move(callback)});
}

void Vblank::set_observer(Callback observer) {
    State& s = *state_;
    MutexLock lock(s.mutex);
    s.observer.swap(observer);
    s.wait_until_handled(lock);
    lock.unlock();
}

void Vblank::settle() {
    MutexLock lock(state_->mutex);
    state_->wait_until_handled(lock);
}

std::optional<Time> Vblank::next_due() const {
    State& s = *state_;
    MutexLock lock(s.mutex);
    if (s.users == 0 && s.due && *s.due > s.rests_at) return std::nullopt;
    if (!s.due) return std::nullopt;
    return *s.due + s.delay;
}

void Vblank::handle(Time due) {
    State& s = *state_;
    const Time now = s.clock.now();
    std::vector<State::Waiting> passed;
    VblankCount at;
    Callback observer;
    {
        MutexLock lock(s.mutex);
        s.wait_until_handled(lock);
        if (!s.due || *s.due + s.delay != due) return;  // it went off, or has another phase now
        if (s.is_kept_back_locked(now)) return;
        const int64_t missed = s.missed_locked(now);
        at = {s.last.sequence + s.lost + 1 + static_cast<uint64_t>(missed),
              *s.due + missed * s.idle_period_locked()};
        s.set_last_locked(at);
        s.set_due_locked(at.time + s.idle_period_locked());
        passed = s.take_passed_locked();
        s.hasten_for_armed_locked(now);
        s.put_locked(at.time, passed.size());
        s.handled_by = std::this_thread::get_id();
    }
    for (State::Waiting& entry : passed) entry.callback(at);
    passed.clear();
    {
        MutexLock lock(s.mutex);
        observer = s.observer;
    }
    if (observer) observer(at);
    observer = nullptr;
    queue_.wake_all();
    MutexLock lock(s.mutex);
    s.handled_by.reset();
    s.handled.notify_all();
}

void Vblank::set_faults(FaultPlan* faults, uint32_t crtc) {
    MutexLock lock(state_->mutex);
    state_->faults = faults;
    state_->crtc = crtc;
}

void Vblank::set_timer(Waker* timer) {
    State& s = *state_;
    MutexLock lock(s.mutex);
    s.timer = timer;
    s.wake_timer_locked();
}

}  // namespace plugboard::drm
