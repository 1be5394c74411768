#include "base/log.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <deque>
#include <mutex>

namespace plugboard::log {
namespace {

struct Word {
    std::string_view name;
    Category category;
};

constexpr std::array words = {
    Word{"core", Category::Core},     Word{"driver", Category::Driver},
    Word{"kms", Category::Kms},       Word{"prime", Category::Prime},
    Word{"atomic", Category::Atomic}, Word{"vblank", Category::Vblank},
    Word{"state", Category::State},   Word{"lease", Category::Lease},
    Word{"devres", Category::Devres}, Word{"device", Category::Device},
    Word{"ioctl", Category::Ioctl},   Word{"error", Category::Error},
};

void to_stderr(Category category, std::string_view line) {
    const auto name = category_name(category);
    std::fprintf(stderr, "[plugboard:%.*s] %.*s\n", static_cast<int>(name.size()), name.data(),
                 static_cast<int>(line.size()), line.data());
}

/// Sinks are replaced at start-up and by tests. Those that were stay: a line may still be in one.
struct Output {
    std::mutex mutex;  // a leaf below every class
    std::deque<Sink> sinks;
    std::atomic<const Sink*> sink;

    Output() { use(to_stderr); }
    void use(Sink next) { sink = &sinks.emplace_back(std::move(next)); }
};
Output& output() {
    static Output* instance = new Output;
    return *instance;
}

}  // namespace

std::atomic<uint32_t> enabled_mask{0};

std::string_view category_name(Category category) {
    for (const Word& word : words) {
        if (word.category == category) return word.name;
    }
    return "?";
}

Result<uint32_t> parse_categories(std::string_view text) {
    if (text.starts_with("0x")) {
        uint32_t mask = 0;
        const auto [end, error] =
            std::from_chars(text.data() + 2, text.data() + text.size(), mask, 16);
        if (error != std::errc() || end != text.data() + text.size()) return Errno::Inval;
        return mask;
    }
    uint32_t mask = 0;
    while (!text.empty()) {
        const auto comma = text.find(',');
        const std::string_view name = text.substr(0, comma);
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
        if (name == "all") {
            mask = ~0u;
            continue;
        }
        bool known = false;
        for (const Word& word : words) {
            if (word.name != name) continue;
            mask |= static_cast<uint32_t>(word.category);
            known = true;
        }
        if (!known) return Errno::Inval;
    }
    return mask;
}

std::string category_words() {
    std::string text;
    for (const Word& word : words) {
        if (word.category == Category::Error) continue;  // always on
        if (!text.empty()) text += ", ";
        text += word.name;
    }
    return text;
}

Sink set_sink(Sink sink) {
    std::lock_guard lock(output().mutex);
    Sink old = *output().sink;
    output().use(std::move(sink));
    return old;
}

void write(Category category, std::string_view line) {
    (*output().sink.load())(category, line);
}

}  // namespace plugboard::log
