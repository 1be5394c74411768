#include "cli/run_follower.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace plugboard::cli {

using nlohmann::json;

void RunFollower::tell(const json& news) const {
    if (!is_there()) return;
    const std::string line = news.dump() + "\n";
    send(socket_.borrow(), line.data(), line.size(), MSG_NOSIGNAL);
}

std::vector<int> RunFollower::take_signals() {
    std::vector<int> signals;
    std::array<char, 64> bytes{};
    while (is_there()) {
        const ssize_t count = recv(socket_.borrow(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) break;
        if (count <= 0) {
            socket_.reset();
            break;
        }
        const json wish = json::parse(bytes.data(), bytes.data() + count, nullptr, false);
        if (wish.is_object()) signals.push_back(wish.value("signal", 0));
    }
    return signals;
}

}  // namespace plugboard::cli
