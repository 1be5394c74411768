// COLOR_PIPELINE and its operations as clients find, set and see them.
#include "drivers/vkms/plane_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>

#include "drivers/vkms/composer/judged_scenes.h"
#include "drivers/vkms/pipeline_fixture.h"
#include "drm/sync/sync_file.h"
#include "tests/support/raw_picture.h"
#include "uapi/drm_extra.h"

namespace plugboard::vkms {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Config with_pipelines(Profile profile = Profile::LinuxLatest) {
    Config config{.profile = profile, .overlays = 8};
    config.features.color_pipeline = true;
    return config;
}

std::vector<std::string> names_of(TestClient& client, uint32_t object) {
    std::vector<std::string> names;
    for (const auto& property : client.properties(object)) names.push_back(property.name);
    return names;
}

uint32_t flags_of(TestClient& client, uint32_t object, const std::string& name) {
    drm_mode_get_property get{};
    get.prop_id = client.property(object, name).id;
    EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GETPROPERTY, &get), 0);
    return get.flags;
}

std::string state_text(drm::Device& device) {
    for (const drm::DebugFile& file : device.debug_files()) {
        if (file.path == "state") return *file.show();
    }
    return {};
}

TEST(ColorPipelineCap, shows_one_way_to_set_colors_and_hides_the_other) {
    TestBoard board(with_pipelines());
    TestClient client(*board.drm());
    for (const uint32_t plane : client.planes) {
        EXPECT_THAT(names_of(client, plane), Not(::testing::Contains("COLOR_PIPELINE")));
        EXPECT_THAT(names_of(client, plane), ::testing::Contains("COLOR_ENCODING"));
    }
    ASSERT_EQ(client.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE), 0) << client.reason();
    for (const uint32_t plane : client.planes) {
        EXPECT_EQ(names_of(client, plane).back(), "COLOR_PIPELINE");
        EXPECT_THAT(names_of(client, plane),
                    Not(::testing::Contains(::testing::AnyOf("COLOR_ENCODING", "COLOR_RANGE"))));
    }
    ASSERT_EQ(client.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE, 0), 0);
    EXPECT_EQ(names_of(client, client.planes[0]).back(), "COLOR_RANGE");
}

TEST(ColorPipelineCap, needs_the_atomic_one_and_planes_that_have_pipelines) {
    TestBoard board(with_pipelines());
    tests::Client client(*board.drm());
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE), EINVAL);
    EXPECT_EQ(client.reason(), "client cap 7 needs the atomic cap");
    ASSERT_EQ(client.set_cap(DRM_CLIENT_CAP_ATOMIC), 0);
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE, 2), EINVAL);
    EXPECT_EQ(client.reason(), "client cap 7: value 2 is above 1");
    EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE), 0);

    TestBoard kernels({.profile = Profile::LinuxLatest});
    TestClient other(*kernels.drm());
    EXPECT_EQ(other.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE), EOPNOTSUPP);
    EXPECT_EQ(other.reason(), "client cap 7: the driver's planes have no colour pipeline");
}

TEST(ColorPipelineCap, is_there_in_every_profile_that_the_switch_is_on_in) {
    for (const Profile profile : {Profile::Linux61, Profile::LinuxLatest, Profile::Full}) {
        TestBoard board(with_pipelines(profile));
        TestClient client(*board.drm());
        EXPECT_EQ(client.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE), 0);
        EXPECT_EQ(operations_of(client, client.planes[0]).size(), 5u);
    }
    EXPECT_TRUE(with_profile(Profile::Full).features.color_pipeline);
    EXPECT_FALSE(with_profile(Profile::LinuxLatest).features.color_pipeline);
}

class PlanePipeline : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_EQ(client_.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE), 0) << client_.reason();
        operations_ = operations_of(client_, primary_);
        ASSERT_EQ(operations_.size(), 5u);
        std::tie(fixed_, first_curve_, matrix_) =
            std::tie(operations_[0], operations_[1], operations_[2]);
    }
    void turn_on() {
        fb_ = client_.make_mapped_buffer(64, 48, DRM_FORMAT_XRGB8888, 4);
        ASSERT_EQ(client_.turn_on(client_.crtcs[0], client_.connectors[1], mode_of({64, 48}),
                                  primary_, fb_.fb),
                  0)
            << client_.reason();
    }
    int test(const std::vector<Setting>& settings) {
        return client_.atomic(settings, DRM_MODE_ATOMIC_TEST_ONLY);
    }
    void expect_refused(uint32_t object, const std::string& property, uint64_t value,
                        const std::string& why) {
        EXPECT_EQ(test({{object, property, value}}), EINVAL) << property << " = " << value;
        EXPECT_THAT(client_.reason(), HasSubstr(why));
    }

    TestBoard board_{with_pipelines()};
    Ref<drm::Device> drm_ = board_.drm();
    TestClient client_{*drm_};
    const uint32_t primary_ = client_.planes[0];
    const uint32_t overlay_ = client_.planes[1];
    DumbBuffer fb_;
    std::vector<uint32_t> operations_;
    uint32_t fixed_ = 0, first_curve_ = 0, matrix_ = 0;
};

TEST_F(PlanePipeline, has_five_operations_with_their_properties) {
    const char* const own[] = {"FIXED_MATRIX_TYPE", "CURVE_1D_TYPE", "DATA", "DATA",
                               "CURVE_1D_TYPE"};
    const uint64_t types[] = {5, 0, 2, 2, 0};
    for (size_t i = 0; i < operations_.size(); ++i) {
        EXPECT_THAT(names_of(client_, operations_[i]),
                    ElementsAre("TYPE", "BYPASS", "NEXT", own[i]));
        EXPECT_EQ(client_.property(operations_[i], "TYPE").value, types[i]);
        EXPECT_EQ(client_.property(operations_[i], "BYPASS").value, 1u);
        EXPECT_EQ(client_.property(operations_[i], own[i]).value, 0u);
    }
    EXPECT_EQ(client_.property(operations_.back(), "NEXT").value, 0u);
    EXPECT_EQ(client_.property(primary_, "COLOR_PIPELINE").value, 0u);

    constexpr uint32_t atomic = DRM_MODE_PROP_ATOMIC, immutable = DRM_MODE_PROP_IMMUTABLE;
    EXPECT_EQ(flags_of(client_, fixed_, "TYPE"), immutable | DRM_MODE_PROP_ENUM);
    EXPECT_EQ(flags_of(client_, fixed_, "BYPASS"), atomic | DRM_MODE_PROP_RANGE);
    EXPECT_EQ(flags_of(client_, fixed_, "NEXT"), atomic | immutable | DRM_MODE_PROP_OBJECT);
    EXPECT_EQ(flags_of(client_, fixed_, "FIXED_MATRIX_TYPE"), atomic | DRM_MODE_PROP_ENUM);
    EXPECT_EQ(flags_of(client_, first_curve_, "CURVE_1D_TYPE"), atomic | DRM_MODE_PROP_ENUM);
    EXPECT_EQ(flags_of(client_, matrix_, "DATA"), atomic | DRM_MODE_PROP_BLOB);
    EXPECT_EQ(flags_of(client_, primary_, "COLOR_PIPELINE"), atomic | DRM_MODE_PROP_ENUM);
}

TEST_F(PlanePipeline, is_a_planes_own) {
    EXPECT_NE(operations_of(client_, overlay_), operations_);
    expect_refused(primary_, "COLOR_PIPELINE", operations_of(client_, overlay_)[0], "not a value");
    expect_refused(primary_, "COLOR_PIPELINE", first_curve_, "not a value");
}

TEST_F(PlanePipeline, takes_the_values_that_it_lists) {
    expect_refused(fixed_, "TYPE", 0, "immutable");
    expect_refused(fixed_, "NEXT", matrix_, "immutable");
    expect_refused(fixed_, "BYPASS", 2, "not a value");
    expect_refused(fixed_, "FIXED_MATRIX_TYPE", 6, "not a value");
    expect_refused(first_curve_, "CURVE_1D_TYPE", 2, "not a value");
    expect_refused(matrix_, "DATA", 0x7fff, "no such blob");
    const uint64_t short_matrix[11] = {};
    expect_refused(matrix_, "DATA", client_.add_blob(short_matrix, sizeof(short_matrix)),
                   "the blob has 88 bytes, a matrix has 96");
    for (uint64_t value = 0; value < 6; ++value)
        EXPECT_EQ(test({{fixed_, "FIXED_MATRIX_TYPE", value}}), 0) << client_.reason();
    EXPECT_EQ(test({{first_curve_, "CURVE_1D_TYPE", 1},
                    {matrix_, "DATA", add_matrix(client_, {})},
                    {matrix_, "BYPASS", 0},
                    {primary_, "COLOR_PIPELINE", fixed_}}),
              0)
        << client_.reason();
}

TEST_F(PlanePipeline, is_set_by_clients_that_know_of_it_and_by_no_others) {
    const auto encoding = [&] {
        client_.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE, 0);
        return client_.property(primary_, "COLOR_ENCODING").id;
    }();
    const auto set = [&](uint32_t object, uint32_t property, uint64_t value) {
        drm_mode_obj_set_property one{};
        one.obj_id = object;
        one.prop_id = property;
        one.value = value;
        return client_.ioctl(DRM_IOCTL_MODE_OBJ_SETPROPERTY, &one);
    };
    ASSERT_EQ(client_.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE), 0);
    const uint32_t pipeline = client_.property(primary_, "COLOR_PIPELINE").id;
    EXPECT_EQ(set(primary_, encoding, 1), EINVAL);
    EXPECT_THAT(client_.reason(), HasSubstr("the client has set DRM_CLIENT_CAP_PLANE_COLOR"));
    EXPECT_EQ(set(primary_, pipeline, fixed_), 0) << client_.reason();
    EXPECT_EQ(set(fixed_, client_.property(fixed_, "BYPASS").id, 0), 0) << client_.reason();

    ASSERT_EQ(client_.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE, 0), 0);
    EXPECT_EQ(set(primary_, encoding, 1), 0) << client_.reason();
    EXPECT_EQ(set(primary_, pipeline, 0), EINVAL);
    EXPECT_THAT(client_.reason(), HasSubstr("the client has not set DRM_CLIENT_CAP_PLANE_COLOR"));
    expect_refused(fixed_, "BYPASS", 1, "the client has not set DRM_CLIENT_CAP_PLANE_COLOR");
    EXPECT_EQ(client_.property(fixed_, "BYPASS").value, 0u);
}

TEST_F(PlanePipeline, is_no_connector_and_has_no_properties_of_others) {
    drm_mode_connector_set_property set{};
    set.connector_id = fixed_;
    set.prop_id = client_.property(fixed_, "BYPASS").id;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_SETPROPERTY, &set), ENOENT);
    drm_mode_obj_set_property other{};
    other.obj_id = first_curve_;
    other.obj_type = DRM_MODE_OBJECT_COLOROP;
    other.prop_id = set.prop_id;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_OBJ_SETPROPERTY, &other), EINVAL);
    EXPECT_THAT(client_.reason(), HasSubstr("is not attached to it"));
}

TEST_F(PlanePipeline, keeps_what_is_set_for_every_file) {
    const uint32_t blob = add_matrix(client_, judged_matrix(1));
    const std::vector<Setting> settings = {{primary_, "COLOR_PIPELINE", fixed_},
                                           {fixed_, "FIXED_MATRIX_TYPE", 3},
                                           {first_curve_, "CURVE_1D_TYPE", 1},
                                           {first_curve_, "BYPASS", 0},
                                           {matrix_, "DATA", blob}};
    ASSERT_EQ(test(settings), 0) << client_.reason();
    EXPECT_EQ(client_.property(first_curve_, "CURVE_1D_TYPE").value, 0u) << "it was a test";
    ASSERT_EQ(client_.atomic(settings, 0), 0) << client_.reason();
    drm_mode_destroy_blob destroy{.blob_id = blob};
    ASSERT_EQ(client_.ioctl(DRM_IOCTL_MODE_DESTROYPROPBLOB, &destroy), 0);

    TestClient other(*drm_);
    EXPECT_EQ(other.property(fixed_, "FIXED_MATRIX_TYPE").value, 3u);
    EXPECT_EQ(other.property(first_curve_, "CURVE_1D_TYPE").value, 1u);
    EXPECT_EQ(other.property(first_curve_, "BYPASS").value, 0u);
    EXPECT_EQ(other.property(matrix_, "DATA").value, blob);
    EXPECT_EQ(other.blob(blob).size(), sizeof(drm_color_ctm_3x4));
    EXPECT_THAT(names_of(other, primary_), Not(::testing::Contains("COLOR_PIPELINE")));

    const std::string state = state_text(*drm_);
    const auto id = [](uint32_t number) { return std::to_string(number); };
    EXPECT_EQ(state.substr(0, state.find("colorop[" + id(operations_[3]))),
              "colorop[" + id(fixed_) + "]:\n\ttype=Fixed Matrix\n\tbypass=1\n" +
                  "\tfixed_matrix_type=YCbCr 709 Limited to RGB\n\tnext=" + id(first_curve_) +
                  "\ncolorop[" + id(first_curve_) + "]:\n\ttype=1D Curve\n\tbypass=0\n" +
                  "\tcurve_1d_type=sRGB Inverse EOTF\n\tnext=" + id(matrix_) + "\ncolorop[" +
                  id(matrix_) + "]:\n\ttype=3x4 Matrix\n\tbypass=1\n\tdata blob id=" + id(blob) +
                  "\n\tnext=" + id(operations_[3]) + "\n");
    EXPECT_THAT(state, HasSubstr("\tcolor-pipeline=" + id(fixed_) + "\n"));
}

TEST_F(PlanePipeline, of_a_YUV_picture_makes_RGB_of_it_first) {
    turn_on();
    const uint32_t yuv = add_picture(client_, tests::raw_picture(DRM_FORMAT_NV12, 32, 32));
    auto settings = TestClient::place(overlay_, client_.crtcs[0], yuv, {0, 0, 32, 32});
    EXPECT_EQ(test(settings), 0) << client_.reason();
    const uint32_t fixed = operations_of(client_, overlay_)[0];
    settings.push_back({overlay_, "COLOR_PIPELINE", fixed});
    EXPECT_EQ(test(settings), EINVAL);
    EXPECT_THAT(client_.reason(), ::testing::AllOf(HasSubstr("NV12"), HasSubstr("BYPASS 1")));
    settings.push_back({fixed, "BYPASS", 0});
    ASSERT_EQ(client_.atomic(settings, 0), 0) << client_.reason();
    EXPECT_EQ(test({{fixed, "BYPASS", 1}}), EINVAL) << "the operation alone is set";
    EXPECT_EQ(test({{fixed, "BYPASS", 1}, {overlay_, "COLOR_PIPELINE", 0}}), 0);
}

TEST_F(PlanePipeline, changes_the_picture_with_an_operation_alone) {
    turn_on();
    std::memset(fb_.bytes.data(), 0x55, fb_.bytes.size());
    ASSERT_EQ(client_.atomic({{primary_, "COLOR_PIPELINE", fixed_}}, 0), 0);
    const uint32_t plain = read_crc(board_, *drm_);
    ASSERT_EQ(client_.atomic({{first_curve_, "BYPASS", 0}}, DRM_MODE_PAGE_FLIP_EVENT, 7), 0)
        << client_.reason();
    EXPECT_EQ(client_.events().unread(), sizeof(drm::EventBytes)) << "its plane's CRTC has flipped";
    const uint32_t curved = read_crc(board_, *drm_);
    EXPECT_NE(curved, plain);
    ASSERT_EQ(client_.atomic({{matrix_, "BYPASS", 0}}, 0), 0);
    EXPECT_EQ(read_crc(board_, *drm_), curved) << "a matrix without DATA";
    ASSERT_EQ(client_.atomic({{primary_, "COLOR_PIPELINE", 0}}, 0), 0);
    EXPECT_EQ(read_crc(board_, *drm_), plain);
}

TEST_F(PlanePipeline, is_not_there_after_unplug) {
    const uint32_t bypass = client_.property(fixed_, "BYPASS").id;
    board_.unplug();
    drm_mode_obj_get_properties all{};
    all.obj_id = fixed_;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, &all), ENODEV);
    drm_mode_obj_set_property set{};
    set.obj_id = fixed_;
    set.prop_id = bypass;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_OBJ_SETPROPERTY, &set), ENODEV);
    EXPECT_EQ(client_.set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE), ENODEV);
}

TEST_F(PlanePipeline, is_not_leased_and_seen_by_every_lessee) {
    const auto lease = [&](std::vector<uint32_t> ids) {
        drm_mode_create_lease make{};
        make.object_ids = reinterpret_cast<uint64_t>(ids.data());
        make.object_count = static_cast<uint32_t>(ids.size());
        return client_.ioctl(DRM_IOCTL_MODE_CREATE_LEASE, &make);
    };
    const std::vector<uint32_t> all = {client_.crtcs[0], client_.connectors[1], primary_};
    EXPECT_EQ(lease({all[0], all[1], all[2], fixed_}), EINVAL);
    EXPECT_THAT(client_.reason(), HasSubstr("cannot be leased"));
    ASSERT_EQ(lease(all), 0) << client_.reason();
    const auto lessee = client_.take_opened();
    ASSERT_EQ(lessee->set_cap(DRM_CLIENT_CAP_ATOMIC), 0);
    ASSERT_EQ(lessee->set_cap(DRM_CLIENT_CAP_PLANE_COLOR_PIPELINE), 0);
    drm_mode_obj_set_property set{};
    for (const uint32_t operation : {fixed_, operations_of(client_, overlay_)[0]}) {
        set.obj_id = operation;
        set.prop_id = client_.property(operation, "BYPASS").id;
        EXPECT_EQ(lessee->ioctl(DRM_IOCTL_MODE_OBJ_SETPROPERTY, &set), 0) << lessee->reason();
        EXPECT_EQ(client_.property(operation, "BYPASS").value, 0u);
    }
}

}  // namespace
}  // namespace plugboard::vkms
