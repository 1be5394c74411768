// Counts who is inside, so that a device's end can shut the door and wait until all have left.
// Linux: drm_dev_enter() and drm_dev_unplug() in drivers/gpu/drm/drm_drv.c (there: one SRCU domain)
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

namespace plugboard {

/// One per device. Any thread. enter() is a few ns while open.
class Gate {
  public:
    /// Proof of being inside, for one scope on one thread; nests.
    class Pass {
      public:
        Pass(Pass&& other) noexcept;
        Pass(const Pass&) = delete;
        Pass& operator=(const Pass&) = delete;
        Pass& operator=(Pass&&) = delete;
        ~Pass();

      private:
        friend class Gate;
        explicit Pass(Gate& gate);
        Gate* gate_;
        Pass* outer_;  // the thread's enclosing pass, of any gate
    };

    Gate() = default;
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    /// Nothing once closed.
    std::optional<Pass> enter();
    /// From now on enter() fails. Those inside are not waited for.
    void close();
    /// For a device that is bound again.
    void reopen();
    /// Waits until nobody is inside. The gate is closed and this thread is not inside.
    void drain();

    bool is_closed() const;
    /// How many are inside. A snapshot.
    uint32_t count() const { return state_.load() & ~closed_bit; }
    /// This thread holds a Pass of this gate.
    bool is_inside() const;
    /// Of any gate.
    static bool is_inside_any();

  private:
    static constexpr uint32_t closed_bit = 1u << 31;
    void leave();
    std::atomic<uint32_t> state_{closed_bit};  // closed_bit | number of passes
};

}  // namespace plugboard
