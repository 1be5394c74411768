# Compiles SOURCE, which must fail with an error that matches the line "// Expected error: REGEX" in it;
# without such a line it must compile.
execute_process(COMMAND ${COMPILER} -std=c++20 -fsyntax-only -Werror=unused-result -fno-exceptions -I${INCLUDE} ${SOURCE}
    RESULT_VARIABLE status ERROR_VARIABLE errors OUTPUT_QUIET)
file(STRINGS ${SOURCE} expected REGEX "^// Expected error: ")
if(NOT expected)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${SOURCE} must compile:\n${errors}")
    endif()
    return()
endif()
string(REPLACE "// Expected error: " "" expected "${expected}")
if(status EQUAL 0)
    message(FATAL_ERROR "${SOURCE} compiles; expected an error like: ${expected}")
endif()
# Only lines that are errors, in the file itself or in a template that it uses.
string(REGEX MATCHALL "[^\n]*error:[^\n]*" lines "${errors}")
if(NOT lines MATCHES "${expected}")
    message(FATAL_ERROR "${SOURCE} fails for another reason than \"${expected}\":\n${errors}")
endif()
