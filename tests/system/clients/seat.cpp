// A client of libseat, and what it sees on a board: steps, pause, pull, turns. One line a fact;
// ends with 0 when all of it holds.
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <xf86drm.h>

extern "C" {
#include <libseat.h>
}

#include "tests/system/clients/card.h"

extern char** environ;

namespace {

using client::must;

bool all_hold = true;

void check(bool holds, const char* fact) {
    std::printf("%s - %s\n", holds ? "ok" : "not ok", fact);
    std::fflush(stdout);
    all_hold = all_hold && holds;
}

/// A seat that does what it is told.
class Seat {
  public:
    Seat() {
        seat_ = libseat_open_seat(&listener_, this);
        must(seat_ != nullptr, "libseat_open_seat");
    }
    ~Seat() {
        if (seat_) close();
    }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

    /// False: the connection has ended.
    bool dispatch(int milliseconds) { return libseat_dispatch(seat_, milliseconds) >= 0; }
    void wait_until(bool active) {
        while (active_ != active) must(dispatch(-1), "libseat_dispatch");
    }
    bool is_active() const { return active_; }
    int open(const char* path) {
        fd_ = -1;
        return device_ = libseat_open_device(seat_, path, &fd_);
    }
    int fd() const { return fd_; }
    bool close_device() { return libseat_close_device(seat_, device_) == 0; }
    bool close() { return libseat_close_seat(std::exchange(seat_, nullptr)) == 0; }
    const char* name() { return libseat_seat_name(seat_); }
    libseat* get() { return seat_; }

  private:
    static void enable(libseat*, void* data) { static_cast<Seat*>(data)->active_ = true; }
    static void disable(libseat* seat, void* data) {
        static_cast<Seat*>(data)->active_ = false;
        must(libseat_disable_seat(seat) == 0, "libseat_disable_seat");
    }

    libseat_seat_listener listener_{.enable_seat = enable, .disable_seat = disable};
    libseat* seat_ = nullptr;
    bool active_ = false;
    int device_ = -1, fd_ = -1;
};

/// `plugboard WORDS...`, while the seat is dispatched.
class Plugboard {
  public:
    explicit Plugboard(std::vector<std::string> words) {
        words.insert(words.begin(), "plugboard");
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        must(posix_spawnp(&pid_, "plugboard", nullptr, nullptr, arguments.data(), environ) == 0,
             "plugboard");
    }
    bool succeeds() const {
        int status = -1;
        return waitpid(pid_, &status, 0) == pid_ && status == 0;
    }

  private:
    pid_t pid_ = -1;
};

void steps() {
    Seat seat;
    check(std::strcmp(seat.name(), "seat0") == 0, "the seat is seat0");
    seat.wait_until(true);
    check(seat.open("/dev/input/event0") < 0 && errno == ENOENT, "there are no input devices");
    check(seat.open("/etc/passwd") < 0 && errno == ENOENT, "nor other files");
    check(seat.open("/dev/dri/card0") > 0 && seat.fd() >= 0, "the card opens");
    check(drmIsMaster(seat.fd()) != 0, "as master");
    drmVersion* version = drmGetVersion(seat.fd());
    check(version && std::strcmp(version->name, "vkms") == 0, "it is vkms");
    drmFreeVersion(version);
    check(seat.close_device(), "the device closes");
    check(drmIsMaster(seat.fd()) == 0, "and is not master any more");
    ::close(seat.fd());
    check(seat.close(), "the seat closes");
}

void pauses() {
    Seat seat;
    seat.wait_until(true);
    must(seat.open("/dev/dri/card0") > 0, "open");
    const Plugboard pausing({"seat", "pause"});
    seat.wait_until(false);
    check(drmIsMaster(seat.fd()) == 0, "paused, it is not master");
    check(pausing.succeeds(), "the pause returns when it has let go");
    check(seat.open("/dev/dri/card0") < 0 && errno == EPERM, "it opens nothing meanwhile");
    check(!Plugboard({"seat", "pause"}).succeeds(), "a second pause is refused");
    const Plugboard resuming({"seat", "resume"});
    seat.wait_until(true);
    check(resuming.succeeds(), "the resume returns");
}

void pull() {
    Seat seat;
    seat.wait_until(true);
    must(seat.open("/dev/dri/card0") > 0, "open");
    const int card = seat.fd();
    check(Plugboard({"unplug", "gpu0"}).succeeds(), "the card is pulled");
    pollfd hung_up{.fd = card, .events = POLLIN, .revents = 0};
    check(poll(&hung_up, 1, -1) == 1 && (hung_up.revents & POLLHUP) != 0, "it hangs up");
    drmVersion* version = drmGetVersion(card);
    check(!version, "it answers no more");
    drmFreeVersion(version);
    check(seat.close_device(), "the device closes");
    ::close(card);
    check(Plugboard({"plug", "gpu0"}).succeeds(), "a new card is plugged");
    const std::string node = client::find_node("vkms", "card");
    check(seat.open(node.c_str()) > 0, "which opens");
    check(seat.fd() >= 0 && drmIsMaster(seat.fd()) != 0, "as master");
}

void turns() {
    Seat first;
    first.wait_until(true);
    must(first.open("/dev/dri/card0") > 0, "open");
    const int card = first.fd();
    Seat second;
    must(second.dispatch(0), "dispatch");
    check(!second.is_active(), "the second waits");
    check(second.open("/dev/dri/card0") < 0 && errno == EPERM, "and opens nothing");
    check(libseat_switch_session(first.get(), 2) == 0, "the first makes way for it");
    first.wait_until(false);
    second.wait_until(true);
    check(drmIsMaster(card) == 0, "and is not master any more");
    check(second.open("/dev/dri/card0") > 0 && drmIsMaster(second.fd()) != 0, "the second is");
    check(second.close(), "the second closes its seat");
    first.wait_until(true);
    check(drmIsMaster(card) != 0, "and the first is master again");
}

}  // namespace

int main(int argc, char** argv) {
    const std::string what = argc == 2 ? argv[1] : "";
    libseat_set_log_level(LIBSEAT_LOG_LEVEL_ERROR);
    if (what == "steps") {
        steps();
    } else if (what == "pause") {
        pauses();
    } else if (what == "pull") {
        pull();
    } else if (what == "turns") {
        turns();
    } else {
        std::fprintf(stderr, "usage: seat steps|pause|pull|turns\n");
        return 2;
    }
    // The builtin backend's server is a child of ours, and ends after us.
    while (wait(nullptr) > 0) {
    }
    return all_hold ? 0 : 1;
}
