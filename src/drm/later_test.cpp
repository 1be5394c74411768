#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

class Lease : public testing::Test {
  protected:
    int create(std::vector<uint32_t> ids, uint32_t flags = 0) {
        drm_mode_create_lease lease{};
        lease.object_ids = reinterpret_cast<uintptr_t>(ids.data());
        lease.object_count = static_cast<uint32_t>(ids.size());
        lease.flags = flags;
        return client_.ioctl(DRM_IOCTL_MODE_CREATE_LEASE, lease);
    }
    Board board_;
    Client client_{board_.drm()};
    uint32_t crtc_ = raw(board_.crtc().id());
    uint32_t screen_ = raw(board_.screen()->id());
    uint32_t plane_ = raw(board_.primary().id());
};

TEST_F(Lease, wrong_ones_are_refused_in_linuxs_order) {
    EXPECT_EQ(create({}, 1), EINVAL);
    EXPECT_EQ(client_.reason(), "flags 0x1: not CLOEXEC or NONBLOCK");
    EXPECT_EQ(create({crtc_, 9999}), ENOENT);
    EXPECT_EQ(client_.reason(), "there is no object 9999");
    EXPECT_EQ(create({crtc_, 1}), EINVAL);
    EXPECT_EQ(client_.reason(), "object 1 cannot be leased");
    EXPECT_EQ(create({crtc_}), EINVAL);
    EXPECT_EQ(client_.reason(), "a lease needs a CRTC and a connector");
    EXPECT_EQ(create({crtc_, screen_, screen_}), ENOSPC);
    EXPECT_EQ(client_.reason(), "object " + std::to_string(screen_) + " is named twice");
    EXPECT_EQ(create({crtc_, screen_, plane_}), ENOSPC) << "the CRTC has brought its plane";
    EXPECT_EQ(client_.set_cap(DRM_CLIENT_CAP_UNIVERSAL_PLANES), 0);
    EXPECT_EQ(create({crtc_, screen_}), EINVAL);
    EXPECT_EQ(client_.reason(), "a lease needs a plane");
    drm_mode_create_lease bad{};
    bad.object_ids = 8;
    bad.object_count = 1;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_CREATE_LEASE, bad), EFAULT);
}

TEST_F(Lease, good_ones_are_not_there_yet) {
    EXPECT_EQ(create({crtc_, screen_}), EOPNOTSUPP);
    EXPECT_EQ(client_.reason(), "a lease is not there yet");
    EXPECT_EQ(create({}), EOPNOTSUPP);
    EXPECT_EQ(client_.set_cap(DRM_CLIENT_CAP_UNIVERSAL_PLANES), 0);
    EXPECT_EQ(create({crtc_, screen_, plane_}), EOPNOTSUPP);
}

TEST_F(Lease, there_are_no_lessees) {
    drm_mode_list_lessees list{};
    list.count_lessees = 5;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_LIST_LESSEES, list), 0);
    EXPECT_EQ(list.count_lessees, 0u);
    list.pad = 1;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_LIST_LESSEES, list), EINVAL);
    EXPECT_EQ(client_.reason(), "pad 1 is not 0");
    drm_mode_revoke_lease revoke{.lessee_id = 3};
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_REVOKE_LEASE, revoke), ENOENT);
    EXPECT_EQ(client_.reason(), "there is no lessee 3");
}

TEST_F(Lease, the_owner_has_every_object) {
    drm_mode_get_lease get{};
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GET_LEASE, get), 0);
    std::vector<uint32_t> ids(get.count_objects);
    get.objects_ptr = reinterpret_cast<uintptr_t>(ids.data());
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GET_LEASE, get), 0);
    EXPECT_TRUE(std::ranges::is_sorted(ids));
    EXPECT_EQ(std::ranges::count(ids, crtc_), 1);
    get.pad = 1;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GET_LEASE, get), EINVAL);
    EXPECT_EQ(client_.reason(), "pad 1 is not 0");
    drm_mode_get_lease bad{};
    bad.count_objects = 1;
    bad.objects_ptr = 8;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GET_LEASE, bad), EFAULT);
}

}  // namespace
}  // namespace plugboard::drm
