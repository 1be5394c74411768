// Syncobjs, which no driver here has yet.
#include <cerrno>

#include "tests/contract/contract.h"

namespace plugboard::tests {

Contracts syncobj_contracts() {
    Contracts contracts;
    for (const unsigned long command :
         {DRM_IOCTL_SYNCOBJ_CREATE, DRM_IOCTL_SYNCOBJ_DESTROY, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD,
          DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, DRM_IOCTL_SYNCOBJ_WAIT, DRM_IOCTL_SYNCOBJ_RESET,
          DRM_IOCTL_SYNCOBJ_SIGNAL, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, DRM_IOCTL_SYNCOBJ_QUERY,
          DRM_IOCTL_SYNCOBJ_TRANSFER, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL,
          DRM_IOCTL_SYNCOBJ_EVENTFD}) {
        contracts.push_back(contract_without_argument(command, EOPNOTSUPP, "has no syncobj"));
    }
    return contracts;
}

}  // namespace plugboard::tests
