# plugboard-device: base and device as one library for drivers outside this project, with their public headers,
# a CMake package and a pkg-config file. Component plugboard-device of an installation.
include(CMakePackageConfigHelpers)

add_library(plugboard-device STATIC $<TARGET_OBJECTS:plugboard_base> $<TARGET_OBJECTS:plugboard_device>)
add_library(plugboard::device ALIAS plugboard-device)
set_target_properties(plugboard-device PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME device)
target_compile_features(plugboard-device INTERFACE cxx_std_20)
target_link_libraries(plugboard-device PUBLIC fmt::fmt Threads::Threads)

# What users must be compiled and linked with, because the library was.
set(PLUGBOARD_LOCK_ORDER_CHECKED 1)
if(CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$")
    set(PLUGBOARD_LOCK_ORDER_CHECKED 0)
endif()
set(PLUGBOARD_SANITIZE_FLAG "")
if(PLUGBOARD_SANITIZE)
    set(PLUGBOARD_SANITIZE_FLAG -fsanitize=${PLUGBOARD_SANITIZE})
endif()
target_compile_definitions(plugboard-device INTERFACE
    PLUGBOARD_LOCK_ORDER_CHECKED=${PLUGBOARD_LOCK_ORDER_CHECKED})
target_link_options(plugboard-device INTERFACE ${PLUGBOARD_SANITIZE_FLAG})

set(header_folder ${CMAKE_INSTALL_INCLUDEDIR}/plugboard-device)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/plugboard-device)
set(pkgconfig_folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
target_include_directories(plugboard-device INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:${header_folder}>)

# The headers that a user names; those that they include are installed with them.
set(PLUGBOARD_DEVICE_HEADERS
    base/clock.h base/errno.h base/gate.h base/id_table.h base/list.h base/log.h base/mutex.h base/ref.h
    base/result.h base/thread.h base/unique_fd.h base/wait.h
    device/bound.h device/bus.h device/device.h device/devres/devres.h device/driver.h device/explainer/explainer.h
    device/function_driver.h device/mock_device.h device/model.h device/devres/scoped_action.h device/workqueue.h)
list(JOIN PLUGBOARD_DEVICE_HEADERS " " headers)
install(CODE "
    set(source_folder \"${PROJECT_SOURCE_DIR}/src\")
    set(header_folder \"${header_folder}\")
    set(headers ${headers})" COMPONENT plugboard-device)
install(SCRIPT ${PROJECT_SOURCE_DIR}/cmake/install_headers.cmake COMPONENT plugboard-device)

install(TARGETS plugboard-device EXPORT plugboard-device ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    COMPONENT plugboard-device)
install(EXPORT plugboard-device NAMESPACE plugboard:: DESTINATION ${package_folder}
    FILE plugboard-device-targets.cmake COMPONENT plugboard-device)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/plugboard-device-config.cmake.in
    ${PROJECT_BINARY_DIR}/plugboard-device-config.cmake INSTALL_DESTINATION ${package_folder}
    NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/plugboard-device-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/plugboard-device-config.cmake
    ${PROJECT_BINARY_DIR}/plugboard-device-config-version.cmake
    DESTINATION ${package_folder} COMPONENT plugboard-device)

# The prefix as seen from the file, so that an installation can be moved.
file(RELATIVE_PATH PLUGBOARD_PREFIX_FROM_PC /prefix/${pkgconfig_folder} /prefix)
string(REGEX REPLACE "/$" "" PLUGBOARD_PREFIX_FROM_PC "${PLUGBOARD_PREFIX_FROM_PC}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/plugboard-device.pc.in ${PROJECT_BINARY_DIR}/plugboard-device.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/plugboard-device.pc DESTINATION ${pkgconfig_folder}
    COMPONENT plugboard-device)
