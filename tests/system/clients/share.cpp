// Two processes and two cards: A draws on a vgem and puts a fence on its buffer; B takes buffer and
// fence from it, and shows the buffer on a vkms when the fence has ended. Meanwhile A is killed and
// the vgem pulled.
//   share FOLDER EVENT...               one round of these events
//   share FOLDER --rounds COUNT SEED    so many, of random events each
// FOLDER has drawn.png, which is what A draws, and blank.png, which is there before. Prints each
// round of many before it begins, what does not hold, and what it has seen.
#include <linux/dma-buf.h>
#include <linux/sync_file.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <span>

#include "src/uapi/vgem_drm.h"
#include "tests/support/pictures.h"
#include "tests/system/clients/card.h"

namespace {

using client::Card;
using client::must;

constexpr uint32_t width = 1024, height = 768, blank_colour = 0x204060;
constexpr int patience_ms = 30000;
constexpr std::chrono::seconds fence_life{10};

/// What happens in a round, each at most once.
enum class Event {
    Draw,    // A draws its picture
    Signal,  // A says that it has
    Kill,    // of A
    Unplug,  // of the vgem
    Import,  // B imports the buffer
    Commit,  // B shows it; needs Import
    Close,   // B closes the descriptors; needs Commit
    KillB,
};
constexpr const char* event_names[] = {"draw",   "signal", "kill",  "unplug",
                                       "import", "commit", "close", "kill-b"};

std::string name_of(Event event) {
    return event_names[static_cast<size_t>(event)];
}

std::string text_of(const std::vector<Event>& events) {
    std::string text;
    for (const Event event : events) text += (text.empty() ? "" : " ") + name_of(event);
    return text;
}

std::string round_text;  // for what does not hold
int failures = 0;        // of this process

void check(bool ok, const std::string& fact) {
    if (ok) return;
    failures++;
    std::printf("not ok - %s (events: %s)\n", fact.c_str(), round_text.c_str());
    std::fflush(stdout);
}

/// An end of a pair between two of the three processes.
class Line {
  public:
    explicit Line(int fd) : fd_(fd) {}
    ~Line() { close(fd_); }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    void send(int32_t word) const {
        must(::send(fd_, &word, sizeof word, MSG_NOSIGNAL) == sizeof word, "send");
    }
    /// Nothing when the other end has gone.
    std::optional<int32_t> receive() const {
        int32_t word = 0;
        ssize_t got = 0;
        do {
            got = recv(fd_, &word, sizeof word, 0);
        } while (got < 0 && errno == EINTR);
        if (got != sizeof word) return std::nullopt;
        return word;
    }
    void send_fds(std::array<int, 2> fds) const {
        Message message;
        cmsghdr* rights = CMSG_FIRSTHDR(&message.header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof fds);
        std::memcpy(CMSG_DATA(rights), fds.data(), sizeof fds);
        must(sendmsg(fd_, &message.header, MSG_NOSIGNAL) == 1, "sendmsg");
    }
    std::array<int, 2> receive_fds() const {
        Message message;
        must(recvmsg(fd_, &message.header, MSG_CMSG_CLOEXEC) == 1, "recvmsg");
        const cmsghdr* rights = CMSG_FIRSTHDR(&message.header);
        std::array<int, 2> fds{};
        must(rights && rights->cmsg_len == CMSG_LEN(sizeof fds), "two descriptors");
        std::memcpy(fds.data(), CMSG_DATA(rights), sizeof fds);
        return fds;
    }

  private:
    struct Message {
        char byte = 'f';
        iovec part{&byte, 1};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::array<int, 2>))> control{};
        msghdr header{};
        Message() {
            header.msg_iov = &part;
            header.msg_iovlen = 1;
            header.msg_control = control.data();
            header.msg_controllen = control.size();
        }
    };
    int fd_;
};

std::array<int, 2> make_pair() {
    std::array<int, 2> ends{};
    must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0, "socketpair");
    return ends;
}

/// Both ioctls of a buffer that may be interrupted.
template <class T>
int call(int fd, unsigned long command, T& argument) {
    int result = 0;
    do {
        result = ioctl(fd, command, &argument);
    } while (result < 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

void fill(std::span<uint8_t> pixels, uint32_t colour) {
    for (size_t i = 0; i + 4 <= pixels.size(); i += 4) std::memcpy(&pixels[i], &colour, 4);
}

/// A: answers each event with an errno, until it is killed.
[[noreturn]] void run_a(const Line& conductor, const Line& b) {
    const Card card(client::find_node("vgem", "card"));
    drm_mode_create_dumb create{};
    create.width = width;
    create.height = height;
    create.bpp = 32;
    must(card.call(DRM_IOCTL_MODE_CREATE_DUMB, create) == 0, "vgem: CREATE_DUMB");
    drm_mode_map_dumb map{};
    map.handle = create.handle;
    must(card.call(DRM_IOCTL_MODE_MAP_DUMB, map) == 0, "vgem: MAP_DUMB");
    void* memory = mmap(nullptr, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, card.fd(),
                        static_cast<off_t>(map.offset));
    must(memory != MAP_FAILED, "vgem: mmap");
    const std::span<uint8_t> pixels(static_cast<uint8_t*>(memory), create.size);
    fill(pixels, blank_colour);

    drm_vgem_fence_attach attach{};
    attach.handle = create.handle;
    attach.flags = VGEM_FENCE_WRITE;
    must(card.call(DRM_IOCTL_VGEM_FENCE_ATTACH, attach) == 0, "FENCE_ATTACH");
    drm_prime_handle share{create.handle, DRM_CLOEXEC | DRM_RDWR, -1};
    must(card.call(DRM_IOCTL_PRIME_HANDLE_TO_FD, share) == 0, "PRIME_HANDLE_TO_FD");
    dma_buf_export_sync_file fence{DMA_BUF_SYNC_READ, -1};
    must(call(share.fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, fence) == 0, "EXPORT_SYNC_FILE");
    b.send_fds({share.fd, fence.fd});
    close(share.fd);
    close(fence.fd);
    conductor.send(0);

    while (const auto word = conductor.receive()) {
        switch (static_cast<Event>(*word)) {
            case Event::Draw:
                plugboard::tests::draw_pattern(DRM_FORMAT_XRGB8888, width, height, create.pitch,
                                               std::as_writable_bytes(pixels));
                conductor.send(0);
                break;
            case Event::Signal: {
                drm_vgem_fence_signal signal{attach.out_fence, 0};
                conductor.send(card.call(DRM_IOCTL_VGEM_FENCE_SIGNAL, signal));
                break;
            }
            default: _exit(1);
        }
    }
    _exit(0);
}

/// What B asks of itself beside the events.
constexpr int32_t is_shown = 100;  // 0: not yet
constexpr int32_t finish = 101;    // every waiter ends; the status of A's fence

class B {
  public:
    explicit B(const Line& a) {
        card_.discover();
        own_ = card_.create_buffer(width, height);
        must(card_.set_crtc(own_) == 0, "vkms: SETCRTC");
        const auto fds = a.receive_fds();
        buffer_ = fds[0];
        fence_ = fds[1];
        wait_for([fd = dup(fence_)] {
            check(client::poll_for(fd, POLLIN, patience_ms) == POLLIN, "a poll of the fence ends");
            close(fd);
        });
        wait_for([fd = dup(buffer_)] {
            dma_buf_sync sync{DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ};
            check(call(fd, DMA_BUF_IOCTL_SYNC, sync) == 0, "DMA_BUF_IOCTL_SYNC ends");
            close(fd);
        });
    }

    int32_t act(int32_t word) {
        switch (word) {
            case is_shown: return client::poll_for(out_, POLLIN, 0) != 0 ? 1 : 0;
            case finish: return end_of_waits();
            case static_cast<int32_t>(Event::Import): return import();
            case static_cast<int32_t>(Event::Commit): return commit();
            case static_cast<int32_t>(Event::Close):
                close(buffer_);
                close(fence_);
                fence_ = buffer_ = -1;
                return 0;
            default: return EINVAL;
        }
    }

  private:
    void wait_for(std::function<void()> wait) { waiters_.emplace_back(std::move(wait)); }

    int import() {
        drm_prime_handle take{0, 0, buffer_};
        if (const int error = card_.call(DRM_IOCTL_PRIME_FD_TO_HANDLE, take)) return error;
        drm_mode_fb_cmd2 add{};
        add.width = width;
        add.height = height;
        add.pixel_format = DRM_FORMAT_XRGB8888;
        add.handles[0] = take.handle;
        add.pitches[0] = own_.pitch;
        if (const int error = card_.call(DRM_IOCTL_MODE_ADDFB2, add)) return error;
        fb_ = add.fb_id;
        return 0;
    }

    int commit() {
        const auto plane = [this](const char* name) {
            return card_.property(card_.primary, DRM_MODE_OBJECT_PLANE, name);
        };
        const uint32_t out = card_.property(card_.crtc, DRM_MODE_OBJECT_CRTC, "OUT_FENCE_PTR");
        const int error =
            card_.atomic({{card_.primary, plane("FB_ID"), fb_},
                          {card_.primary, plane("IN_FENCE_FD"), static_cast<uint64_t>(fence_)},
                          {card_.crtc, out, Card::address(&out_)}},
                         DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT, 7);
        if (error) return error;
        kept_fence_ = dup(fence_);
        wait_for([this] {
            check(client::poll_for(out_, POLLIN, patience_ms) == POLLIN, "the out-fence ends");
        });
        wait_for([this] {
            drm_event_vblank event{};
            check(read(card_.fd(), &event, sizeof event) == sizeof event &&
                      event.base.type == DRM_EVENT_FLIP_COMPLETE && event.user_data == 7,
                  "the flip's event comes");
        });
        return 0;
    }

    /// The status of a fence, and when it ended.
    static sync_fence_info info_of(int fd) {
        sync_fence_info info{};
        sync_file_info file{};
        file.num_fences = 1;
        file.sync_fence_info = Card::address(&info);
        must(call(fd, SYNC_IOC_FILE_INFO, file) == 0 && file.num_fences == 1, "FILE_INFO");
        return info;
    }

    int32_t end_of_waits() {
        for (std::thread& waiter : waiters_) waiter.join();
        waiters_.clear();
        if (kept_fence_ < 0) return 1;
        check(info_of(out_).status == 1, "the out-fence says that the picture is shown");
        const sync_fence_info fence = info_of(kept_fence_);
        check(std::string(fence.driver_name) == "detached-driver", "the fence has ended");
        const auto life = std::chrono::nanoseconds(static_cast<int64_t>(fence.timestamp_ns)) -
                          std::chrono::nanoseconds(start_);
        check(life < fence_life, "the fence was ended by who had to, not by its age");
        return fence.status;
    }

    const int64_t start_ = client::now_ns();
    Card card_;
    client::Buffer own_;
    int buffer_ = -1, fence_ = -1, kept_fence_ = -1;
    int32_t out_ = -1;
    uint32_t fb_ = 0;
    std::vector<std::thread> waiters_;
};

[[noreturn]] void run_b(const Line& conductor, const Line& a) {
    {
        B b(a);
        conductor.send(0);
        while (const auto word = conductor.receive()) conductor.send(b.act(*word));
    }
    _exit(failures == 0 ? 0 : 1);
}

/// A child of the conductor's and the line to it.
struct Process {
    pid_t pid = -1;
    std::unique_ptr<Line> line;

    bool is_alive() const { return pid > 0; }
    int32_t ask(int32_t word) const {
        line->send(word);
        const auto answer = line->receive();
        must(answer.has_value(), "a child has ended by itself");
        return *answer;
    }
    /// Its exit status; 128 + the signal that ended it.
    int wait() {
        int status = 0;
        must(waitpid(std::exchange(pid, -1), &status, 0) > 0, "waitpid");
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    void kill() {
        must(::kill(pid, SIGKILL) == 0, "kill");
        wait();
    }
};

/// `theirs` goes to the child, which runs for ever.
Process start(void (*run)(const Line&, const Line&), int partner) {
    const auto ends = make_pair();
    std::fflush(stdout);
    const pid_t pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) {
        close(ends[0]);
        alarm(120);  // a hang ends the process, and so the test
        run(Line(ends[1]), Line(partner));
    }
    close(ends[1]);
    return {pid, std::make_unique<Line>(ends[0])};
}

class Round {
  public:
    Round(const std::string& folder, const std::vector<Event>& events)
        : folder_(folder), events_(events) {}

    void play() {
        round_text = text_of(events_);
        const auto between = make_pair();
        // The partner's end in the other child is closed by its end: nobody waits for it.
        b_ = start(run_b, between[1]);
        a_ = start(run_a, between[0]);
        close(between[0]);
        close(between[1]);
        check(a_.line->receive() == 0 && b_.line->receive() == 0, "both have started");
        for (const Event event : events_) {
            step(event);
            if (b_.is_alive() && is_committed_ && !has_ended_)
                check(b_.ask(is_shown) == 0, "nothing is shown before the fence has ended");
        }
        if (a_.is_alive()) step(Event::Kill);
        if (!is_unplugged_) step(Event::Unplug);
        if (b_.is_alive()) finish_b();
        must(client::plugboard("plug vgem >/dev/null") == 0, "plugboard plug");
    }

  private:
    void step(Event event) {
        switch (event) {
            case Event::Draw:
                if (!a_.is_alive()) return;
                check(a_.ask(static_cast<int32_t>(event)) == 0, "A draws");
                is_drawn_ = true;
                return;
            case Event::Signal: {
                if (!a_.is_alive()) return;
                const int32_t error = a_.ask(static_cast<int32_t>(event));
                check(error == (is_unplugged_ ? ENODEV : 0),
                      "FENCE_SIGNAL says errno " + std::to_string(error));
                end_fence({1});
                return;
            }
            case Event::Kill:
                if (!a_.is_alive()) return;
                a_.kill();
                end_fence({1, -ENODEV});  // the vgem may be pulled before the file is closed
                return;
            case Event::Unplug:
                if (is_unplugged_) return;
                must(client::plugboard("unplug vgem >/dev/null") == 0, "plugboard unplug");
                is_unplugged_ = true;
                end_fence({-ENODEV});
                return;
            case Event::KillB:
                if (b_.is_alive()) b_.kill();
                return;
            default: break;
        }
        if (!b_.is_alive()) return;
        const int32_t error = b_.ask(static_cast<int32_t>(event));
        check(error == 0, name_of(event) + " by B says errno " + std::to_string(error));
        if (event == Event::Commit) is_committed_ = error == 0;
    }

    void end_fence(std::set<int32_t> statuses) {
        if (!std::exchange(has_ended_, true)) statuses_ = std::move(statuses);
    }

    void finish_b() {
        const int32_t status = b_.ask(finish);
        if (is_committed_) {
            check(statuses_.contains(status), "the fence's status is " + std::to_string(status));
            const std::string picture = folder_ + (is_drawn_ ? "/drawn.png" : "/blank.png");
            check(client::plugboard("screenshot Virtual-1 " + folder_ + "/shot.png --diff " +
                                    picture + " >/dev/null") == 0,
                  "B's screen shows " + picture);
        }
        b_.line.reset();
        check(b_.wait() == 0, "B has seen what it had to");
    }

    const std::string folder_;
    const std::vector<Event> events_;
    Process a_, b_;
    bool is_drawn_ = false, is_committed_ = false, is_unplugged_ = false;
    bool has_ended_ = false;  // A's fence, or it will soon
    std::set<int32_t> statuses_;
};

/// Each event but those of A's end may be left out; B's are in their order.
std::vector<Event> any_events(std::mt19937& random) {
    const auto one_in = [&](uint32_t count) { return random() % count == 0; };
    std::vector<Event> events;
    for (const Event event : {Event::Draw, Event::Signal, Event::Kill, Event::Unplug})
        if (!one_in(4)) events.push_back(event);
    if (one_in(8)) events.push_back(Event::KillB);
    std::ranges::shuffle(events, random);
    size_t at = 0;
    for (const Event event : {Event::Import, Event::Commit, Event::Close}) {
        if (one_in(10)) break;
        at += random() % (events.size() - at + 1);
        events.insert(events.begin() + static_cast<std::ptrdiff_t>(at++), event);
    }
    return events;
}

}  // namespace

int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a run that is cut off has said how far it came
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() < 2) {
        std::fprintf(stderr, "usage: share FOLDER EVENT... | share FOLDER --rounds COUNT SEED\n");
        return 2;
    }
    if (words.size() == 4 && words[1] == "--rounds") {
        const auto count = std::stoul(words[2]), seed = std::stoul(words[3]);
        std::printf("PLUGBOARD_SEED=%lu\n", seed);
        std::mt19937 random(static_cast<uint32_t>(seed));
        for (size_t i = 0; i < count && failures == 0; ++i) {
            const auto events = any_events(random);
            std::printf("round %zu: %s\n", i + 1, text_of(events).c_str());
            Round(words[0], events).play();
        }
        std::printf("%lu rounds, %d failures\n", count, failures);
        return failures == 0 ? 0 : 1;
    }
    std::vector<Event> events;
    for (auto word = words.begin() + 1; word != words.end(); ++word) {
        const auto* name = std::ranges::find(event_names, *word);
        must(name != std::end(event_names), word->c_str());
        events.push_back(static_cast<Event>(name - std::begin(event_names)));
    }
    Round(words[0], events).play();
    std::printf("1 round, %d failures\n", failures);
    return failures == 0 ? 0 : 1;
}
