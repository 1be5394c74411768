// Every ioctl of every device keeps its contract, and what its row says of all its kind.
#include "tests/contract/contract.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <future>
#include <iterator>
#include <memory>
#include <string>

#include "base/ref.h"
#include "drm/descriptor_ioctls.h"
#include "drm/driver_ioctl.h"
#include "uapi/ioctl_fields.h"

namespace plugboard::tests {
namespace {

/// Fails when the scene has left objects behind.
class IoctlContract : public testing::TestWithParam<Contract> {
  protected:
    ~IoctlContract() override {
        scene_.reset();
        EXPECT_EQ(live_object_count(), objects_);
    }
    Scene& scene() { return *scene_; }
    void start_again(Switches switches) {
        scene_.reset();
        scene_ = std::make_unique<Scene>(switches);
    }
    void start_again() { start_again(contract.switches); }

    const Contract& contract = GetParam();

  private:
    const size_t objects_ = live_object_count();
    std::unique_ptr<Scene> scene_ = std::make_unique<Scene>(GetParam().switches);
};

/// Of the ioctls of a card.
class NodeContract : public IoctlContract {};
/// Of those of dma-bufs, sync files and timelines.
class DescriptorContract : public IoctlContract {};

void expect_refused(const Answer& answer, int error, const std::string& reason) {
    EXPECT_EQ(result_name(answer.error), result_name(error)) << answer.reason;
    EXPECT_FALSE(answer.reason.empty());
    EXPECT_NE(answer.reason.find(reason), std::string::npos) << answer.reason;
}

TEST_P(IoctlContract, a_good_call_succeeds) {
    ArgumentBytes argument = contract.good(scene());
    const Answer answer = contract.call(scene(), argument);
    if (contract.good_error == 0) {
        EXPECT_EQ(result_name(answer.error), "ok") << answer.reason;
    } else {
        expect_refused(answer, contract.good_error, contract.good_reason);
    }
    if (contract.is_no_operation) {
        EXPECT_EQ(argument, contract.good(scene()));
    }
}

TEST_P(IoctlContract, each_wrong_argument_has_its_errno_and_its_reason) {
    for (const Refusal& refusal : contract.refusals) {
        SCOPED_TRACE(refusal.what);
        start_again(refusal.switches.value_or(contract.switches));
        ArgumentBytes argument;
        if (!refusal.switches) argument = contract.good(scene());
        refusal.change(scene(), argument);
        Contract wrong = contract;
        wrong.target = refusal.target.value_or(contract.target);
        expect_refused(wrong.call(scene(), argument), refusal.error, refusal.reason);
    }
}

TEST_P(IoctlContract, each_bad_pointer_is_a_fault_with_a_reason) {
    if (_IOC_SIZE(contract.command) != 0) {
        const auto bad = reinterpret_cast<void*>(Scene::bad_pointer);
        const bool is_of_card = _IOC_TYPE(contract.command) == uapi::type_byte;
        expect_refused(contract.call(scene(), bad), EFAULT, is_of_card ? "0x8" : "argument");
    }
    for (const PointerMember& pointer : contract.pointers) {
        SCOPED_TRACE(pointer.name);
        start_again();
        ArgumentBytes argument = contract.good(scene());
        uint64_t good = 0;
        std::memcpy(&good, argument.data() + pointer.offset, sizeof(good));
        ASSERT_GT(good, Scene::bad_pointer);
        std::memcpy(argument.data() + pointer.offset, &Scene::bad_pointer, sizeof(good));
        expect_refused(contract.call(scene(), argument), EFAULT, "");
    }
}

TEST_P(NodeContract, after_unplug_it_is_ENODEV) {
    ArgumentBytes argument = contract.good(scene());
    scene().unplug();
    expect_refused(contract.call(scene(), argument), ENODEV, "is gone");
}

TEST_P(DescriptorContract, after_unplug_of_all_cards_it_is_what_it_was) {
    ArgumentBytes argument = contract.good(scene());
    contract.prepare(scene());  // while there is who makes a dma-buf
    scene().unplug();
    const Answer answer = contract.call(scene(), argument);
    EXPECT_EQ(result_name(answer.error), "ok") << answer.reason;
}

TEST_P(NodeContract, an_unplug_during_the_call_is_ENODEV) {
    ArgumentBytes argument = contract.good(scene());
    const drm::StopHook hook = [this](drm::Device&, const uapi::Ioctl&, drm::StopPoint point) {
        if (point == drm::StopPoint::AfterCopy) scene().unplug();
    };
    drm::stop_hook = &hook;
    const Answer answer = contract.call(scene(), argument);
    drm::stop_hook = nullptr;
    expect_refused(answer, ENODEV, "is gone");
}

TEST_P(IoctlContract, two_threads_may_call_it_at_once) {
    contract.prepare(scene());
    ArgumentBytes first = contract.good(scene());
    ArgumentBytes second = first;
    int answers[2] = {};
    answers[0] = scene().complete([&] {
        auto other = std::async(std::launch::async, [&] {
            return contract.call_at_once(scene(), second.data()).error;
        });
        const int mine = contract.call_at_once(scene(), first.data()).error;
        answers[1] = other.get();
        return mine;
    });
    const auto is_good = [&](int answer) { return answer == contract.good_error; };
    const auto may_be = [&](int answer) {
        return is_good(answer) || std::ranges::count(contract.second_errors, answer) != 0;
    };
    EXPECT_TRUE(is_good(answers[0]) || is_good(answers[1]));
    EXPECT_TRUE(may_be(answers[0])) << result_name(answers[0]);
    EXPECT_TRUE(may_be(answers[1])) << result_name(answers[1]);
}

TEST_P(NodeContract, its_row_says_who_may_call) {
    const uapi::Permissions needed = contract.row(scene()).permissions;
    std::vector<std::byte> zeros(_IOC_SIZE(contract.command));
    const auto refused = [&](Client& client, const std::string& reason) {
        const int error = client.ioctl(contract.command, zeros.data());
        expect_refused({error, client.reason()}, EACCES, reason);
    };
    if (needed.root_only) {
        refused(*scene().drawer, "only root");
        return;
    }
    if (!needed.render) {
        const std::string reason =
            needed.master ? "not the current master" : "not allowed on a render node";
        refused(*scene().renderer, reason);
    }
    if (needed.auth) refused(*scene().other, "not authenticated");
    if (needed.master && !needed.auth) {
        refused(*scene().other, "not the current master");
        scene().drop_master();
        refused(*scene().drawer, "not the current master");
    }
}

/// The row's; a driver's are known to a device only.
std::string name_of(const testing::TestParamInfo<Contract>& info) {
    const uint32_t command = info.param.command;
    const auto own = std::ranges::find(drm::descriptor_ioctls, command, &uapi::Ioctl::command);
    if (own != std::end(drm::descriptor_ioctls))
        return fmt::format("{}_of_{}_bytes", own->name, own->size());
    const uapi::Ioctl* core = uapi::find_ioctl(_IOC_NR(command));
    return core ? std::string(core->name) : fmt::format("driver_0x{:02x}", _IOC_NR(command));
}

const auto of_nodes = testing::ValuesIn(node_contracts());
const auto of_descriptors = testing::ValuesIn(descriptor_contracts());
INSTANTIATE_TEST_SUITE_P(Nodes, IoctlContract, of_nodes, name_of);
INSTANTIATE_TEST_SUITE_P(Nodes, NodeContract, of_nodes, name_of);
INSTANTIATE_TEST_SUITE_P(Descriptors, IoctlContract, of_descriptors, name_of);
INSTANTIATE_TEST_SUITE_P(Descriptors, DescriptorContract, of_descriptors, name_of);

void expect_pointer(const Contract& contract, size_t offset) {
    EXPECT_TRUE(std::ranges::any_of(
        contract.pointers, [&](const PointerMember& pointer) { return pointer.offset == offset; }))
        << "no bad pointer at offset " << offset;
}

TEST(IoctlContracts, there_is_one_for_each_row_and_it_names_the_pointers_that_the_table_knows) {
    Scene scene;
    size_t rows = 0;
    const auto check = [&](const uapi::Ioctl& row) {
        SCOPED_TRACE(row.name);
        rows++;
        const Contract* contract = find_contract(row.command);
        ASSERT_TRUE(contract);
        for (const uapi::UserArray& array : row.reads) {
            if (array.count_bytes != 0) expect_pointer(*contract, array.pointer_offset);
        }
        if (_IOC_TYPE(row.command) != uapi::type_byte) return;
        for (const uapi::Field& field : uapi::ioctl_fields(row.number())) {
            if (field.form == uapi::Form::UserIds) expect_pointer(*contract, field.offset);
        }
    };
    for (uint32_t number = 0; number < uapi::table_size; number++) {
        if (const uapi::Ioctl* row = uapi::find_ioctl(number)) check(*row);
    }
    for (const drm::DriverIoctl& own : scene.vgem().info().ioctls) check(own.row);
    EXPECT_EQ(node_contracts().size(), rows);
    for (const uapi::Ioctl& row : drm::descriptor_ioctls) check(row);
    EXPECT_EQ(node_contracts().size() + descriptor_contracts().size(), rows);
}

}  // namespace
}  // namespace plugboard::tests
