// Every ioctl with a struct of zeros, a bad pointer and a struct that is too long, on a board's
// vkms and vgem by openers of all kinds, each call on a fresh file: prints
// tests/reference/linux-7.2/ioctl-errno.txt. Run by root it does all of it; else the caller is the
// user, and only the user's lines are printed.
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "src/uapi/drm_extra.h"
#include "tests/system/clients/card.h"

namespace {

using client::Card;
using client::must;

constexpr uid_t user = 1000;

/// A driver and its device's nodes. Found at the start: as the user access() has no capabilities.
struct Device {
    const char* driver;
    std::string node;
    std::string render_node;  // empty: it has none
};

struct Row {
    const char* name;
    unsigned long command;
};

constexpr unsigned long unknown_ioctl(unsigned type, unsigned number, unsigned size = 16) {
    return _IOC(_IOC_READ | _IOC_WRITE, type, number, size);
}

#define ROW(name) \
    { #name, DRM_IOCTL_##name }
constexpr Row rows[] = {
    ROW(VERSION),
    ROW(GET_UNIQUE),
    ROW(GET_MAGIC),
    ROW(IRQ_BUSID),
    ROW(GET_MAP),
    ROW(GET_CLIENT),
    ROW(GET_STATS),
    ROW(SET_VERSION),
    ROW(MODESET_CTL),
    ROW(GEM_CLOSE),
    ROW(GEM_FLINK),
    ROW(GEM_OPEN),
    ROW(GET_CAP),
    ROW(SET_CLIENT_CAP),
    ROW(SET_UNIQUE),
    ROW(AUTH_MAGIC),
    ROW(BLOCK),
    ROW(UNBLOCK),
    ROW(CONTROL),
    ROW(ADD_MAP),
    ROW(ADD_BUFS),
    ROW(MARK_BUFS),
    ROW(INFO_BUFS),
    ROW(MAP_BUFS),
    ROW(FREE_BUFS),
    ROW(RM_MAP),
    ROW(SET_SAREA_CTX),
    ROW(GET_SAREA_CTX),
    ROW(SET_MASTER),
    ROW(DROP_MASTER),
    ROW(ADD_CTX),
    ROW(RM_CTX),
    ROW(MOD_CTX),
    ROW(GET_CTX),
    ROW(SWITCH_CTX),
    ROW(NEW_CTX),
    ROW(RES_CTX),
    ROW(ADD_DRAW),
    ROW(RM_DRAW),
    ROW(DMA),
    ROW(LOCK),
    ROW(UNLOCK),
    ROW(FINISH),
    ROW(PRIME_HANDLE_TO_FD),
    ROW(PRIME_FD_TO_HANDLE),
    ROW(AGP_ACQUIRE),
    ROW(AGP_INFO),
    ROW(SG_ALLOC),
    ROW(SG_FREE),
    ROW(WAIT_VBLANK),
    ROW(CRTC_GET_SEQUENCE),
    ROW(CRTC_QUEUE_SEQUENCE),
    ROW(UPDATE_DRAW),
    ROW(MODE_GETRESOURCES),
    ROW(MODE_GETCRTC),
    ROW(MODE_SETCRTC),
    ROW(MODE_CURSOR),
    ROW(MODE_GETGAMMA),
    ROW(MODE_SETGAMMA),
    ROW(MODE_GETENCODER),
    ROW(MODE_GETCONNECTOR),
    ROW(MODE_ATTACHMODE),
    ROW(MODE_DETACHMODE),
    ROW(MODE_GETPROPERTY),
    ROW(MODE_SETPROPERTY),
    ROW(MODE_GETPROPBLOB),
    ROW(MODE_GETFB),
    ROW(MODE_ADDFB),
    ROW(MODE_RMFB),
    ROW(MODE_PAGE_FLIP),
    ROW(MODE_DIRTYFB),
    ROW(MODE_CREATE_DUMB),
    ROW(MODE_MAP_DUMB),
    ROW(MODE_DESTROY_DUMB),
    ROW(MODE_GETPLANERESOURCES),
    ROW(MODE_GETPLANE),
    ROW(MODE_SETPLANE),
    ROW(MODE_ADDFB2),
    ROW(MODE_OBJ_GETPROPERTIES),
    ROW(MODE_OBJ_SETPROPERTY),
    ROW(MODE_CURSOR2),
    ROW(MODE_ATOMIC),
    ROW(MODE_CREATEPROPBLOB),
    ROW(MODE_DESTROYPROPBLOB),
    ROW(SYNCOBJ_CREATE),
    ROW(SYNCOBJ_DESTROY),
    ROW(SYNCOBJ_HANDLE_TO_FD),
    ROW(SYNCOBJ_FD_TO_HANDLE),
    ROW(SYNCOBJ_WAIT),
    ROW(SYNCOBJ_RESET),
    ROW(SYNCOBJ_SIGNAL),
    ROW(MODE_CREATE_LEASE),
    ROW(MODE_LIST_LESSEES),
    ROW(MODE_GET_LEASE),
    ROW(MODE_REVOKE_LEASE),
    ROW(SYNCOBJ_TIMELINE_WAIT),
    ROW(SYNCOBJ_QUERY),
    ROW(SYNCOBJ_TRANSFER),
    ROW(SYNCOBJ_TIMELINE_SIGNAL),
    ROW(MODE_GETFB2),
    ROW(SYNCOBJ_EVENTFD),
    ROW(MODE_CLOSEFB),
    ROW(SET_CLIENT_NAME),
    ROW(GEM_CHANGE_HANDLE),
    {"unknown core 0xD8", unknown_ioctl('d', 0xd8)},
    {"unknown core 0x08", unknown_ioctl('d', 0x08)},
    {"driver range 0x40", unknown_ioctl('d', 0x40)},
    {"driver range 0x41 (vgem attach)", unknown_ioctl('d', 0x41)},
    {"driver range 0x42 (vgem signal)", DRM_IOW(0x42, uint64_t)},
    {"driver range 0x9f", unknown_ioctl('d', 0x9f)},
    {"past the end 0xff", unknown_ioctl('d', 0xff)},
    {"other type byte", unknown_ioctl('x', 0x00)},
};
#undef ROW

/// One call on a file of its own: "ok" or the name of its errno.
std::string answer(const std::string& node, unsigned long command, void* argument) {
    const Card card(node);
    return ioctl(card.fd(), command, argument) == 0 ? "ok" : strerrorname_np(errno);
}

std::string zero(const std::string& node, unsigned long command) {
    std::array<uint64_t, 512> space{};
    return answer(node, command, space.data());
}

/// The same ioctl with a struct that is eight bytes larger.
constexpr unsigned long lengthened(unsigned long command) {
    return _IOC(_IOC_DIR(command), _IOC_TYPE(command), _IOC_NR(command), _IOC_SIZE(command) + 8);
}

void print_rows(const Device& device, const std::string& node, const std::string& opener) {
    for (const Row& row : rows) {
        const std::string good = zero(node, row.command);
        const std::string bad = answer(node, row.command, reinterpret_cast<void*>(8));
        const std::string longer = zero(node, lengthened(row.command));
        std::printf("%-7s%-29s%-35szero=%s badptr=%s long=%s\n", device.driver, opener.c_str(),
                    row.name, good.c_str(), bad.c_str(), longer.c_str());
    }
    std::fflush(stdout);
}

/// Its lines twice: as the first opener of each file, and beside a master.
void print_opener(const Device& device, const std::string& who) {
    print_rows(device, device.node, "primary, " + who + ", master");
    const Card master(device.node);
    print_rows(device, device.node, "primary, " + who + ", not master");
}

void print_user(const Device& device) {
    print_opener(device, "user");
    if (!device.render_node.empty()) print_rows(device, device.render_node, "render, user");
}

/// Not CAP_SYS_ADMIN, but what it takes to reach the board: its directory is the runner's alone.
void become_user() {
    must(prctl(PR_SET_KEEPCAPS, 1) == 0, "PR_SET_KEEPCAPS");
    must(setgroups(0, nullptr) == 0 && setgid(user) == 0 && setuid(user) == 0, "setuid");
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    sets[0].permitted = sets[0].effective = 1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH;
    must(syscall(SYS_capset, &header, sets.data()) == 0, "capset");
}

void print_as_user(const Device& device) {
    std::fflush(stdout);
    const pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        become_user();
        print_user(device);
        _exit(0);  // its lines are out
    }
    int status = 0;
    must(waitpid(child, &status, 0) == child, "waitpid");
    must(status == 0, "the user's part");
}

}  // namespace

int main() {
    alarm(240);  // a hang ends the program, and so the test
    const Device devices[] = {
        {"vkms", client::find_node("vkms", "card"), ""},
        {"vgem", client::find_node("vgem", "card"), client::find_node("vgem", "renderD")}};
    for (const Device& device : devices) {
        if (getuid() != 0) {
            print_user(device);
            continue;
        }
        print_opener(device, "root");
        print_as_user(device);
    }
    return 0;
}
