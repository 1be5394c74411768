#include "daemon/json_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace plugboard::daemon {

using nlohmann::json;

void JsonPlace::fail(std::string message, std::string remedy) const {
    throw Problem{.message = std::move(message),
                  .remedy = std::move(remedy),
                  .key = key_.empty() ? "/" : key_};
}

std::optional<JsonPlace> JsonPlace::find(std::string_view member) const {
    if (!value_->is_object()) fail("must be an object", "write { ... }");
    const auto found = value_->find(member);
    if (found == value_->end() || found->is_null()) return std::nullopt;
    return JsonPlace(*found,
                     key_.empty() ? std::string(member) : fmt::format("{}.{}", key_, member));
}

JsonPlace JsonPlace::at(std::string_view member) const {
    if (auto found = find(member)) return *std::move(found);
    fail(fmt::format("has no \"{}\"", member), fmt::format("add \"{}\"", member));
}

std::vector<JsonPlace> JsonPlace::items(size_t most) const {
    if (!value_->is_array()) fail("must be a list", "write [ ... ]");
    if (value_->size() > most)
        fail(fmt::format("has {} entries", value_->size()), fmt::format("at most {} are", most));
    std::vector<JsonPlace> items;
    for (const json& item : *value_)
        items.emplace_back(item, fmt::format("{}[{}]", key_, items.size()));
    return items;
}

std::vector<std::pair<std::string, JsonPlace>> JsonPlace::members(size_t most) const {
    if (!value_->is_object()) fail("must be an object", "write { ... }");
    if (value_->size() > most)
        fail(fmt::format("has {} members", value_->size()), fmt::format("use at most {}", most));
    std::vector<std::pair<std::string, JsonPlace>> members;
    for (const auto& [name, value] : value_->items())
        members.emplace_back(name, JsonPlace(value, fmt::format("{}.{}", key_, name)));
    return members;
}

uint64_t JsonPlace::number(uint64_t most) const {
    const auto* number = value_->get_ptr<const json::number_unsigned_t*>();
    if (number == nullptr || *number > most)
        fail(fmt::format("must be a whole number up to {}", most), "write digits alone");
    return *number;
}

uint64_t JsonPlace::number_or(std::string_view member, uint64_t most, uint64_t otherwise) const {
    const auto found = find(member);
    return found ? found->number(most) : otherwise;
}

std::string JsonPlace::text(size_t most) const {
    const auto* text = value_->get_ptr<const json::string_t*>();
    if (text == nullptr) fail("must be a text", "write it in double quotes");
    if (text->size() > most || text->find('\0') != text->npos)
        fail(fmt::format("has more than {} characters, or one that is 0", most), "shorten it");
    return *text;
}

bool JsonPlace::boolean() const {
    if (!value_->is_boolean()) fail("must be true or false", "write true or false");
    return value_->get<bool>();
}

json parse_json(std::string_view text) {
    try {
        return json::parse(text);
    } catch (const json::parse_error& error) {
        const auto end = std::min(error.byte, text.size());
        const auto lines =
            std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(end), '\n');
        throw Problem{.message = "is no JSON from here on",
                      .remedy = "make the file anew, or mend what stands there",
                      .line = static_cast<int>(lines) + 1};
    }
}

}  // namespace plugboard::daemon
