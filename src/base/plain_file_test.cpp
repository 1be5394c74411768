// What is read, and why what is not is not.
#include "base/plain_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "tests/support/temporary_folder.h"

namespace plugboard {
namespace {

using ::testing::VariantWith;

class PlainFile : public testing::Test {
  protected:
    std::string file(const std::string& bytes) const {
        std::ofstream(folder_.path() + "/file") << bytes;
        return folder_.path() + "/file";
    }
    const tests::TemporaryFolder folder_;
};

TEST_F(PlainFile, is_read_whole_up_to_the_limit) {
    const std::string bytes = std::string(100'000, 'a') + '\0' + "b";
    EXPECT_THAT(read_plain_file(file(bytes), bytes.size()), VariantWith<std::string>(bytes));
    EXPECT_THAT(read_plain_file(file(bytes), bytes.size() - 1),
                VariantWith<UnreadFile>(UnreadFile::TooLarge));
    EXPECT_THAT(read_plain_file(file(""), 0), VariantWith<std::string>(""));
}

TEST_F(PlainFile, is_no_folder_pipe_or_device) {
    EXPECT_THAT(read_plain_file(folder_.path(), 10), VariantWith<UnreadFile>(UnreadFile::Folder));
    const std::string pipe = folder_.path() + "/pipe";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_THAT(read_plain_file(pipe, 10), VariantWith<UnreadFile>(UnreadFile::Pipe));
    EXPECT_THAT(read_plain_file("/dev/zero", 10), VariantWith<UnreadFile>(UnreadFile::Device));
}

TEST_F(PlainFile, that_is_not_there_or_has_no_data_says_so) {
    EXPECT_THAT(read_plain_file(folder_.path() + "/none", 10),
                VariantWith<UnreadFile>(UnreadFile::NotOpened));
    // A file of a process whose memory at 0 nobody may read.
    EXPECT_THAT(read_plain_file("/proc/self/mem", 10), VariantWith<UnreadFile>(UnreadFile::NoData));
}

}  // namespace
}  // namespace plugboard
