// What is told when there is no memory for what a screen says of itself.
#include <gtest/gtest.h>

#include <cstddef>
#include <new>
#include <string>
#include <utility>

#include "base/log.h"
#include "drivers/vkms/test_board.h"
#include "drm/edid/description.h"
#include "drm/edid/timings.h"
#include "drm/objects/connector_probe.h"
#include "drm/objects/mode_config.h"

namespace {
thread_local bool has_memory = true;  // for arrays that may be refused
}

// In place of the library's, for the whole program.
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    if (!has_memory) return nullptr;
    try {
        return ::operator new[](size);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

namespace plugboard::vkms {
namespace {

std::vector<std::byte> tiled_edid() {
    drm::edid::Description tiled;
    tiled.timings = {*drm::edid::timings_for(1280, 1024, 60)};
    tiled.tile = drm::edid::Tile{
        .topology = {1, 2, 3, 4, 5, 6}, .columns = 2, .width = 1280, .height = 1024};
    return *drm::edid::build(tiled);
}

TEST(NoMemory, for_EDID_and_TILE_is_told) {
    // given
    Config config;
    config.screens = {
        {.edid = tiled_edid(), .connector = {.type = DRM_MODE_CONNECTOR_DisplayPort}}};
    config.writeback = false;
    TestBoard board(config);
    const Ref<drm::Device> drm = board.drm();
    drm::Connector& connector = *drm->mode_config().connectors.at(0);
    std::string told;
    auto before = log::set_sink(
        [&](log::Category, std::string_view line) { told += std::string(line) + "\n"; });
    // when
    has_memory = false;
    drm::probe_connector(*drm, connector);
    has_memory = true;
    log::set_sink(std::move(before));
    // then
    EXPECT_NE(told.find("DP-1: EDID is left out: ENOMEM\n"), std::string::npos) << told;
    EXPECT_NE(told.find("DP-1: TILE is left out: ENOMEM\n"), std::string::npos) << told;
    EXPECT_FALSE(connector.edid || connector.tile);
}

}  // namespace
}  // namespace plugboard::vkms
