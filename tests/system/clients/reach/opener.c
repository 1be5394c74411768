// Opens the card and says whether it is the board's; then starts another program in one of the ways
// there are: opener [exec|bare-exec|bare-spawn|bare-system|bare-popen|system WORDS...]. "bare":
// with an environment that has been cleared.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

static int status_of(int raw) {
    return raw != -1 && WIFEXITED(raw) ? WEXITSTATUS(raw) : 99;
}

static int spawn(char** words) {
    char* nothing[] = {NULL};
    pid_t child = 0;
    int raw = 0;
    if (posix_spawn(&child, words[0], NULL, NULL, words, nothing) != 0) return 99;
    waitpid(child, &raw, 0);
    return status_of(raw);
}

static int read_popen(const char* command) {
    char line[256];
    FILE* stream = popen(command, "r");
    if (!stream) return 99;
    while (fgets(line, sizeof line, stream)) fputs(line, stdout);
    return status_of(pclose(stream));
}

static int start(const char* way, char** words) {
    if (strncmp(way, "bare-", 5) == 0) {
        clearenv();
        way += 5;
    }
    if (strcmp(way, "exec") == 0) {
        char* nothing[] = {NULL};
        execve(words[0], words, environ ? environ : nothing);
        perror(words[0]);
        return 99;
    }
    if (strcmp(way, "spawn") == 0) return spawn(words);
    if (strcmp(way, "system") == 0) return status_of(system(words[0]));
    if (strcmp(way, "popen") == 0) return read_popen(words[0]);
    fprintf(stderr, "there is no way %s\n", way);
    return 2;
}

int main(int count, char** words) {
    const int fd = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
    printf("%s: %s\n", words[0], fd >= 0 ? "reached" : strerror(errno));
    fflush(stdout);
    if (fd >= 0) close(fd);
    return count > 2 ? start(words[1], words + 2) : 0;
}
