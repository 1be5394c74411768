// plugboard screenshot: what a screen shows, as a PNG.
#include <fmt/format.h>

#include "cli/card_command.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/picture_file.h"
#include "cli/screen_picture.h"

namespace plugboard::cli {
namespace {

struct ScreenshotOptions {
    std::string board;
    std::vector<std::string> words;  // [SCREEN] FILE
    std::string reference;
    std::string diff_file;
    uint32_t tolerance = 0;
};

/// The exit status: whether the picture is as the reference.
int compare_with_reference(const ScreenshotOptions& options, const Picture& shot) {
    const Picture reference = read_png(options.reference);
    check_sizes(shot, reference, options.reference);
    const PictureDiff diff = compare(shot, reference, options.tolerance);
    if (!options.diff_file.empty()) {
        const Picture shown = show_diff(shot, reference, options.tolerance);
        write_png(options.diff_file, shown.width, shown.height, shown.rgb);
    }
    print_output(fmt::format("{}: {}\n", options.reference, describe(diff, options.tolerance)));
    if (diff.pixels == 0) return static_cast<int>(Exit::Ok);
    print_output(fmt::format("the first at {},{}\n", diff.first_x, diff.first_y));
    return static_cast<int>(Exit::Failed);
}

int take_screenshot(const ScreenshotOptions& options) {
    const std::string screen = options.words.size() > 1 ? options.words.front() : "";
    const Answer answer = ask_board(find_board(options.board), screenshot_request(screen));
    const Picture shot = picture_of(answer);
    write_png(options.words.back(), shot.width, shot.height, shot.rgb);
    print_output(fmt::format("{}: {}x{} of {}\n", options.words.back(), shot.width, shot.height,
                             answer.body.value("name", "?")));
    if (options.reference.empty()) return static_cast<int>(Exit::Ok);
    return compare_with_reference(options, shot);
}

}  // namespace

void add_screenshot(CLI::App& app, Action& action) {
    auto options = std::make_shared<ScreenshotOptions>();
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
