// What is told when there is no memory for what a screen says of itself, and what is done without
// memory for copies of pictures.
#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <new>
#include <string>
#include <thread>
#include <utility>

#include "base/log.h"
#include "drivers/vkms/composer/composer_fixture.h"
#include "drivers/vkms/composer/fast_composer.h"
#include "drivers/vkms/composer/kept_crcs.h"
#include "drivers/vkms/test_board.h"
#include "drm/edid/description.h"
#include "drm/edid/timings.h"
#include "drm/objects/connector_probe.h"
#include "drm/objects/mode_config.h"
#include "tests/support/raw_picture.h"

// TSan has an operator new[] of its own.
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define ALLOCATOR_IS_NOT_OURS
#endif
#endif
#ifndef ALLOCATOR_IS_NOT_OURS

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

TEST(NoMemory, for_copies_of_pictures_changes_no_crc) {
    const tests::RawPicture turned = tests::raw_picture(DRM_FORMAT_XRGB8888, 64, 96);
    const tests::RawPicture upright = tests::raw_picture(DRM_FORMAT_XRGB8888, 96, 64);
    for (const ScenePlane& plane : {at(turned, 0, 0, {DRM_MODE_ROTATE_90}), at(upright, 0, 0)}) {
        const Scene scene{.size = {.width = 96, .height = 64}, .planes = {&plane, 1}};
        FastComposer composer;
        KeptCrcs kept;
        uint32_t expected = 0, crc = 0;
        ASSERT_TRUE(composer.compose(scene, {.crc = &expected, .images = {}}).ok());
        // On a thread that has no memory from copies before.
        std::thread([&] {
            has_memory = false;
            const auto composed = composer.compose(scene, crc, kept);
            has_memory = true;
            EXPECT_TRUE(composed.ok());
        }).join();
        EXPECT_EQ(crc, expected);
        for (int frame = 0; frame < 2; ++frame) {
            crc = 0;
            ASSERT_TRUE(composer.compose(scene, crc, kept).ok());
            EXPECT_EQ(crc, expected);
        }
        EXPECT_EQ(kept.reused(), kept.slices(2).size()) << "kept when there was memory again";
    }
}

}  // namespace
}  // namespace plugboard::vkms

#endif
