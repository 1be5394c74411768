#include "examples/serial_line/reader.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <array>

#include "device/model.h"

namespace plugboard::serial {

Result<std::unique_ptr<Reader>> Reader::create(const Port& port, Ref<Line> line) {
    UniqueFd stop(eventfd(0, EFD_CLOEXEC));
    if (!stop.is_open()) return last_error();
    std::unique_ptr<Reader> reader(new Reader(port.fd(), std::move(stop), std::move(line)));
    device::Model& model = reader->line_->device().model();
    reader->thread_ = TRY(model.start_thread([run = reader.get()] { run->run(); }));
    return reader;
}

Reader::~Reader() {
    (void)eventfd_write(stop_.borrow(), 1);
    thread_.join();
    line_->hang_up();
}

void Reader::run() {
    for (;;) {
        std::array<pollfd, 2> ready{{{.fd = port_, .events = POLLIN, .revents = 0},
                                     {.fd = stop_.borrow(), .events = POLLIN, .revents = 0}}};
        if (poll(ready.data(), ready.size(), -1) < 0) continue;
        if (ready[1].revents != 0) return;
        if (ready[0].revents != 0 && !read_some()) break;
    }
    // The far end is gone. Deleting the device ends this thread, so another has to do it.
    auto device = Ref<device::Device>::share(line_->device());
    device->model().run_later([device] { device->del(); });
}

bool Reader::read_some() {
    std::array<char, 256> bytes{};
    const ssize_t count = ::read(port_, bytes.data(), bytes.size());
    if (count > 0) line_->receive({bytes.data(), static_cast<size_t>(count)});
    return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

}  // namespace plugboard::serial
