#include "drm/lease.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "drm/handlers.h"
#include "drm/objects/mode_list.h"
#include "tests/support/drm_client.h"

namespace plugboard::drm {
namespace {

using tests::Board;
using tests::Client;

using Ids = std::vector<uint32_t>;

/// Counts the uevents that say LEASE=1.
class Uevents final : public device::Watcher {
  public:
    explicit Uevents(device::Model& model) : model_(model) { model_.add_watcher(*this); }
    ~Uevents() { model_.remove_watcher(*this); }
    void uevent(const device::Device&, const device::Uevent& event) override {
        const std::pair<std::string, std::string> wanted("LEASE", "1");
        leases += static_cast<int>(std::ranges::count(event.keys, wanted));
    }
    int leases = 0;

  private:
    device::Model& model_;
};

class Lease : public testing::Test {
  protected:
    explicit Lease(tests::CardInfo info = {}) : board_(std::move(info)) {}

    struct Made {
        int error = 0;
        uint32_t id = 0;
        std::unique_ptr<Client> lessee;
    };
    static Made create(Client& lessor, Ids ids, uint32_t flags = 0) {
        drm_mode_create_lease lease{};
        lease.object_ids = reinterpret_cast<uintptr_t>(ids.data());
        lease.object_count = static_cast<uint32_t>(ids.size());
        lease.flags = flags;
        const int error = lessor.ioctl(DRM_IOCTL_MODE_CREATE_LEASE, lease);
        return {error, lease.lessee_id, lessor.take_opened()};
    }
    static Ids lessees(Client& client) {
        Ids ids(8);
        drm_mode_list_lessees list{};
        list.count_lessees = 8;
        list.lessees_ptr = reinterpret_cast<uintptr_t>(ids.data());
        EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_LIST_LESSEES, list), 0);
        ids.resize(list.count_lessees);
        return ids;
    }
    static Ids leased(Client& client) {
        drm_mode_get_lease get{};
        EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GET_LEASE, get), 0);
        Ids ids(get.count_objects);
        get.objects_ptr = reinterpret_cast<uintptr_t>(ids.data());
        EXPECT_EQ(client.ioctl(DRM_IOCTL_MODE_GET_LEASE, get), 0);
        return ids;
    }
    static int revoke(Client& client, uint32_t id) {
        drm_mode_revoke_lease revoke{.lessee_id = id};
        return client.ioctl(DRM_IOCTL_MODE_REVOKE_LEASE, revoke);
    }
    static int look_at_crtc(Client& client, uint32_t id) {
        drm_mode_crtc get{};
        get.crtc_id = id;
        return client.ioctl(DRM_IOCTL_MODE_GETCRTC, get);
    }

    Board board_;
    Client client_{board_.drm()};
    uint32_t crtc_ = raw(board_.crtc().id());
    uint32_t screen_ = raw(board_.screen()->id());
    uint32_t plane_ = raw(board_.primary().id());
    uint32_t cursor_ = raw(board_.cursor().id());
};

TEST_F(Lease, wrong_ones_are_refused_in_linuxs_order) {
    EXPECT_EQ(create(client_, {}, 1).error, EINVAL);
    EXPECT_EQ(client_.reason(), "flags 0x1: not CLOEXEC or NONBLOCK");
    EXPECT_EQ(create(client_, {crtc_, 9999}).error, ENOENT);
    EXPECT_EQ(client_.reason(), "there is no object 9999");
    EXPECT_EQ(create(client_, {crtc_, 1}).error, EINVAL);
    EXPECT_EQ(client_.reason(), "object 1 cannot be leased");
    EXPECT_EQ(create(client_, {crtc_}).error, EINVAL);
    EXPECT_EQ(client_.reason(), "a lease needs a CRTC and a connector");
    EXPECT_EQ(create(client_, {crtc_, screen_, screen_}).error, ENOSPC);
    EXPECT_EQ(client_.reason(), "object " + std::to_string(screen_) + " is named twice");
    EXPECT_EQ(create(client_, {crtc_, screen_, plane_}).error, ENOSPC)
        << "the CRTC has brought its plane";
    EXPECT_EQ(client_.set_cap(DRM_CLIENT_CAP_UNIVERSAL_PLANES), 0);
    EXPECT_EQ(create(client_, {crtc_, screen_}).error, EINVAL);
    EXPECT_EQ(client_.reason(), "a lease needs a plane");
    drm_mode_create_lease bad{};
    bad.object_ids = 8;
    bad.object_count = 1;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_CREATE_LEASE, bad), EFAULT);
    bad.object_count = 1 << 30;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_CREATE_LEASE, bad), ENOMEM);
    Client other(board_.drm());
    EXPECT_EQ(create(other, {}).error, EACCES);
    board_.unplug();
    EXPECT_EQ(create(client_, {}, 1).error, ENODEV);
}

TEST_F(Lease, may_be_empty) {
    const Made made = create(client_, {});
    ASSERT_EQ(made.error, 0);
    EXPECT_EQ(made.id, 1u);
    EXPECT_EQ(leased(*made.lessee), Ids{});
    EXPECT_EQ(lessees(client_), Ids{}) << "who has nothing is not listed";
    EXPECT_EQ(look_at_crtc(*made.lessee, crtc_), ENOENT);
}

TEST_F(Lease, a_crtc_brings_its_planes_for_a_client_that_sees_none) {
    const Made made = create(client_, {crtc_, screen_});
    ASSERT_EQ(made.error, 0);
    Ids all{crtc_, screen_, plane_, cursor_};
    std::ranges::sort(all);
    EXPECT_EQ(leased(*made.lessee), all);
    EXPECT_EQ(lessees(client_), Ids{made.id});
}

TEST_F(Lease, nothing_is_leased_twice) {
    EXPECT_EQ(client_.set_cap(DRM_CLIENT_CAP_UNIVERSAL_PLANES), 0);
    const Made first = create(client_, {crtc_, screen_, plane_});
    ASSERT_EQ(first.error, 0);
    EXPECT_EQ(create(client_, {crtc_, screen_, cursor_}).error, EBUSY);
    EXPECT_EQ(client_.reason(),
              "object " + std::to_string(std::min(crtc_, screen_)) + " is leased already");
    EXPECT_EQ(create(client_, {}).id, 2u);
}

TEST_F(Lease, a_lessee_is_master_with_caps_of_its_own_and_cannot_let) {
    EXPECT_EQ(client_.set_cap(DRM_CLIENT_CAP_ATOMIC), 0);
    const Made made = create(client_, {crtc_, screen_, plane_});
    ASSERT_EQ(made.error, 0);
    EXPECT_TRUE(is_current_master(made.lessee->file()));
    EXPECT_TRUE(is_current_master(client_.file()));
    EXPECT_FALSE(made.lessee->file().caps().atomic);
    EXPECT_EQ(create(*made.lessee, {9999}).error, EINVAL);
    EXPECT_EQ(made.lessee->reason(), "a lessee cannot let");
    EXPECT_EQ(lessees(*made.lessee), Ids{});
    EXPECT_EQ(revoke(*made.lessee, made.id), EACCES);
    EXPECT_EQ(revoke(*made.lessee, 77), ENOENT);
}

TEST_F(Lease, revoked_it_is_an_empty_one) {
    const Made made = create(client_, {crtc_, screen_});
    EXPECT_EQ(look_at_crtc(*made.lessee, crtc_), 0);
    EXPECT_EQ(revoke(client_, made.id), 0);
    EXPECT_EQ(look_at_crtc(*made.lessee, crtc_), ENOENT);
    EXPECT_TRUE(is_current_master(made.lessee->file()));
    EXPECT_EQ(leased(*made.lessee), Ids{});
    EXPECT_EQ(lessees(client_), Ids{});
    EXPECT_EQ(revoke(client_, made.id), 0) << "once more";
    EXPECT_EQ(create(client_, {crtc_, screen_}).id, made.id + 1) << "its number is in use";
    EXPECT_EQ(revoke(client_, 99), ENOENT);
    EXPECT_EQ(client_.reason(), "there is no lessee 99");
}

TEST_F(Lease, its_end_frees_objects_and_number_and_is_told) {
    Uevents uevents(board_.model);
    Made made = create(client_, {crtc_, screen_});
    EXPECT_EQ(revoke(client_, made.id), 0);
    EXPECT_EQ(uevents.leases, 0);
    made.lessee.reset();
    EXPECT_EQ(uevents.leases, 1);
    made = create(client_, {crtc_, screen_});
    EXPECT_EQ(made.error, 0);
    EXPECT_EQ(made.id, 1u);
    made.lessee.reset();
    EXPECT_EQ(uevents.leases, 2);
}

TEST_F(Lease, follows_its_owners_rule) {
    const Made made = create(client_, {crtc_, screen_});
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_DROP_MASTER, nullptr), 0);
    EXPECT_FALSE(is_current_master(made.lessee->file()));
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_SET_MASTER, nullptr), 0);
    EXPECT_TRUE(is_current_master(made.lessee->file()));
    EXPECT_EQ(look_at_crtc(*made.lessee, crtc_), 0);
    client_.close();
    EXPECT_FALSE(is_current_master(made.lessee->file()));
    EXPECT_EQ(look_at_crtc(*made.lessee, crtc_), ENOENT) << "for good";
    Client next(board_.drm());
    EXPECT_TRUE(is_current_master(next.file()));
    EXPECT_EQ(create(next, {crtc_, screen_}).error, 0);
    EXPECT_FALSE(is_current_master(made.lessee->file()));
}

TEST_F(Lease, a_lessee_neither_takes_nor_leaves_the_rule) {
    const Made made = create(client_, {crtc_, screen_});
    Client& lessee = *made.lessee;
    EXPECT_EQ(lessee.ioctl(DRM_IOCTL_SET_MASTER, nullptr), EACCES);
    EXPECT_EQ(lessee.ioctl(DRM_IOCTL_DROP_MASTER, nullptr), EACCES);
    const uapi::Credentials root{.pid = 1, .uid = 0, .gid = 0};
    EXPECT_EQ(lessee.ioctl_as(root, DRM_IOCTL_SET_MASTER, nullptr), 0);
    EXPECT_EQ(lessee.ioctl_as(root, DRM_IOCTL_DROP_MASTER, nullptr), EINVAL);
    EXPECT_EQ(lessee.reason(), "a lessee rules while its lessor does");
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_DROP_MASTER, nullptr), 0);
    EXPECT_EQ(lessee.ioctl_as(root, DRM_IOCTL_SET_MASTER, nullptr), EINVAL);
    EXPECT_EQ(lessee.ioctl_as(root, DRM_IOCTL_DROP_MASTER, nullptr), EINVAL);
}

TEST_F(Lease, the_owner_has_every_object) {
    const Ids ids = leased(client_);
    EXPECT_TRUE(std::ranges::is_sorted(ids));
    EXPECT_EQ(std::ranges::count(ids, crtc_), 1);
    drm_mode_get_lease get{};
    get.pad = 1;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GET_LEASE, get), EINVAL);
    EXPECT_EQ(client_.reason(), "pad 1 is not 0");
    drm_mode_get_lease bad{};
    bad.count_objects = 1;
    bad.objects_ptr = 8;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_GET_LEASE, bad), EFAULT);
    drm_mode_list_lessees list{};
    list.pad = 1;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_LIST_LESSEES, list), EINVAL);
    EXPECT_EQ(client_.reason(), "pad 1 is not 0");
    const Made made = create(client_, {crtc_, screen_});
    list = {};
    list.count_lessees = 1;
    list.lessees_ptr = 8;
    EXPECT_EQ(client_.ioctl(DRM_IOCTL_MODE_LIST_LESSEES, list), EFAULT);
}

TEST_F(Lease, after_unplug_all_is_ENODEV_and_nothing_is_left) {
    Made made = create(client_, {crtc_, screen_});
    board_.unplug();
    EXPECT_EQ(look_at_crtc(*made.lessee, crtc_), ENODEV);
    EXPECT_EQ(revoke(client_, made.id), ENODEV);
    client_.close();
    made.lessee.reset();
    board_.model.flush();
    board_.drop();
    for (const auto& object : live_objects())
        EXPECT_FALSE(object->label().starts_with("master")) << object->label();
}

TEST_F(Lease, unplug_hangs_up_lessor_and_lessee) {
    const Made made = create(client_, {crtc_, screen_});
    ASSERT_EQ(made.error, 0);
    board_.unplug();
    EXPECT_TRUE(client_.events().is_hung_up());
    EXPECT_TRUE(made.lessee->events().is_hung_up());
    EXPECT_EQ(create(client_, {crtc_, screen_}).error, ENODEV);
}

TEST_F(Lease, a_lessee_explains_whom_it_has_it_from) {
    const Made made = create(client_, {});
    struct Visitor final : RefVisitor {
        void edge(const plugboard::Object&, std::string_view reason) override {
            lessors += reason == "drm_master.lessor";
        }
        int lessors = 0;
    } visitor;
    for (const auto& object : live_objects()) object->visit_refs(visitor);
    EXPECT_EQ(visitor.lessors, 1);
}

TEST_F(Lease, create_and_close_in_many_threads_leave_no_trace) {
    std::vector<std::thread> threads;
    std::atomic<int> made{0};
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&] {
            for (int round = 0; round < 50; round++) {
                Ids ids{crtc_, screen_};
                drm_mode_create_lease lease{};
                lease.object_ids = reinterpret_cast<uintptr_t>(ids.data());
                lease.object_count = 2;
                const int error = client_.ioctl(DRM_IOCTL_MODE_CREATE_LEASE, lease);
                EXPECT_TRUE(error == 0 || error == EBUSY) << error;
                made += error == 0;
                client_.take_opened().reset();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_GT(made, 0);
    EXPECT_EQ(lessees(client_), Ids{});
    EXPECT_EQ(create(client_, {crtc_, screen_}).id, 1u);
}

/// A lease of the second of two CRTCs.
class Lessee : public Lease {
  protected:
    Lessee() : Lease({.has_second_crtc = true}) {
        EXPECT_EQ(client_.set_cap(DRM_CLIENT_CAP_UNIVERSAL_PLANES), 0);
        lessee_ = create(client_, {second_crtc_, second_screen_, second_plane_}).lessee;
        EXPECT_EQ(lessee_->set_cap(DRM_CLIENT_CAP_UNIVERSAL_PLANES), 0);
        EXPECT_EQ(lessee_->set_cap(DRM_CLIENT_CAP_ATOMIC), 0);
    }
    int set_crtc(uint32_t crtc, uint32_t screen, uint32_t fb) {
        drm_mode_modeinfo mode{};
        {
            MutexLock lock(board_.drm().mode_config().lock());
            mode = drm::noedid_modes(8192, 8192)[0].to_user(AspectBits::Hide);
        }
        drm_mode_crtc set{};
        set.crtc_id = crtc;
        set.fb_id = fb;
        set.mode = mode;
        set.mode_valid = fb != 0;
        set.count_connectors = fb != 0;
        set.set_connectors_ptr = reinterpret_cast<uintptr_t>(&screen);
        return lessee_->ioctl(DRM_IOCTL_MODE_SETCRTC, set);
    }
    /// ATOMIC, tested only: one property of one object.
    int set(uint32_t object, const Property* property, uint64_t value) {
        uint32_t count = 1, property_id = raw(property->id());
        drm_mode_atomic atomic{};
        atomic.flags = DRM_MODE_ATOMIC_TEST_ONLY | DRM_MODE_ATOMIC_ALLOW_MODESET;
        atomic.count_objs = 1;
        atomic.objs_ptr = reinterpret_cast<uintptr_t>(&object);
        atomic.count_props_ptr = reinterpret_cast<uintptr_t>(&count);
        atomic.props_ptr = reinterpret_cast<uintptr_t>(&property_id);
        atomic.prop_values_ptr = reinterpret_cast<uintptr_t>(&value);
        return lessee_->ioctl(DRM_IOCTL_MODE_ATOMIC, atomic);
    }
    uint32_t second_crtc_ = raw(board_.second_crtc().id());
    uint32_t second_screen_ = raw(board_.second_screen()->id());
    uint32_t second_plane_ = raw(board_.second_primary().id());
    std::unique_ptr<Client> lessee_;
};

TEST_F(Lessee, sees_what_it_has_leased_and_every_encoder) {
    uint32_t crtcs[4] = {}, screens[4] = {}, encoders[4] = {}, planes[4] = {};
    drm_mode_card_res resources{};
    resources.count_crtcs = resources.count_connectors = resources.count_encoders = 4;
    resources.crtc_id_ptr = reinterpret_cast<uintptr_t>(crtcs);
    resources.connector_id_ptr = reinterpret_cast<uintptr_t>(screens);
    resources.encoder_id_ptr = reinterpret_cast<uintptr_t>(encoders);
    ASSERT_EQ(lessee_->ioctl(DRM_IOCTL_MODE_GETRESOURCES, resources), 0);
    EXPECT_EQ(resources.count_crtcs, 1u);
    EXPECT_EQ(crtcs[0], second_crtc_);
    EXPECT_EQ(resources.count_connectors, 1u);
    EXPECT_EQ(screens[0], second_screen_);
    EXPECT_EQ(resources.count_encoders, 3u);
    drm_mode_get_plane_res plane_resources{};
    plane_resources.count_planes = 4;
    plane_resources.plane_id_ptr = reinterpret_cast<uintptr_t>(planes);
    ASSERT_EQ(lessee_->ioctl(DRM_IOCTL_MODE_GETPLANERESOURCES, plane_resources), 0);
    EXPECT_EQ(plane_resources.count_planes, 1u);
    EXPECT_EQ(planes[0], second_plane_);
}

TEST_F(Lessee, counts_its_own_crtcs) {
    drm_mode_get_plane plane{};
    plane.plane_id = second_plane_;
    ASSERT_EQ(lessee_->ioctl(DRM_IOCTL_MODE_GETPLANE, plane), 0);
    EXPECT_EQ(plane.possible_crtcs, 1u);
    drm_mode_get_encoder encoder{};
    encoder.encoder_id = raw(board_.second_screen()->info().encoders[0]->id());
    ASSERT_EQ(lessee_->ioctl(DRM_IOCTL_MODE_GETENCODER, encoder), 0);
    EXPECT_EQ(encoder.possible_crtcs, 1u);
    encoder.encoder_id = raw(board_.screen()->info().encoders[0]->id());
    ASSERT_EQ(lessee_->ioctl(DRM_IOCTL_MODE_GETENCODER, encoder), 0);
    EXPECT_EQ(encoder.possible_crtcs, 0u);

    drm_wait_vblank vblank{};
    vblank.request.type = _DRM_VBLANK_RELATIVE;
    EXPECT_EQ(lessee_->ioctl(DRM_IOCTL_WAIT_VBLANK, vblank), EINVAL);
    EXPECT_EQ(lessee_->reason(), board_.second_crtc().name() + " (" + std::to_string(second_crtc_) +
                                     ") is off: it has no vblanks now");
    vblank.request.type =
        static_cast<drm_vblank_seq_type>(_DRM_VBLANK_RELATIVE | _DRM_VBLANK_SECONDARY);
    EXPECT_EQ(lessee_->ioctl(DRM_IOCTL_WAIT_VBLANK, vblank), EINVAL);
    EXPECT_NE(lessee_->reason().find("CRTC number 1"), std::string::npos);
}

TEST_F(Lessee, does_not_find_what_others_have) {
    EXPECT_EQ(look_at_crtc(*lessee_, crtc_), ENOENT);
    drm_mode_get_plane plane{};
    plane.plane_id = plane_;
    EXPECT_EQ(lessee_->ioctl(DRM_IOCTL_MODE_GETPLANE, plane), ENOENT);
    drm_mode_get_connector connector{};
    connector.connector_id = screen_;
    EXPECT_EQ(lessee_->ioctl(DRM_IOCTL_MODE_GETCONNECTOR, connector), ENOENT);
    drm_mode_obj_get_properties properties{};
    properties.obj_id = crtc_;
    properties.obj_type = DRM_MODE_OBJECT_ANY;
    EXPECT_EQ(lessee_->ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, properties), ENOENT);
    properties.obj_id = second_crtc_;
    EXPECT_EQ(lessee_->ioctl(DRM_IOCTL_MODE_OBJ_GETPROPERTIES, properties), 0);
    drm_mode_obj_set_property set_property{};
    set_property.obj_id = crtc_;
    set_property.obj_type = DRM_MODE_OBJECT_CRTC;
    EXPECT_EQ(lessee_->ioctl(DRM_IOCTL_MODE_OBJ_SETPROPERTY, set_property), ENOENT);
    drm_crtc_get_sequence sequence{};
    sequence.crtc_id = crtc_;
    EXPECT_EQ(lessee_->ioctl(DRM_IOCTL_CRTC_GET_SEQUENCE, sequence), ENOENT);
    drm_mode_set_plane set_plane{};
    set_plane.plane_id = plane_;
    EXPECT_EQ(lessee_->ioctl(DRM_IOCTL_MODE_SETPLANE, set_plane), ENOENT);
    EXPECT_EQ(set_crtc(crtc_, screen_, 0), ENOENT);
}

TEST_F(Lessee, sets_its_own_objects_by_ATOMIC_and_no_others) {
    const StandardProperties& p = board_.drm().mode_config().properties;
    EXPECT_EQ(set(second_plane_, p.crtc_x, 0), 0);
    EXPECT_EQ(set(plane_, p.crtc_x, 0), ENOENT);
    EXPECT_EQ(set(second_plane_, p.crtc_id, crtc_), EACCES);
    EXPECT_NE(lessee_->reason().find("the lessee has not leased it"), std::string::npos);
    EXPECT_EQ(set(second_screen_, p.crtc_id, crtc_), EACCES);
}

TEST_F(Lessee, sets_a_mode_on_its_own_screen) {
    const uint32_t fb = lessee_->add_fb(4096, 2160);
    EXPECT_EQ(set_crtc(second_crtc_, second_screen_, fb), 0) << lessee_->reason();
    EXPECT_EQ(set_crtc(second_crtc_, screen_, fb), ENOENT);
    EXPECT_EQ(look_at_crtc(client_, second_crtc_), 0) << "its lessor sees it all the same";
}

TEST_F(Lessee, without_the_plane_that_a_call_means_is_EACCES) {
    lessee_.reset();
    lessee_ = create(client_, {second_crtc_, second_screen_, cursor_}).lessee;
    ASSERT_TRUE(lessee_);
    const uint32_t fb = lessee_->add_fb();
    EXPECT_EQ(set_crtc(second_crtc_, second_screen_, fb), EACCES);
    EXPECT_EQ(set_crtc(second_crtc_, second_screen_, 0), 0) << "off";
    drm_mode_crtc_page_flip flip{};
    flip.crtc_id = second_crtc_;
    flip.fb_id = fb;
    EXPECT_EQ(lessee_->ioctl(DRM_IOCTL_MODE_PAGE_FLIP, flip), EACCES);
    lessee_ = create(client_, {crtc_, screen_, plane_}).lessee;
    ASSERT_TRUE(lessee_);
    drm_mode_cursor cursor{};
    cursor.flags = DRM_MODE_CURSOR_MOVE;
    cursor.crtc_id = crtc_;
    EXPECT_EQ(lessee_->ioctl(DRM_IOCTL_MODE_CURSOR, cursor), EACCES);
}

}  // namespace
}  // namespace plugboard::drm
