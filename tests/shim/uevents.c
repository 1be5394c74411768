// The socket that stands for a netlink one on which uevents come, as the kernel's would behave.
#define _GNU_SOURCE
#include <linux/netlink.h>
#include <poll.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "client.h"

#define UEVENT "/sys/class/drm/card0/uevent"

enum { Kernel = 1, Udev = 2 };

static int listen_to(int flags, unsigned groups) {
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_KOBJECT_UEVENT);
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
    if (fd < 0 || bind(fd, (struct sockaddr*)&address, sizeof address) != 0)
        printf("# no listener: %s\n", strerror(errno));
    return fd;
}

static bool send_change(void) {
    const int fd = open(UEVENT, O_WRONLY | O_CLOEXEC);
    const bool done = fd >= 0 && write(fd, "change", 6) == 6;
    close(fd);
    return done;
}

static bool is_readable(int fd) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    return poll(&ready, 1, 0) == 1 && ready.revents == POLLIN;
}

static bool starts(const char* text, const char* start) {
    return strncmp(text, start, strlen(start)) == 0;
}

static void check_address(void) {
    const int fd = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == 0 && fcntl(fd, F_GETFL) == O_RDWR);
    int value = 0;
    socklen_t size = sizeof value;
    CHECK(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &size) == 0 && value == AF_NETLINK);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size) == 0 && value == SOCK_DGRAM);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &value, &size) == 0 &&
          value == NETLINK_KOBJECT_UEVENT);
    struct sockaddr_nl name = {0};
    size = sizeof name;
    CHECK(getsockname(fd, (struct sockaddr*)&name, &size) == 0 && size == sizeof name);
    CHECK(name.nl_family == AF_NETLINK && name.nl_pid == 0 && name.nl_groups == 0);
    struct sockaddr_nl wanted = {.nl_family = AF_NETLINK, .nl_groups = Udev};
    CHECK_ERROR(bind(fd, (struct sockaddr*)&wanted, 4), EINVAL);
    CHECK_ERROR(bind(fd, NULL, sizeof wanted), EFAULT);
    CHECK(bind(fd, (struct sockaddr*)&wanted, sizeof wanted) == 0);
    CHECK(getsockname(fd, (struct sockaddr*)&name, &size) == 0);
    CHECK(name.nl_pid == (uint32_t)getpid() && name.nl_groups == Udev);
    wanted.nl_pid = name.nl_pid + 1;
    CHECK_ERROR(bind(fd, (struct sockaddr*)&wanted, sizeof wanted), EINVAL);
    const int other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    wanted.nl_pid = name.nl_pid;
    CHECK_ERROR(bind(other, (struct sockaddr*)&wanted, sizeof wanted), EADDRINUSE);
    wanted.nl_pid = 0;
    CHECK(bind(other, (struct sockaddr*)&wanted, sizeof wanted) == 0);
    struct sockaddr_nl second = {0};
    CHECK(getsockname(other, (struct sockaddr*)&second, &size) == 0);
    CHECK(second.nl_pid != 0 && second.nl_pid != name.nl_pid);
    CHECK_ERROR(socket(AF_NETLINK, SOCK_STREAM, NETLINK_KOBJECT_UEVENT), ESOCKTNOSUPPORT);
    close(fd);
    close(other);
}

static void check_senders(void) {
    const int kernel = listen_to(0, Kernel), udev = listen_to(0, Udev);
    const int on = 1;
    CHECK(setsockopt(udev, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0);
    CHECK(send_change());
    char text[2048];
    struct sockaddr_nl from = {0};
    socklen_t size = sizeof from;
    CHECK(recvfrom(kernel, text, sizeof text, 0, (struct sockaddr*)&from, &size) > 100);
    CHECK(size == sizeof from && from.nl_family == AF_NETLINK && from.nl_pid == 0 &&
          from.nl_groups == Kernel);
    CHECK(starts(text, "change@/devices/platform/vkms/drm/card0"));
    CHECK(starts(text + strlen(text) + 1, "ACTION=change"));

    CHECK(recv(udev, NULL, 0, MSG_PEEK | MSG_TRUNC) > 100);
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
    } control = {0};
    struct iovec part = {text, sizeof text};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    from.nl_groups = 0;
    CHECK(recvmsg(udev, &message, 0) > 100);
    CHECK(message.msg_namelen == sizeof from && from.nl_family == AF_NETLINK &&
          from.nl_groups == Udev);
    struct ucred sender = {.uid = 1};
    memcpy(&sender, CMSG_DATA(&control.header), sizeof sender);
    CHECK(control.header.cmsg_type == SCM_CREDENTIALS && sender.uid == 0 && sender.gid == 0);
    CHECK(memcmp(text, "libudev", 8) == 0);

    CHECK(send_change() && send_change());
    struct mmsghdr messages[4];
    struct sockaddr_nl senders[4];
    struct iovec parts[4];
    char texts[4][1024];
    for (int i = 0; i < 4; i++) {
        parts[i] = (struct iovec){texts[i], sizeof texts[i]};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &senders[i], .msg_namelen = 12, .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    CHECK(recvmmsg(kernel, messages, 4, MSG_DONTWAIT, NULL) == 2);
    CHECK(messages[1].msg_len > 100 && senders[1].nl_groups == Kernel);
    CHECK(read(udev, text, sizeof text) > 100 && read(udev, text, sizeof text) > 100);
    CHECK_ERROR(recv(udev, text, sizeof text, MSG_DONTWAIT), EAGAIN);
    close(kernel);
    close(udev);
}

static void check_groups(void) {
    const int fd = listen_to(SOCK_NONBLOCK, 0);
    char text[2048];
    CHECK(send_change());
    CHECK_ERROR(recv(fd, text, sizeof text, 0), EAGAIN);
    unsigned group = Kernel;
    CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) == 0);
    CHECK(send_change() && recv(fd, text, sizeof text, 0) > 100 && starts(text, "change@"));
    CHECK(setsockopt(fd, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group, sizeof group) == 0);
    CHECK(send_change());
    CHECK_ERROR(recv(fd, text, sizeof text, 0), EAGAIN);
    group = 33;
    CHECK_ERROR(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group), EINVAL);
    close(fd);
}

/// Nobody but the kernel and udev may.
static void check_sending(void) {
    const int fd = listen_to(0, Kernel);
    struct sockaddr_nl all = {.nl_family = AF_NETLINK, .nl_groups = Kernel};
    CHECK_ERROR(send(fd, "x", 1, 0), EPERM);
    CHECK_ERROR(sendto(fd, "x", 1, 0, (struct sockaddr*)&all, sizeof all), EPERM);
    CHECK_ERROR(write(fd, "x", 1), EPERM);
    CHECK_ERROR(connect(fd, (struct sockaddr*)&all, sizeof all), EPERM);
    all.nl_groups = 0;
    CHECK(connect(fd, (struct sockaddr*)&all, sizeof all) == 0);
    CHECK(send_change() && is_readable(fd));
    close(fd);
}

/// A reader who is too slow is told so, and hears what comes after that.
static void check_overrun(void) {
    const int fd = listen_to(SOCK_NONBLOCK, Kernel), udev = listen_to(SOCK_NONBLOCK, Udev);
    bool sent = true;
    for (int i = 0; i < 3000; i++) sent = sent && send_change();
    CHECK(sent);
    char text[2048];
    int heard = 0;
    while (recv(fd, text, sizeof text, 0) > 0) heard++;
    CHECK(errno == ENOBUFS);
    CHECK(heard > 50 && heard < 3000);
    CHECK_ERROR(recv(fd, text, sizeof text, 0), EAGAIN);
    CHECK(send_change() && recv(fd, text, sizeof text, 0) > 100);
    heard = 0;
    while (recv(udev, NULL, 0, MSG_PEEK | MSG_TRUNC) > 0 && read(udev, text, sizeof text) > 0)
        heard++;
    CHECK(errno == ENOBUFS && heard > 50);
    CHECK(send_change() && recv(udev, text, sizeof text, 0) > 100);
    close(fd);
    close(udev);
}

/// A copy in another process, passed and inherited, is the same socket.
static void check_copies(void) {
    const int fd = listen_to(0, Kernel);
    const int copy = dup(fd);
    close(fd);
    const pid_t child = fork();
    if (child == 0) {
        char text[2048];
        struct sockaddr_nl name = {0};
        socklen_t size = sizeof name;
        const bool named = getsockname(copy, (struct sockaddr*)&name, &size) == 0 &&
                           name.nl_pid == (uint32_t)getppid() && name.nl_groups == Kernel;
        _exit(named && recv(copy, text, sizeof text, 0) > 100 && starts(text, "change@") ? 0 : 1);
    }
    CHECK(send_change());
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK_ERROR(recv(copy, NULL, 0, MSG_DONTWAIT), EAGAIN);
    close(copy);
    // Those that are closed keep nothing in the daemon, whose descriptors would run out.
    bool all = true;
    for (int i = 0; i < 3000; i++) {
        const int one = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
        all = all && one >= 0;
        close(one);
    }
    CHECK(all);
}

/// Other sockets are the host's.
static void check_others(void) {
    const int route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct sockaddr_nl name = {0};
    socklen_t size = sizeof name;
    CHECK(route >= 0 && getsockname(route, (struct sockaddr*)&name, &size) == 0 &&
          name.nl_family == AF_NETLINK);
    close(route);
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    char text[64];
    CHECK(send(pair[0], "seventeen bytes..", 17, 0) == 17);
    CHECK(recv(pair[1], text, sizeof text, 0) == 17);
    CHECK(send(pair[0], "seventeen bytes..", 17, 0) == 17 && read(pair[1], text, 64) == 17);
    close(pair[0]);
    close(pair[1]);
    struct sockaddr_un {
        sa_family_t family;
        char path[108];
    } control = {AF_UNIX, "/run/udev/control"};
    const int local = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    CHECK_ERROR(connect(local, (struct sockaddr*)&control, sizeof control), ECONNREFUSED);
    strcpy(control.path, "/run/udev/nosuch");
    CHECK_ERROR(connect(local, (struct sockaddr*)&control, sizeof control), ENOENT);
    close(local);
}

int main(void) {
    CHECK(send_change());  // from now on there is a channel to the daemon
    const int before = count_fds();
    check_address();
    check_senders();
    check_groups();
    check_sending();
    check_overrun();
    check_copies();
    check_others();
    CHECK(count_fds() == before);
    return finish_checks();
}
