// Leases: a file that rules some CRTCs, planes and connectors of its lessor's card.
// Linux: drivers/gpu/drm/drm_lease.c
#pragma once

#include <cstdint>

#include "drm/file.h"
#include "drm/master.h"
#include "drm/objects/mode_object.h"

namespace plugboard::drm {

class Crtc;

/// CRTCs, planes and connectors; a lessee may use all that is of another type.
/// Linux: drm_mode_object_lease_required
bool is_leasable(ObjectType type);
/// Whether the file may see and set the CRTC, plane or connector: it is no lessee, or has it
/// leased. Linux: drm_lease_held
bool may_use(const File& file, ObjectId id);
/// A mask of CRTCs in the numbers that the file knows them by. Linux: drm_lease_filter_crtcs
uint32_t filter_crtcs(const File& file, uint32_t crtcs);
/// The CRTC that the file knows by this number; null: it has fewer.
Crtc* find_crtc_by_pipe(const File& file, uint32_t pipe);

/// At the last close of a lessee's file: its objects and its number are free. Under the device's
/// master_mutex. Linux: drm_lease_destroy
void end_lease_locked(Master& lessee);
/// Takes from a lessor's lessees, or a lessee, what they have leased. Under the master_mutex.
void revoke_leases_locked(Master& master);

}  // namespace plugboard::drm
