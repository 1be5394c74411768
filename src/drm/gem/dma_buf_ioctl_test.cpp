#include "drm/gem/dma_buf_ioctl.h"

#include <gtest/gtest.h>
#include <linux/dma-buf.h>
#include <sys/mman.h>

#include <cstring>
#include <string>

#include "base/clock.h"
#include "base/wait.h"
#include "uapi/in_process_memory.h"

namespace plugboard::drm::gem {
namespace {

class DmaBufIoctl : public testing::Test {
  protected:
    int call(uint32_t command, const void* argument) {
        uapi::InProcessMemory memory;
        ThreadSleeper sleeper(Clock::real());
        Request request(memory, sleeper, {.pid = 1, .uid = 1000, .gid = 1000});
        request.keep_reasons();
        const auto done = gem::ioctl(request, *buffer_, command,
                                     uapi::UserAddress{reinterpret_cast<uintptr_t>(argument)});
        reason_ = request.reason();
        return done.ok() ? *done : static_cast<int>(done.error());
    }
    int sync(uint64_t flags) {
        const dma_buf_sync argument{flags};
        return call(DMA_BUF_IOCTL_SYNC, &argument);
    }
    Ref<DmaBuf> buffer_ = *DmaBuf::create(4096, 0);
    std::string reason_;
};

TEST_F(DmaBufIoctl, sync_takes_read_write_and_both_at_start_and_end) {
    for (const uint64_t access : {1u, 2u, 3u}) {  // READ, WRITE, RW
        EXPECT_EQ(sync(DMA_BUF_SYNC_START | access), 0);
        EXPECT_EQ(sync(DMA_BUF_SYNC_END | access), 0);
    }
}

TEST_F(DmaBufIoctl, sync_refuses_other_flags) {
    EXPECT_EQ(sync(8 | DMA_BUF_SYNC_READ), EINVAL);
    EXPECT_EQ(reason_, "DMA_BUF_IOCTL_SYNC: flags 0x9: not READ, WRITE or both");
    EXPECT_EQ(sync(DMA_BUF_SYNC_END), EINVAL);
    EXPECT_EQ(sync(uint64_t{1} << 32 | DMA_BUF_SYNC_READ), EINVAL);
    EXPECT_EQ(call(DMA_BUF_IOCTL_SYNC, reinterpret_cast<void*>(8)), EFAULT);
}

TEST_F(DmaBufIoctl, a_name_is_at_most_31_characters) {
    EXPECT_EQ(call(DMA_BUF_SET_NAME, "scanout"), 0);
    EXPECT_EQ(buffer_->name(), "scanout");
    const std::string longest(31, 'n');
    EXPECT_EQ(call(DMA_BUF_SET_NAME_B, longest.c_str()), 0);
    EXPECT_EQ(buffer_->name(), longest);
    EXPECT_EQ(call(DMA_BUF_SET_NAME_A, (longest + "n").c_str()), EINVAL);
    EXPECT_EQ(reason_, "DMA_BUF_SET_NAME: more than 31 characters");
    EXPECT_EQ(buffer_->name(), longest);
    EXPECT_EQ(call(DMA_BUF_SET_NAME, ""), 0);
    EXPECT_EQ(buffer_->name(), "");
    EXPECT_EQ(call(DMA_BUF_SET_NAME, reinterpret_cast<void*>(8)), EFAULT);
}

TEST_F(DmaBufIoctl, a_name_may_end_with_the_last_page_that_there_is) {
    auto* pages = static_cast<char*>(
        mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(pages, MAP_FAILED);
    ASSERT_EQ(mprotect(pages + 4096, 4096, PROT_NONE), 0);
    std::memcpy(pages + 4096 - 4, "end", 4);
    EXPECT_EQ(call(DMA_BUF_SET_NAME, pages + 4096 - 4), 0);
    EXPECT_EQ(buffer_->name(), "end");
    std::memcpy(pages + 4096 - 4, "endl", 4);
    EXPECT_EQ(call(DMA_BUF_SET_NAME, pages + 4096 - 4), EFAULT);
    munmap(pages, 8192);
}

TEST_F(DmaBufIoctl, others_are_not_there) {
    EXPECT_EQ(call(_IOWR('b', 2, uint64_t), nullptr), ENOTTY);
    EXPECT_EQ(call(_IOW('b', 7, uint64_t), nullptr), ENOTTY);
}

}  // namespace
}  // namespace plugboard::drm::gem
