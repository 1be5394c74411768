// For the unplug storm: what clients of a card that comes and goes are promised, without threads.
// docs/life-of-an-unplug.md
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace plugboard::vkms {

/// Each that is false plants a bug.
struct StormRules {
    bool unplug_sends_events = true;
    bool unplug_hangs_up = true;
    bool unplug_fails_waiting_flips = true;
    bool close_gives_up_master = true;
    bool close_frees_buffers = true;
};

/// What a call gives: 0 or an errno; if it waits, what it gives at a vblank.
struct Answer {
    int error = 0;
    bool waits = false;
};

/// The counted objects that are left while no commit is pending.
struct StormObjects {
    size_t devices = 0, files = 0, framebuffers = 0, buffers = 0;
    bool operator==(const StormObjects&) const = default;
};

/// One card slot and all its clients. Functions named after a call give its answer; `file` is open.
class StormModel {
  public:
    struct File {
        uint32_t card = 0;
        bool is_open = true;
        bool was_master = false;
        bool is_hung_up = false;
        std::vector<size_t> buffers{};         // which of all; the handle is the index + 1
        std::vector<uint32_t> framebuffers{};  // ids
        std::deque<uint64_t> events{};         // user data of flips, unread
    };

    explicit StormModel(StormRules rules) : rules_(rules) {}

    bool is_plugged() const { return card_.has_value(); }
    /// The minor number, which no card before had; the last one while there is none.
    uint32_t card() const { return cards_ - 1; }
    std::vector<File>& files() { return files_; }
    size_t pending_count() const { return pending_.size(); }
    bool is_gone(const File& file) const { return card_ != file.card; }

    void plug() { card_ = cards_++; }
    /// What the waiting calls give, which return now, in the order in which they began.
    std::vector<int> unplug() {
        std::vector<int> results;
        while (!pending_.empty()) finish_first(results, Cause::Unplug);
        for (File& file : files_)
            file.is_hung_up |= card_ == file.card && file.is_open && rules_.unplug_hangs_up;
        card_.reset();
        master_.reset();
        shown_.reset();
        is_lit_ = false;
        return results;
    }
    std::vector<int> vblank() {
        std::vector<int> results;
        if (!pending_.empty()) finish_first(results, Cause::Vblank);
        return results;
    }

    int open() {
        if (!card_) return ENOENT;
        files_.push_back({.card = *card_, .was_master = !master_});
        if (!master_) master_ = files_.size() - 1;
        return 0;
    }
    int open_device_of(const File& file) { return is_gone(file) ? ENODEV : open(); }
    Answer close(File& file) {
        file.is_open = false;
        if (!is_gone(file) && shows_one_of(file)) {
            shown_.reset();
            return add({.file = index(file), .closes = true});
        }
        if (!is_gone(file)) finish_close(index(file));
        return {};
    }
    int query(const File& file) const { return is_gone(file) ? ENODEV : 0; }
    int set_master(File& file) {
        if (is_gone(file)) return ENODEV;
        if (!file.was_master) return EACCES;
        if (master_ && *master_ != index(file)) return EBUSY;
        master_ = index(file);
        return 0;
    }
    int drop_master(const File& file) {
        if (is_gone(file)) return ENODEV;
        if (!file.was_master) return EACCES;
        if (master_ != index(file)) return EINVAL;
        master_.reset();
        return 0;
    }
    Answer set_crtc(const File& file, uint32_t framebuffer) {
        if (is_gone(file)) return {ENODEV};
        if (master_ != index(file)) return {EACCES};
        shown_ = framebuffer;
        if (!std::exchange(is_lit_, true)) return {};  // a modeset waits for no vblank
        return add({.file = index(file), .error_of_unplug = ENODEV});
    }
    Answer flip(const File& file, uint32_t framebuffer, uint64_t user_data, bool is_blocking) {
        if (is_gone(file)) return {ENODEV};
        if (master_ != index(file)) return {EACCES};
        if (!is_lit_) return {EINVAL};
        if (!is_blocking && !pending_.empty()) return {EBUSY};
        shown_ = framebuffer;
        return add({.file = index(file),
                    .event = user_data,
                    .is_waited_for = is_blocking,
                    .error_of_unplug = rules_.unplug_fails_waiting_flips ? ENODEV : 0});
    }
    Answer remove_framebuffer(File& file, uint32_t framebuffer) {
        if (is_gone(file)) return {ENODEV};
        std::erase(file.framebuffers, framebuffer);
        if (shown_ != framebuffer) return {};
        shown_.reset();
        return add({.file = index(file)});
    }

    StormObjects objects() const {
        StormObjects all;
        std::set<uint32_t> cards;
        if (card_) cards.insert(*card_);
        for (const File& file : files_) {
            if (file.is_open || !rules_.close_frees_buffers) all.buffers += file.buffers.size();
            if (!file.is_open) continue;
            all.files++;
            all.framebuffers += file.framebuffers.size();
            cards.insert(file.card);
        }
        all.devices = cards.size();
        return all;
    }

  private:
    enum class Cause { Vblank, Unplug };
    /// Ends at the first vblank after those before it have ended.
    struct Commit {
        size_t file = 0;
        std::optional<uint64_t> event{};
        bool is_waited_for = true;
        int error_of_unplug = 0;
        bool closes = false;  // the file is closed when it ends
    };

    size_t index(const File& file) const { return static_cast<size_t>(&file - files_.data()); }
    bool shows_one_of(const File& file) const {
        return shown_ && std::ranges::find(file.framebuffers, *shown_) != file.framebuffers.end();
    }
    Answer add(Commit commit) {
        pending_.push_back(commit);
        return {.waits = commit.is_waited_for};
    }
    void finish_first(std::vector<int>& results, Cause cause) {
        const Commit commit = pending_.front();
        pending_.pop_front();
        const bool is_sent = cause == Cause::Vblank || rules_.unplug_sends_events;
        if (commit.event && is_sent) files_[commit.file].events.push_back(*commit.event);
        if (commit.closes) finish_close(commit.file);
        if (commit.is_waited_for)
            results.push_back(cause == Cause::Unplug ? commit.error_of_unplug : 0);
    }
    void finish_close(size_t file) {
        if (master_ == file && rules_.close_gives_up_master) master_.reset();
    }

    const StormRules rules_;
    std::vector<File> files_;
    std::deque<Commit> pending_;
    uint32_t cards_ = 0;
    std::optional<uint32_t> card_;  // none: unplugged
    // Of that card:
    std::optional<size_t> master_;
    std::optional<uint32_t> shown_;  // framebuffer of the newest commit
    bool is_lit_ = false;
};

}  // namespace plugboard::vkms
