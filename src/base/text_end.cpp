#include "base/text_end.h"

#include <sys/socket.h>

#include <array>

#include "base/hangup_watch.h"

namespace plugboard {

void TextEnd::prepare(std::string_view content) {
    (void)take_bytes();
    if (!content.empty())
        send(ours_.borrow(), content.data(), content.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(ours_.borrow(), SHUT_WR);
}

std::string TextEnd::take_bytes() {
    std::string text;
    std::array<char, 4096> bytes{};
    for (;;) {
        const ssize_t count = recv(ours_.borrow(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (count <= 0) return text;
        text.append(bytes.data(), static_cast<size_t>(count));
    }
}

void TextEnd::hang_up() {
    HangupWatch::shut_down(ours_.borrow());
}

}  // namespace plugboard
