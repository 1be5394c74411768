// Random sequences on a devres list, compared step by step with a plain model of the kernel's
// rules. What fails is made smaller and printed as a script.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <string>
#include <vector>

#include "device/test_support.h"

namespace plugboard::device {
namespace {

using testing::Lines;
using testing::named;
using testing::Quiet;
using testing::Trace;

enum class Verb { Add, Remove, Release, Find, Open, Close, Forget, ReleaseGroup };

constexpr std::array<const char*, 8> verb_names = {
    "add", "remove", "release", "find", "open", "close", "remove_group", "release_group"};

/// An action's number, or a group's: 0 is the null id.
struct Step {
    Verb verb{};
    unsigned number = 0;
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
    return out << verb_names[static_cast<size_t>(step.verb)] << ' ' << step.number << '\n';
}

constexpr unsigned numbers = 4;

/// The rules, by a list that is searched: facts of drivers/base/devres.c without its code.
class DevresModel {
  public:
    void add(unsigned number) { items_.push_back({Item::Action, number, next_++}); }
    bool has(unsigned number) const { return newest(number) != items_.size(); }
    bool remove(unsigned number) {
        const size_t at = newest(number);
        if (at == items_.size()) return false;
        items_.erase(items_.begin() + static_cast<long>(at));
        return true;
    }
    void open(unsigned id) { items_.push_back({Item::Open, id, next_++}); }
    /// -1: none; -2: closed already.
    int close(unsigned id) {
        const size_t at = find_group(id);
        if (at == items_.size()) return -1;
        if (is_closed(items_[at].serial)) return -2;
        items_.push_back({Item::Close, id, items_[at].serial});
        return 0;
    }
    bool forget(unsigned id) {
        const size_t at = find_group(id);
        if (at == items_.size()) return false;
        const size_t serial = items_[at].serial;
        std::erase_if(items_, [&](const Item& item) {
            return item.kind != Item::Action && item.serial == serial;
        });
        return true;
    }
    /// The actions that run, in order; -1: no such group.
    int release_group(unsigned id, Lines& run) {
        const size_t first = find_group(id);
        if (first == items_.size()) return items_.empty() ? 0 : -1;
        size_t end = items_.size();
        for (size_t i = first; i < items_.size(); i++) {
            if (items_[i].kind == Item::Close && items_[i].serial == items_[first].serial)
                end = i + 1;
        }
        return release(first, end, run);
    }
    int release_all(Lines& run) { return release(0, items_.size(), run); }
    size_t size() const {
        return static_cast<size_t>(std::ranges::count_if(
            items_, [](const Item& item) { return item.kind == Item::Action; }));
    }

  private:
    struct Item {
        enum Kind { Action, Open, Close } kind;
        unsigned number;  // an action's, or a group's id
        size_t serial;    // of the action, or its group's
    };
    size_t newest(unsigned number) const {
        for (size_t i = items_.size(); i > 0; i--) {
            if (items_[i - 1].kind == Item::Action && items_[i - 1].number == number) return i - 1;
        }
        return items_.size();
    }
    bool is_closed(size_t serial) const {
        return std::ranges::any_of(items_, [&](const Item& item) {
            return item.kind == Item::Close && item.serial == serial;
        });
    }
    size_t find_group(unsigned id) const {
        for (size_t i = items_.size(); i > 0; i--) {
            const Item& item = items_[i - 1];
            if (item.kind != Item::Open) continue;
            if (id == 0 ? !is_closed(item.serial) : item.number == id) return i - 1;
        }
        return items_.size();
    }
    int release(size_t first, size_t end, Lines& run) {
        std::vector<Item> kept, range;
        for (size_t i = 0; i < items_.size(); i++)
            (i >= first && i < end ? range : kept).push_back(items_[i]);
        int count = 0;
        for (size_t i = range.size(); i > 0; i--) {
            if (range[i - 1].kind != Item::Action) continue;
            run.push_back(std::to_string(range[i - 1].number));
            count++;
        }
        // A group whose markers are all in the range goes; of others the markers stay.
        std::vector<Item> markers;
        for (const Item& item : range) {
            if (item.kind == Item::Action) continue;
            const bool has_open = std::ranges::any_of(range, [&](const Item& other) {
                return other.kind == Item::Open && other.serial == item.serial;
            });
            const bool has_close = std::ranges::any_of(range, [&](const Item& other) {
                return other.kind == Item::Close && other.serial == item.serial;
            });
            const bool is_whole = has_open && (has_close || !is_closed(item.serial));
            if (!is_whole) markers.push_back(item);
        }
        kept.insert(kept.begin() + static_cast<long>(first), markers.begin(), markers.end());
        items_ = kept;
        return count;
    }

    std::vector<Item> items_;
    size_t next_ = 1;
};

/// Plays steps on both and says where they differ first.
class DevresStorm {
  public:
    explicit DevresStorm(size_t fillers) {
        for (size_t i = 0; i < fillers; i++) {
            devres().add_action("filler", action(numbers)).value();
            model_.add(numbers);
        }
    }
    std::string play(const std::vector<Step>& steps) {
        for (size_t i = 0; i < steps.size(); i++) {
            const auto difference = play_one(steps[i]);
            if (!difference.empty()) return "step " + std::to_string(i) + ": " + difference;
        }
        Lines expected;
        model_.release_all(expected);
        device_->del();
        return compare(expected, "at the end");
    }

  private:
    struct Data {
        DevresStorm* storm;
        unsigned number;
    };
    Devres& devres() { return device_->devres(); }
    Action action(unsigned number) {
        data_[number] = {this, number};
        return {[](void* of) {
                    auto* data = static_cast<Data*>(of);
                    data->storm->run_.push_back(std::to_string(data->number));
                },
                &data_[number]};
    }
    GroupId id(unsigned number) const { return number == 0 ? nullptr : &ids_[number]; }
    std::string compare(const Lines& expected, const char* what) {
        const Lines ran = std::exchange(run_, {});
        if (ran != expected) return std::string("other actions ran ") + what;
        if (devres().size() != model_.size()) return "the size differs";
        return {};
    }
    static std::string same(int expected, int found, const char* what) {
        if (expected == found) return {};
        return std::string(what) + ": the model says " + std::to_string(expected) + ", the list " +
               std::to_string(found);
    }

    std::string play_one(const Step& step) {
        Lines expected;
        std::string difference;
        switch (step.verb) {
            case Verb::Add:
                model_.add(step.number);
                devres().add_action("storm", action(step.number)).value();
                break;
            case Verb::Remove:
                difference = same(model_.remove(step.number),
                                  devres().destroy(action(step.number).key()).ok(), "remove");
                break;
            case Verb::Release:
                if (model_.has(step.number)) expected.push_back(std::to_string(step.number));
                difference = same(model_.remove(step.number),
                                  devres().release(action(step.number).key()).ok(), "release");
                break;
            case Verb::Find:
                difference = same(model_.has(step.number),
                                  devres().is_action_added(action(step.number)), "find");
                break;
            case Verb::Open:
                model_.open(step.number);
                devres().open_group(id(step.number)).value();
                break;
            case Verb::Close: {
                const auto closed = devres().close_group(id(step.number));
                const int found = closed.ok() ? 0 : closed.error() == Errno::NoEnt ? -1 : -2;
                difference = same(model_.close(step.number), found, "close");
                break;
            }
            case Verb::Forget:
                difference = same(model_.forget(step.number),
                                  devres().remove_group(id(step.number)).ok(), "remove_group");
                break;
            case Verb::ReleaseGroup: {
                const int count = model_.release_group(step.number, expected);
                const auto released = devres().release_group(id(step.number));
                difference =
                    same(count, released.ok() ? static_cast<int>(*released) : -1, "release_group");
                break;
            }
        }
        return difference.empty() ? compare(expected, "in it") : difference;
    }

    DevresModel model_;
    Model devices_;
    Ref<Device> device_ = Device::create(devices_, named("storm")).value();
    std::array<Data, numbers + 1> data_{};
    std::array<char, numbers + 1> ids_{};
    Lines run_;
};

rc::Gen<std::vector<Step>> any_steps() {
    const auto verb = rc::gen::weightedElement<Verb>({{12, Verb::Add},
                                                      {3, Verb::Remove},
                                                      {3, Verb::Release},
                                                      {2, Verb::Find},
                                                      {6, Verb::Open},
                                                      {5, Verb::Close},
                                                      {1, Verb::Forget},
                                                      {3, Verb::ReleaseGroup}});
    return rc::gen::container<std::vector<Step>>(
        rc::gen::build<Step>(rc::gen::set(&Step::verb, verb),
                             rc::gen::set(&Step::number, rc::gen::inRange(0u, numbers))));
}

RC_GTEST_PROP(DevresStorm, short_list_keeps_the_rules, ()) {
    const Quiet quiet;
    const auto steps = *any_steps();
    const auto difference = DevresStorm(0).play(steps);
    if (!difference.empty()) RC_FAIL(difference);
}

RC_GTEST_PROP(DevresStorm, list_with_an_index_keeps_the_rules, ()) {
    const Quiet quiet;
    const auto steps = *any_steps();
    const auto difference = DevresStorm(40).play(steps);
    if (!difference.empty()) RC_FAIL(difference);
}

}  // namespace
}  // namespace plugboard::device
