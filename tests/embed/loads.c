// A program that loads the library instead of linking it is told that this does not do.
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char** arguments) {
    void* library = count > 1 ? dlopen(arguments[1], RTLD_NOW) : NULL;
    void* symbol = library ? dlsym(library, "plugboard_embed_start") : NULL;
    if (!symbol) {
        printf("Bail out! %s\n", dlerror());
        return 1;
    }
    bool (*start)(const char*, char**);
    memcpy(&start, &symbol, sizeof start);
    char* error = NULL;
    const bool started = start(NULL, &error);
    printf("%s\n", error ? error : "started");
    const bool holds = !started && error && strstr(error, "do not reach libplugboard-embed");
    free(error);
    return holds ? 0 : 1;
}
