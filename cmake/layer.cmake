# A folder of src/ is a library; the *_test.cpp beside its sources are one test program.

# plugboard_layer(<name> [EXCEPTIONS] DEPENDS <library>... [TEST_DEPENDS <library>...])
function(plugboard_layer name)
    cmake_parse_arguments(LAYER "EXCEPTIONS" "" "DEPENDS;TEST_DEPENDS" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    set(tests ${sources})
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$|/main\\.cpp$")
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

    add_library(plugboard_${name} STATIC ${sources})
    target_include_directories(plugboard_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(plugboard_${name} PUBLIC ${LAYER_DEPENDS} Threads::Threads)
    if(NOT LAYER_EXCEPTIONS)
        target_compile_options(plugboard_${name} PRIVATE -fno-exceptions)
    endif()
    # One precompiled header for the layers without exceptions; headers still compile alone (see below).
    if(LAYER_EXCEPTIONS OR name STREQUAL "base")
        target_precompile_headers(plugboard_${name} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.h)
    else()
        target_precompile_headers(plugboard_${name} REUSE_FROM plugboard_base)
    endif()
    plugboard_check_headers(${name})
    if(tests)
        plugboard_test(${name}_test SOURCES ${tests} DEPENDS plugboard_${name} ${LAYER_TEST_DEPENDS})
        plugboard_check_fixtures(${name} ${LAYER_TEST_DEPENDS})
    endif()
endfunction()

# plugboard_test(<name> SOURCES <file>... DEPENDS <library>...): one GoogleTest program, each case a ctest.
function(plugboard_test name)
    cmake_parse_arguments(TEST "" "" "SOURCES;DEPENDS" ${ARGN})
    add_executable(${name} ${TEST_SOURCES})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE ${TEST_DEPENDS} plugboard_test_support GTest::gmock GTest::gtest
        GTest::gtest_main rapidcheck)
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_precompile_headers(${name} REUSE_FROM plugboard_test_support)
    target_compile_definitions(${name} PRIVATE PLUGBOARD_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
        PLUGBOARD_BINARY_DIR="${PROJECT_BINARY_DIR}")
    add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
    set_tests_properties(${name} PROPERTIES TIMEOUT 600)
endfunction()

# Headers that only tests include: what they see is what tests see.
set(PLUGBOARD_FIXTURE "_fixture\\.h$|/test_[^/]*\\.h$")

# Each header of the layer must compile alone.
function(plugboard_check_headers name)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
    list(FILTER headers EXCLUDE REGEX ${PLUGBOARD_FIXTURE})
    target_sources(plugboard_${name} PUBLIC FILE_SET headers TYPE HEADERS
        BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${headers})
    set_target_properties(plugboard_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endfunction()

function(plugboard_check_fixtures name)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
    list(FILTER headers INCLUDE REGEX ${PLUGBOARD_FIXTURE})
    if(NOT headers)
        return()
    endif()
    add_library(plugboard_${name}_fixtures INTERFACE)
    target_link_libraries(plugboard_${name}_fixtures INTERFACE plugboard_${name} plugboard_test_support ${ARGN})
    target_sources(plugboard_${name}_fixtures INTERFACE FILE_SET headers TYPE HEADERS
        BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${headers})
    set_target_properties(plugboard_${name}_fixtures PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endfunction()
