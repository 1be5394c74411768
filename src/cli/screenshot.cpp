// plugboard screenshot: what a screen shows, as a PNG.
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <span>

#include "cli/card_command.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/picture_file.h"

namespace plugboard::cli {
namespace {

/// The memory that came with the answer, mapped.
class Pixels {
  public:
    Pixels(const UniqueFd& memory, size_t size) : size_(size) {
        struct stat info {};
        const bool fits = memory.is_open() && fstat(memory.borrow(), &info) == 0 &&
                          static_cast<uint64_t>(info.st_size) >= size && size > 0;
        if (fits) data_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, memory.borrow(), 0);
        if (data_ == MAP_FAILED)
            throw Failure("the board sent no picture",
                          "use the plugboard of the board's own version");
    }
    ~Pixels() { munmap(data_, size_); }
    Pixels(const Pixels&) = delete;
    Pixels& operator=(const Pixels&) = delete;
    std::span<const uint8_t> bytes() const { return {static_cast<const uint8_t*>(data_), size_}; }

  private:
    void* data_ = MAP_FAILED;
    size_t size_;
};

}  // namespace

void add_screenshot(CLI::App& app, Action& action) {
    struct Options {
        std::string board;
        std::vector<std::string> words;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("screenshot", "Write what a screen shows to a PNG file");
    command->footer(
        "Example:\n"
        "  plugboard screenshot shot.png                   # the first screen\n"
        "  plugboard screenshot gpu0/Virtual-1 shot.png    # that one; plugboard status lists "
        "them");
    command->add_option("FILE", options->words, "[SCREEN] FILE.png")->required()->expected(1, 2);
    add_board_option(*command, options->board);
    command->callback([options, &action] {
        action = [options] {
            nlohmann::json request = {{"op", "screenshot"}};
            if (options->words.size() > 1) request["screen"] = options->words.front();
            const Answer answer = ask_board(find_board(options->board), request);
            const auto width = answer.body.value("width", 0u),
                       height = answer.body.value("height", 0u);
            const Pixels pixels(answer.attachment, size_t{3} * width * height);
            write_png(options->words.back(), width, height, pixels.bytes());
            print_output(fmt::format("{}: {}x{} of {}\n", options->words.back(), width, height,
                                     answer.body.value("name", "?")));
            return 0;
        };
    });
}

}  // namespace plugboard::cli
