#include "uapi/in_process_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace plugboard::uapi {
namespace {

UserAddress address(void* pointer) {
    return UserAddress{reinterpret_cast<uint64_t>(pointer)};
}

TEST(InProcessMemory, reads_and_writes_values) {
    InProcessMemory memory;
    uint32_t value = 7;
    EXPECT_EQ(memory.read_value<uint32_t>(address(&value)).value(), 7u);
    EXPECT_TRUE(memory.write_value(address(&value), uint32_t{9}).ok());
    EXPECT_EQ(value, 9u);
}

TEST(InProcessMemory, faults_where_nothing_is_mapped) {
    InProcessMemory memory;
    EXPECT_EQ(memory.read_value<uint32_t>(UserAddress{8}).error(), Errno::Fault);
    EXPECT_EQ(memory.write_value_now(UserAddress{8}, uint32_t{1}).error(), Errno::Fault);
}

TEST(InProcessMemory, faults_at_the_end_of_a_mapping) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    auto* pages = static_cast<char*>(
        mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    munmap(pages + page, page);
    InProcessMemory memory;
    EXPECT_TRUE(memory.read_value<uint32_t>(address(pages + page - 4)).ok());
    EXPECT_EQ(memory.read_value<uint32_t>(address(pages + page - 2)).error(), Errno::Fault);
    munmap(pages, page);
}

TEST(InProcessMemory, nothing_is_read_for_an_empty_range) {
    InProcessMemory memory;
    EXPECT_TRUE(memory.read({}, UserAddress{8}).ok());
}

TEST(InProcessMemory, a_failed_request_takes_its_descriptors_back) {
    InProcessMemory memory;
    const int kept = memory.install_fd(UniqueFd(dup(0)), OnExec::Keep).value();
    memory.end_request(false);
    const int taken_back = memory.install_fd(UniqueFd(dup(0)), OnExec::Keep).value();
    memory.end_request(true);
    EXPECT_GE(fcntl(kept, F_GETFD), 0);
    EXPECT_LT(fcntl(taken_back, F_GETFD), 0);
    ::close(kept);
    EXPECT_EQ(memory.take_fd(taken_back).error(), Errno::BadF);
}

TEST(InProcessMemory, a_descriptor_is_closed_on_exec_if_wanted_so) {
    InProcessMemory memory;
    const int closed = memory.install_fd(UniqueFd(dup(0)), OnExec::Close).value();
    const int kept = memory.install_fd(UniqueFd(dup(0)), OnExec::Keep).value();
    EXPECT_EQ(fcntl(closed, F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(fcntl(kept, F_GETFD), 0);
    memory.end_request(true);
}

}  // namespace
}  // namespace plugboard::uapi
