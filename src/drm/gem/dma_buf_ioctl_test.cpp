#include "drm/gem/dma_buf_ioctl.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/dma-buf.h>
#include <sys/mman.h>

#include <cstring>
#include <future>
#include <string>

#include "base/clock.h"
#include "base/wait.h"
#include "device/model.h"
#include "drm/sync/fence_array.h"
#include "drm/sync/sync_file.h"
#include "tests/support/threads.h"
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
        const auto done = gem::ioctl(request, *buffer_, files_, command,
                                     uapi::UserAddress{reinterpret_cast<uintptr_t>(argument)});
        memory.end_request(!done.ok());
        reason_ = request.reason();
        return done.ok() ? *done : static_cast<int>(done.error());
    }
    /// The descriptor of an export, or minus the errno.
    int export_file(uint32_t flags) {
        dma_buf_export_sync_file argument{.flags = flags, .fd = -1};
        const int error = call(DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &argument);
        return error == 0 ? argument.fd : -error;
    }
    int import_file(uint32_t flags, int fd) {
        const dma_buf_import_sync_file argument{.flags = flags, .fd = fd};
        return call(DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &argument);
    }
    /// The fence of an export.
    Ref<Fence> exported(uint32_t flags) {
        const UniqueFd fd(export_file(flags));
        return files_.import_fence(fd).value();
    }
    static Ref<Fence> make_fence() {
        return Fence::create(
            Clock::real(),
            {.context = next_fence_context(), .seqno = 1, .driver = "test", .timeline = "test"});
    }
    device::Model model_;
    SpecialFiles& files_ = model_.service<SpecialFiles>();
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

TEST_F(DmaBufIoctl, sync_waits_for_writers_before_a_read_and_for_all_before_a_write) {
    const auto write = make_fence(), read = make_fence();
    buffer_->add_fence(write, Usage::Write);
    buffer_->add_fence(read, Usage::Read);
    EXPECT_EQ(sync(DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE), 0) << "an end waits for nothing";
    auto reader = std::async(std::launch::async, [&] { return sync(DMA_BUF_SYNC_READ); });
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(reader));
    write->signal(Errno::Io);
    EXPECT_EQ(reader.get(), 0) << "an error of the fence is none of the wait";
    auto writer = std::async(std::launch::async, [&] { return sync(DMA_BUF_SYNC_WRITE); });
    tests::wait_until_others_sleep();
    EXPECT_FALSE(tests::is_ready(writer));
    read->signal();
    EXPECT_EQ(writer.get(), 0);
}

TEST_F(DmaBufIoctl, signal_ends_the_wait_of_sync) {
    buffer_->add_fence(make_fence(), Usage::Write);
    uapi::InProcessMemory memory;
    ThreadSleeper sleeper(Clock::real());
    sleeper.interrupt();
    Request request(memory, sleeper, {});
    const dma_buf_sync argument{DMA_BUF_SYNC_READ};
    const auto done = gem::ioctl(request, *buffer_, files_, DMA_BUF_IOCTL_SYNC,
                                 uapi::UserAddress{reinterpret_cast<uintptr_t>(&argument)});
    EXPECT_EQ(done.error(), Errno::Intr);
    buffer_->fences(Usage::Write).front()->signal();
}

TEST_F(DmaBufIoctl, fences_are_exported_as_a_sync_file) {
    EXPECT_TRUE(exported(DMA_BUF_SYNC_RW)->is_signaled()) << "there is none";
    const auto write = make_fence(), read = make_fence();
    buffer_->add_fence(write, Usage::Write);
    EXPECT_EQ(&*exported(DMA_BUF_SYNC_WRITE), &*write);
    buffer_->add_fence(read, Usage::Read);
    EXPECT_EQ(&*exported(DMA_BUF_SYNC_READ), &*write) << "who reads waits for writers";
    const auto both = exported(DMA_BUF_SYNC_WRITE);
    EXPECT_EQ(leaves(both).size(), 2u);
    write->signal();
    EXPECT_FALSE(both->is_signaled());
    read->signal();
    EXPECT_TRUE(both->is_signaled());
}

TEST_F(DmaBufIoctl, sync_file_is_imported_leaf_by_leaf) {
    const auto one = make_fence(), two = make_fence();
    const UniqueFd fd = files_.export_fence(make_array({one, two})).value();
    EXPECT_EQ(import_file(DMA_BUF_SYNC_READ, fd.borrow()), 0);
    EXPECT_TRUE(buffer_->fences(Usage::Write).empty());
    EXPECT_EQ(buffer_->fences(Usage::Read).size(), 2u);
    EXPECT_EQ(import_file(DMA_BUF_SYNC_RW, fd.borrow()), 0);
    EXPECT_EQ(buffer_->fences(Usage::Write).size(), 2u);
    one->signal();
    two->signal();
    EXPECT_EQ(import_file(DMA_BUF_SYNC_WRITE, fd.borrow()), 0);
    EXPECT_TRUE(buffer_->fences(Usage::Bookkeep).empty()) << "what is over is not added";
}

TEST_F(DmaBufIoctl, sync_files_are_refused_as_by_the_kernel) {
    EXPECT_EQ(export_file(0), -EINVAL);
    EXPECT_EQ(export_file(8 | DMA_BUF_SYNC_READ), -EINVAL);
    EXPECT_EQ(export_file(DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ), -EINVAL);
    EXPECT_EQ(reason_, "DMA_BUF_IOCTL_EXPORT_SYNC_FILE: flags 0x5: not READ, WRITE or both");
    EXPECT_EQ(call(DMA_BUF_IOCTL_EXPORT_SYNC_FILE, reinterpret_cast<void*>(8)), EFAULT);
    const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    EXPECT_EQ(import_file(0, null.borrow()), EINVAL);
    EXPECT_EQ(import_file(DMA_BUF_SYNC_READ, null.borrow()), EINVAL);
    EXPECT_EQ(import_file(DMA_BUF_SYNC_READ, -1), EINVAL);
    EXPECT_EQ(reason_, "DMA_BUF_IOCTL_IMPORT_SYNC_FILE: fd -1 is not a sync_file");
    EXPECT_EQ(call(DMA_BUF_IOCTL_IMPORT_SYNC_FILE, reinterpret_cast<void*>(8)), EFAULT);
}

TEST_F(DmaBufIoctl, others_are_not_there) {
    EXPECT_EQ(call(_IOWR('b', 4, uint64_t), nullptr), ENOTTY);
    EXPECT_EQ(call(_IOW('b', 7, uint64_t), nullptr), ENOTTY);
    EXPECT_EQ(reason_, "0x40086207 is no ioctl of a dma-buf");
}

}  // namespace
}  // namespace plugboard::drm::gem
