/* A board of virtual DRM cards inside this process, for tests of DRM clients: from
 * plugboard_embed_start() on, open("/dev/dri/card0"), ioctl(), mmap(), stat("/sys/...") and the
 * like reach it, libdrm's and libudev's too. Link with -lplugboard-embed. docs/embed.md */
#ifndef PLUGBOARD_EMBED_H
#define PLUGBOARD_EMBED_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Starts the board that the TOML text describes; NULL: one with one vkms card. It serves when this
 * returns. False: why is in *error, unless `error` is NULL; free() it. One board at a time; start
 * and stop are for one thread at a time. */
bool plugboard_embed_start(const char* toml, char** error);

/* Pulls all cards and ends the board; descriptors that are still open answer ENODEV until another
 * is started, ENOTTY then. The paths stay the board's, without cards. exit() does it too. Nothing
 * without a board, or in a child of the process that has started it. */
void plugboard_embed_stop(void);

/* One request of docs/control.md: {"op": "unplug", "target": "gpu0"}. Whether the board said
 * "ok": true. Its answer is in *answer, or why there was none in the same form; free() it. A
 * descriptor that came with the answer is in *attachment, for the caller to close; else -1. Both
 * may be NULL. Any thread, and children. */
bool plugboard_embed_request(const char* request, char** answer, int* attachment);

/* The board's directory, whose name is the board's for `plugboard status -b NAME`; NULL: there is
 * none. Good until stop. */
const char* plugboard_embed_directory(void);

#ifdef __cplusplus
}
#endif

#endif
