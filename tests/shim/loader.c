// A library's constructor waits for a thread, while dlopen() holds the loader's lock: nothing that
// the thread calls may need that lock. All of it is called here for the first time.
#define _GNU_SOURCE
#include <dlfcn.h>

#include "client.h"

int main(int argc, char** argv) {
    (void)argc;
    char path[4096];
    snprintf(path, sizeof path, "%s_library.so", argv[0]);
    alarm(20);  // instead of waiting for ever
    void* library = dlopen(path, RTLD_NOW);
    if (!library) printf("# %s\n", dlerror());
    CHECK(library != NULL);
    const int* done = library ? dlsym(library, "calls_done") : NULL;
    CHECK(done && *done == 8);
    return finish_checks();
}
