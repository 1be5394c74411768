#include "base/gate.h"

#include <cassert>
#include <utility>

namespace plugboard {
namespace {
thread_local Gate::Pass* innermost = nullptr;
}

Gate::Pass::Pass(Gate& gate) : gate_(&gate), outer_(std::exchange(innermost, this)) {}

Gate::Pass::Pass(Pass&& other) noexcept
    : gate_(std::exchange(other.gate_, nullptr)), outer_(other.outer_) {
    // The moved-from pass may be anywhere in the thread's chain: put this one in its place.
    for (Pass** link = &innermost; *link; link = &(*link)->outer_) {
        if (*link != &other) continue;
        *link = this;
        break;
    }
}

Gate::Pass::~Pass() {
    if (!gate_) return;
    for (Pass** link = &innermost; *link; link = &(*link)->outer_) {
        if (*link != this) continue;
        *link = outer_;
        break;
    }
    gate_->leave();
}

std::optional<Gate::Pass> Gate::enter() {
    if (state_.fetch_add(1) & closed_bit) {
        leave();
        return std::nullopt;
    }
    return Pass(*this);
}

void Gate::leave() {
    const uint32_t before = state_.fetch_sub(1);
    if (before == (closed_bit | 1)) state_.notify_all();
}

void Gate::close() {
    state_.fetch_or(closed_bit);
}

void Gate::reopen() {
    state_.fetch_and(~closed_bit);
}

void Gate::drain() {
    assert(is_closed());
    assert(!is_inside());
    for (uint32_t now = state_.load(); now != closed_bit; now = state_.load()) state_.wait(now);
}

bool Gate::is_closed() const {
    return state_.load() & closed_bit;
}

bool Gate::is_inside_any() {
    return innermost != nullptr;
}

bool Gate::is_inside() const {
    for (const Pass* pass = innermost; pass; pass = pass->outer_) {
        if (pass->gate_ == this) return true;
    }
    return false;
}

}  // namespace plugboard
