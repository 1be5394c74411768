// Pixel formats that Linux knows and the drm_fourcc.h of libdrm 2.4.114 does not.
// Linux: include/uapi/drm/drm_fourcc.h
#pragma once

#include <drm_fourcc.h>

// Colour index, 1, 2 and 4 bits; the leftmost pixel in the highest bits.
#ifndef DRM_FORMAT_C1
#define DRM_FORMAT_C1 fourcc_code('C', '1', ' ', ' ')
#endif
#ifndef DRM_FORMAT_C2
#define DRM_FORMAT_C2 fourcc_code('C', '2', ' ', ' ')
#endif
#ifndef DRM_FORMAT_C4
#define DRM_FORMAT_C4 fourcc_code('C', '4', ' ', ' ')
#endif

// Darkness (0 is white), 1 to 8 bits.
#ifndef DRM_FORMAT_D1
#define DRM_FORMAT_D1 fourcc_code('D', '1', ' ', ' ')
#endif
#ifndef DRM_FORMAT_D2
#define DRM_FORMAT_D2 fourcc_code('D', '2', ' ', ' ')
#endif
#ifndef DRM_FORMAT_D4
#define DRM_FORMAT_D4 fourcc_code('D', '4', ' ', ' ')
#endif
#ifndef DRM_FORMAT_D8
#define DRM_FORMAT_D8 fourcc_code('D', '8', ' ', ' ')
#endif

// Red or grey, 1, 2 and 4 bits.
#ifndef DRM_FORMAT_R1
#define DRM_FORMAT_R1 fourcc_code('R', '1', ' ', ' ')
#endif
#ifndef DRM_FORMAT_R2
#define DRM_FORMAT_R2 fourcc_code('R', '2', ' ', ' ')
#endif
#ifndef DRM_FORMAT_R4
#define DRM_FORMAT_R4 fourcc_code('R', '4', ' ', ' ')
#endif

// Three 16-bit channels in 48 bits.
#ifndef DRM_FORMAT_RGB161616
#define DRM_FORMAT_RGB161616 fourcc_code('R', 'G', '4', '8')
#endif
#ifndef DRM_FORMAT_BGR161616
#define DRM_FORMAT_BGR161616 fourcc_code('B', 'G', '4', '8')
#endif

// Luma alone, 8 bits; three 10-bit samples in 32 bits.
#ifndef DRM_FORMAT_Y8
#define DRM_FORMAT_Y8 fourcc_code('G', 'R', 'E', 'Y')
#endif
#ifndef DRM_FORMAT_XYYY2101010
#define DRM_FORMAT_XYYY2101010 fourcc_code('Y', 'P', 'A', '4')
#endif

// Packed 4:4:4, 10 bits: x, Cr, Cb, Y from the highest bits down.
#ifndef DRM_FORMAT_XVUY2101010
#define DRM_FORMAT_XVUY2101010 fourcc_code('X', 'Y', '3', '0')
#endif

// Two planes, 10 bits, four samples in 5 bytes: 4:2:2 and 4:4:4.
#ifndef DRM_FORMAT_NV20
#define DRM_FORMAT_NV20 fourcc_code('N', 'V', '2', '0')
#endif
#ifndef DRM_FORMAT_NV30
#define DRM_FORMAT_NV30 fourcc_code('N', 'V', '3', '0')
#endif

// 10 bits, three samples in 32 bits: two planes 4:2:2; three planes 4:4:4.
#ifndef DRM_FORMAT_P230
#define DRM_FORMAT_P230 fourcc_code('P', '2', '3', '0')
#endif
#ifndef DRM_FORMAT_T430
#define DRM_FORMAT_T430 fourcc_code('T', '4', '3', '0')
#endif

// Three planes of 16-bit words, the 10, 12 or 16 bits in the low end; 4:2:0, 4:2:2, 4:4:4.
#ifndef DRM_FORMAT_S010
#define DRM_FORMAT_S010 fourcc_code('S', '0', '1', '0')
#endif
#ifndef DRM_FORMAT_S210
#define DRM_FORMAT_S210 fourcc_code('S', '2', '1', '0')
#endif
#ifndef DRM_FORMAT_S410
#define DRM_FORMAT_S410 fourcc_code('S', '4', '1', '0')
#endif
#ifndef DRM_FORMAT_S012
#define DRM_FORMAT_S012 fourcc_code('S', '0', '1', '2')
#endif
#ifndef DRM_FORMAT_S212
#define DRM_FORMAT_S212 fourcc_code('S', '2', '1', '2')
#endif
#ifndef DRM_FORMAT_S412
#define DRM_FORMAT_S412 fourcc_code('S', '4', '1', '2')
#endif
#ifndef DRM_FORMAT_S016
#define DRM_FORMAT_S016 fourcc_code('S', '0', '1', '6')
#endif
#ifndef DRM_FORMAT_S216
#define DRM_FORMAT_S216 fourcc_code('S', '2', '1', '6')
#endif
#ifndef DRM_FORMAT_S416
#define DRM_FORMAT_S416 fourcc_code('S', '4', '1', '6')
#endif
