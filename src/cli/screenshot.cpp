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

struct Options {
    std::string board;
    std::vector<std::string> words;  // [SCREEN] FILE
    std::string reference;
    std::string diff_file;
    uint32_t tolerance = 0;
};

/// The exit status: whether the picture is as the reference.
int compare_with_reference(const Options& options, const Picture& shot) {
    const Picture reference = read_png(options.reference);
    if (reference.width != shot.width || reference.height != shot.height) {
        throw Failure(fmt::format("{} is {}x{}, the screen {}x{}", options.reference,
                                  reference.width, reference.height, shot.width, shot.height),
                      "compare pictures of one size: see the screen's mode in plugboard status");
    }
    const PictureDiff diff = compare(shot, reference, options.tolerance);
    if (!options.diff_file.empty()) {
        const Picture shown = show_diff(shot, reference, options.tolerance);
        write_png(options.diff_file, shown.width, shown.height, shown.rgb);
    }
    print_output(
        fmt::format("{}: {} of {} pixels differ{}, by at most {}\n", options.reference, diff.pixels,
                    size_t{shot.width} * shot.height,
                    options.tolerance > 0 ? fmt::format(" by more than {}", options.tolerance) : "",
                    diff.greatest));
    if (diff.pixels == 0) return static_cast<int>(Exit::Ok);
    print_output(fmt::format("the first at {},{}\n", diff.first_x, diff.first_y));
    return static_cast<int>(Exit::Failed);
}

int take_screenshot(const Options& options) {
    nlohmann::json request = {{"op", "screenshot"}};
    if (options.words.size() > 1) request["screen"] = options.words.front();
    const Answer answer = ask_board(find_board(options.board), request);
    const auto width = answer.body.value("width", 0u), height = answer.body.value("height", 0u);
    const Pixels pixels(answer.attachment, size_t{3} * width * height);
    write_png(options.words.back(), width, height, pixels.bytes());
    print_output(fmt::format("{}: {}x{} of {}\n", options.words.back(), width, height,
                             answer.body.value("name", "?")));
    if (options.reference.empty()) return static_cast<int>(Exit::Ok);
    const auto bytes = pixels.bytes();
    return compare_with_reference(
        options, {.width = width, .height = height, .rgb = {bytes.begin(), bytes.end()}});
}

}  // namespace

void add_screenshot(CLI::App& app, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("screenshot", "Write what a screen shows to a PNG file");
    command->footer(
        "Examples:\n"
        "  plugboard screenshot shot.png                   # the first screen\n"
        "  plugboard screenshot gpu0/Virtual-1 shot.png    # that one; plugboard status lists "
        "them\n"
        "  plugboard screenshot shot.png --diff reference.png --tolerance 2\n"
        "Exit status: 1 when a pixel differs from the reference by more than the tolerance.");
    command->add_option("FILE", options->words, "[SCREEN] FILE.png")->required()->expected(1, 2);
    CLI::Option* diff = command->add_option("--diff", options->reference,
                                            "Compare with this PNG, of the same size");
    command
        ->add_option("--tolerance", options->tolerance,
                     "How much a channel of a pixel may differ, 0 to 255; 0 unless said")
        ->check(CLI::Range(0, 255))
        ->needs(diff);
    command
        ->add_option("--diff-to", options->diff_file,
                     "Write a PNG that is red where the pictures differ")
        ->needs(diff);
    add_board_option(*command, options->board);
    command->callback(
        [options, &action] { action = [options] { return take_screenshot(*options); }; });
}

}  // namespace plugboard::cli
