// The error numbers a client can see, as a type of their own.
// Linux: include/uapi/asm-generic/errno-base.h, errno.h
#pragma once

#include <cerrno>

namespace plugboard {

/// Values are the kernel's, so a cast to int is what errno gets.
enum class Errno : int {
    Perm = EPERM,
    NoEnt = ENOENT,
    Intr = EINTR,
    Io = EIO,
    NxIo = ENXIO,
    TooBig = E2BIG,
    BadF = EBADF,
    Again = EAGAIN,
    NoMem = ENOMEM,
    Access = EACCES,
    Fault = EFAULT,
    Busy = EBUSY,
    Exist = EEXIST,
    NoDev = ENODEV,
    NotDir = ENOTDIR,
    IsDir = EISDIR,
    Inval = EINVAL,
    NFile = ENFILE,
    MFile = EMFILE,
    NoTty = ENOTTY,
    NoSpc = ENOSPC,
    RoFs = EROFS,
    Pipe = EPIPE,
    Range = ERANGE,
    NotEmpty = ENOTEMPTY,
    NameTooLong = ENAMETOOLONG,
    NoSys = ENOSYS,
    Proto = EPROTO,
    Overflow = EOVERFLOW,
    BadFd = EBADFD,
    MsgSize = EMSGSIZE,
    OpNotSupp = EOPNOTSUPP,
    ConnRefused = ECONNREFUSED,
    ConnReset = ECONNRESET,
    TimedOut = ETIMEDOUT,
    Time = ETIME,
    Canceled = ECANCELED,
    ProbeDefer = 517,  // EPROBE_DEFER: never leaves the driver core
};

/// "EINVAL" for Errno::Inval; "E?" for a number that has no name here.
constexpr const char* errno_name(Errno error) {
    switch (error) {
        case Errno::Perm: return "EPERM";
        case Errno::NoEnt: return "ENOENT";
        case Errno::Intr: return "EINTR";
        case Errno::Io: return "EIO";
        case Errno::NxIo: return "ENXIO";
        case Errno::TooBig: return "E2BIG";
        case Errno::BadF: return "EBADF";
        case Errno::Again: return "EAGAIN";
        case Errno::NoMem: return "ENOMEM";
        case Errno::Access: return "EACCES";
        case Errno::Fault: return "EFAULT";
        case Errno::Busy: return "EBUSY";
        case Errno::Exist: return "EEXIST";
        case Errno::NoDev: return "ENODEV";
        case Errno::NotDir: return "ENOTDIR";
        case Errno::IsDir: return "EISDIR";
        case Errno::Inval: return "EINVAL";
        case Errno::NFile: return "ENFILE";
        case Errno::MFile: return "EMFILE";
        case Errno::NoTty: return "ENOTTY";
        case Errno::NoSpc: return "ENOSPC";
        case Errno::RoFs: return "EROFS";
        case Errno::Pipe: return "EPIPE";
        case Errno::NotEmpty: return "ENOTEMPTY";
        case Errno::Range: return "ERANGE";
        case Errno::NameTooLong: return "ENAMETOOLONG";
        case Errno::NoSys: return "ENOSYS";
        case Errno::Proto: return "EPROTO";
        case Errno::Overflow: return "EOVERFLOW";
        case Errno::BadFd: return "EBADFD";
        case Errno::MsgSize: return "EMSGSIZE";
        case Errno::OpNotSupp: return "EOPNOTSUPP";
        case Errno::ConnRefused: return "ECONNREFUSED";
        case Errno::ConnReset: return "ECONNRESET";
        case Errno::TimedOut: return "ETIMEDOUT";
        case Errno::Time: return "ETIME";
        case Errno::Canceled: return "ECANCELED";
        case Errno::ProbeDefer: return "EPROBE_DEFER";
    }
    return "E?";
}

}  // namespace plugboard
