# Warnings and sanitizers, the same for every target.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wthread-safety> $<$<COMPILE_LANGUAGE:CXX>:-Wthread-safety-beta>)
    # ccache knows a precompiled header by its bytes; clang writes the time into it unless told not to.
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 sees overlapping copies inside std::string's operator+ that are not there (GCC bug 105329), and
    # uninitialized members inside a std::optional that is empty (GCC bug 80635).
    add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -fpch-preprocess)
endif()
if(PLUGBOARD_SANITIZE)
    add_compile_options(-fsanitize=${PLUGBOARD_SANITIZE} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${PLUGBOARD_SANITIZE})
    if(PLUGBOARD_SANITIZE MATCHES "undefined")
        # vptr probes memory through a pipe: without descriptors it reports what is not so, and tests that
        # count descriptors see its own.
        add_compile_options(-fno-sanitize-recover=undefined -fno-sanitize=vptr)
    endif()
endif()
if(PLUGBOARD_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# plugboard_plain(<target>...): without sanitizers, in every build. What runs as a client (the preload library
# and the programs it is loaded into) must not need their runtime, as unmodified programs have none.
function(plugboard_plain)
    foreach(target ${ARGN})
        target_compile_options(${target} PRIVATE -fno-sanitize=all)
        target_link_options(${target} PRIVATE -fno-sanitize=all)
    endforeach()
endfunction()
