#include "daemon/config/json_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace plugboard::daemon {

using nlohmann::json;

namespace {

/// Reads past everything, up to what is no JSON.
struct FirstMistake final : nlohmann::json_sax<json> {
    size_t byte = 0;
    bool is_number = false;

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(size_t) override { return true; }
    bool key(string_t&) override { return true; }
    bool end_object() override { return true; }
    bool start_array(size_t) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(size_t position, const std::string&,
                     const nlohmann::detail::exception& error) override {
        byte = position;
        is_number = dynamic_cast<const json::out_of_range*>(&error) != nullptr;
        return false;
    }
};

/// Of the first bracket that is too deep, if the text is JSON.
std::optional<size_t> find_deep_bracket(std::string_view text) {
    size_t depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_text && c == '\\') {
            ++i;
        } else if (c == '"') {
            in_text = !in_text;
        } else if (!in_text && (c == '[' || c == '{')) {
            if (++depth > deepest_json) return i;
        } else if (!in_text && (c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return std::nullopt;
}

int line_at(std::string_view text, size_t byte) {
    const auto end = text.begin() + static_cast<ptrdiff_t>(std::min(byte, text.size()));
    return static_cast<int>(std::count(text.begin(), end, '\n')) + 1;
}

}  // namespace

void JsonPlace::fail(std::string message, std::string remedy) const {
    throw Problem{.message = std::move(message),
                  .remedy = std::move(remedy),
                  .key = key_.empty() ? "/" : key_};
}

std::optional<JsonPlace> JsonPlace::find(std::string_view member) const {
    if (!value_->is_object()) fail("must be an object", "write { ... }");
    const auto found = value_->find(member);
    if (found == value_->end()) return std::nullopt;
    if (found->is_null() && nulls_ == Nulls::AreMissing) return std::nullopt;
    return JsonPlace(
        *found, key_.empty() ? std::string(member) : fmt::format("{}.{}", key_, member), nulls_);
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
        items.emplace_back(item, fmt::format("{}[{}]", key_, items.size()), nulls_);
    return items;
}

std::vector<std::pair<std::string, JsonPlace>> JsonPlace::members(size_t most) const {
    if (!value_->is_object()) fail("must be an object", "write { ... }");
    if (value_->size() > most)
        fail(fmt::format("has {} members", value_->size()), fmt::format("use at most {}", most));
    std::vector<std::pair<std::string, JsonPlace>> members;
    for (const auto& [name, value] : value_->items())
        members.emplace_back(
            name, JsonPlace(value, key_.empty() ? name : fmt::format("{}.{}", key_, name), nulls_));
    return members;
}

uint64_t JsonPlace::number(uint64_t most) const {
    const bool is_whole = value_->is_number_unsigned() ||
                          (value_->is_number_integer() && value_->get<int64_t>() >= 0);
    if (!is_whole || value_->get<uint64_t>() > most)
        fail(fmt::format("must be a whole number up to {}", most), "write digits alone");
    return value_->get<uint64_t>();
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

std::string JsonPlace::text_or(std::string_view member, size_t most,
                               std::string_view otherwise) const {
    const auto found = find(member);
    return found ? found->text(most) : std::string(otherwise);
}

bool JsonPlace::boolean() const {
    if (!value_->is_boolean()) fail("must be true or false", "write true or false");
    return value_->get<bool>();
}

bool JsonPlace::boolean_or(std::string_view member, bool otherwise) const {
    const auto found = find(member);
    return found ? found->boolean() : otherwise;
}

json parse_json(std::string_view text) {
    if (const auto bracket = find_deep_bracket(text)) {
        Problem deep{
            .message = fmt::format("has more than {} brackets in each other", deepest_json),
            .remedy = "take them out; a card's have 9"};
        deep.line = line_at(text, *bracket);
        throw deep;
    }
    FirstMistake mistake;
    if (json::sax_parse(text, &mistake)) return json::parse(text);
    Problem problem{.message = "is no JSON from here on",
                    .remedy = "make the file anew, or mend what stands there",
                    .line = line_at(text, mistake.byte)};
    if (mistake.is_number) {
        problem.message = "has a number that is too large for any purpose";
        problem.remedy = "write one of fewer digits";
    }
    throw problem;
}

}  // namespace plugboard::daemon
