// Boards one after the other, what a start refuses, and requests that fail.
#define _GNU_SOURCE
#include "embedded.h"

static const char* const two_cards =
    "[[card]]\n"
    "name = \"left\"\n"
    "[[card]]\n"
    "name = \"right\"\n"
    "overlays = true\n";

/// The start is refused, and why has these words.
static bool is_refused(const char* toml, const char* words) {
    char* error = NULL;
    const bool started = plugboard_embed_start(toml, &error);
    const bool holds = !started && error && strstr(error, words);
    printf("# %s\n", error ? error : "started");
    free(error);
    return holds;
}

int main(void) {
    CHECK(plugboard_embed_directory() == NULL);
    CHECK(answers("{\"op\": \"status\"}", "\"ok\":false"));
    plugboard_embed_stop();

    CHECK(is_refused("[[card]]\nname = 7\n", "toml:2: "));
    CHECK(is_refused("[[card]\n", "toml:"));
    CHECK(is_refused("[[card]]\nprofile = \"linux-1\"\n", "linux-1"));
    CHECK(!plugboard_embed_start("nonsense", NULL));

    start_board(two_cards);
    CHECK(is_refused(NULL, "has a board already; plugboard_embed_stop() it"));
    CHECK(answers("{\"op\": \"status\"}", "\"name\":\"left\""));
    CHECK(answers("{\"op\":\n\"status\"}", "\"name\":\"right\""));
    CHECK(answers("{\"op\": \"unplug\", \"target\": \"middle\"}", "\"ok\":false"));
    CHECK(!plugboard_embed_request("no JSON", NULL, NULL));
    const int left = open("/dev/dri/card0", O_RDWR), right = open("/dev/dri/card1", O_RDWR);
    CHECK(is_alive(left) && is_alive(right));
    char directory[128];
    snprintf(directory, sizeof directory, "%s", plugboard_embed_directory());
    CHECK(access(directory, F_OK) == 0);
    plugboard_embed_stop();
    CHECK(access(directory, F_OK) < 0);
    close(right);

    // The next board does not take the last one's descriptors for its own.
    start_board(NULL);
    const int fd = open_card(0);
    CHECK(is_alive(fd));
    CHECK(!is_alive(left));
    CHECK(close(left) == 0);
    CHECK_ERROR(open("/dev/dri/card1", O_RDWR), ENOENT);
    close(fd);
    CHECK(nothing_is_left());

    // Another may end it: `plugboard down`.
    CHECK(plugboard_embed_request("{\"op\": \"shutdown\"}", NULL, NULL));
    plugboard_embed_stop();
    start_board(NULL);  // for exit() to end
    return finish_checks();
}
