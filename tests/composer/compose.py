#!/usr/bin/env python3
"""A second vkms composer, pixel by pixel and slow, as a judge of the one in src/drivers/vkms.

  compose.py > scenes.txt    random scenes, always the same ones, with the CRC of each
  compose.py --check         are the scenes and CRCs of scenes.txt still those?
  compose.py --kernel FILE   is it right about crc2.txt of a running kernel (tests/reference)?

A scene is a line: the screen, then its planes from the lowest, with | between them.
  screen  size, background (16 bits each of alpha, red, green, blue), gamma (entries: see gamma_table)
  plane   format; size of the picture; `cut` (size) from `from` (x,y) is shown at `at`;
          rotation (DRM_MODE_ROTATE_* and REFLECT_*); encoding 0..2: BT.601, 709, 2020;
          range 0 limited, 1 full; pipeline: none, or f<encoding><range> fixed matrix,
          e sRGB EOTF, i its inverse, m<k> a matrix (see matrix)
Some have more. A screen: degamma (entries), ctm (see ctm). A plane: alpha 0..65535; blend pre, coverage
or none; filter bilinear or nearest: `source` (x,y,width,height, in 65536ths) is shown at `at` as
large as `shown`.
Pictures hold the raw bytes that tests/reference/linux-7.2/README.md describes.
"""

import pathlib
import random
import re
import struct
import sys
import zlib

SCENES = pathlib.Path(__file__).with_name("scenes.txt")
ONE = 1 << 32
FULL = 0xffff

# Bits a pixel, and the channels from the highest bits of the little-endian word down.
PACKED = {
    "ARGB8888": (32, "argb"), "ABGR8888": (32, "abgr"), "BGRA8888": (32, "bgra"),
    "RGBA8888": (32, "rgba"), "XRGB8888": (32, "xrgb"), "XBGR8888": (32, "xbgr"),
    "RGB888": (24, "rgb"), "BGR888": (24, "bgr"),
    "XRGB16161616": (64, "xrgb"), "XBGR16161616": (64, "xbgr"),
    "ARGB16161616": (64, "argb"), "ABGR16161616": (64, "abgr"),
    "RGB565": (16, "rgb"), "BGR565": (16, "bgr"),
}
GRAY = {"R1": 1, "R2": 2, "R4": 4, "R8": 8}
# Planes, pixels a chroma sample across and down, bytes a sample, is V the first.
YUV = {
    "NV12": (2, 2, 2, 1, 0), "NV16": (2, 2, 1, 1, 0), "NV24": (2, 1, 1, 1, 0),
    "NV21": (2, 2, 2, 1, 1), "NV61": (2, 2, 1, 1, 1), "NV42": (2, 1, 1, 1, 1),
    "YUV420": (3, 2, 2, 1, 0), "YUV422": (3, 2, 1, 1, 0), "YUV444": (3, 1, 1, 1, 0),
    "YVU420": (3, 2, 2, 1, 1), "YVU422": (3, 2, 1, 1, 1), "YVU444": (3, 1, 1, 1, 1),
    "P010": (2, 2, 2, 2, 0), "P012": (2, 2, 2, 2, 0), "P016": (2, 2, 2, 2, 0),
}
FORMATS = [*PACKED, *GRAY, *YUV]
# (encoding, range): red of v; green of u, of v; blue of u.
CHROMA = {
    (0, 1): (6021544149, -1478054095, -3067191994, 7610682049),
    (1, 1): (6763714498, -804551626, -2010578443, 7969741314),
    (2, 1): (6333358775, -706750298, -2453942994, 8080551471),
    (0, 0): (6881764740, -1689204679, -3505362278, 8697922339),
    (1, 0): (7729959424, -919487572, -2297803934, 9108275786),
    (2, 0): (7238124312, -807714626, -2804506279, 9234915964),
}


# ---- numbers

def signed64(value):
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def product(a, b):
    """Of two 32.32 numbers, with the bits lost that the kernel loses."""
    size = max(abs(a).bit_length() - 1, 0) + max(abs(b).bit_length() - 1, 0)
    lost = max(size - 61, 0)
    raw = signed64((a >> (lost + 1) // 2) * (b >> lost // 2))
    return raw >> (32 - lost) if lost <= 32 else signed64(raw << (lost - 32))


def rounded(value):
    return (value + ONE // 2) >> 32


def nearest(numerator, denominator):
    return (2 * numerator + denominator) // (2 * denominator)


def clamp(value):
    return min(max(value, 0), FULL)


# ---- pictures

class Picture:
    """Raw bytes in every plane; colours of formats with alpha are cut to it."""

    def __init__(self, name, width, height):
        self.name, self.width, self.height = name, width, height
        if name in YUV:
            planes, across, down, size, _ = YUV[name]
            chroma = -(-width // across) * size * (2 if planes == 2 else 1)
            self.pitches = [width * size] + [chroma] * (planes - 1)
            rows = [height] + [-(-height // down)] * (planes - 1)
        else:
            bits = GRAY[name] if name in GRAY else PACKED[name][0]
            self.pitches, rows = [-(-width * bits // 8)], [height]
        self.memory = [bytearray((n * 7 + (n >> 8) * 13 + 5 + k * 31) & 255 for n in range(p * r))
                       for k, (p, r) in enumerate(zip(self.pitches, rows))]
        if name in PACKED and "a" in PACKED[name][1]:
            self.premultiply()

    def premultiply(self):
        bits, order = PACKED[self.name]
        code = "<4B" if bits == 32 else "<4H"
        memory = self.memory[0]
        alpha = 3 - order.index("a")
        for i in range(0, len(memory), bits // 8):
            channels = struct.unpack_from(code, memory, i)
            struct.pack_into(code, memory, i, *(min(c, channels[alpha]) for c in channels))

    def word(self, plane, row, column, size):
        begin = row * self.pitches[plane] + column * size
        return int.from_bytes(self.memory[plane][begin:begin + size], "little")

    def packed(self, x, y):
        bits, order = PACKED[self.name]
        word = self.word(0, y, x, bits // 8)
        widths = (5, 6, 5) if bits == 16 else (bits // len(order),) * len(order)
        pixel = {}
        for channel, width in zip(reversed(order), reversed(widths)):
            highest = (1 << width) - 1
            pixel[channel] = nearest((word & highest) * FULL, highest)
            word >>= width
        return pixel.get("a", FULL), (pixel["r"], pixel["g"], pixel["b"])

    def gray(self, x, y):
        bits = GRAY[self.name]
        begin = y * self.pitches[0] + x * bits // 8
        byte = self.memory[0][begin] if 0 <= begin < len(self.memory[0]) else 0
        highest = (1 << bits) - 1
        level = byte >> (8 - bits - x * bits % 8) & highest
        return FULL, (level * FULL // highest,) * 3

    def yuv(self, x, y):
        planes, across, down, size, swapped = YUV[self.name]
        scale = 257 if size == 1 else 1
        column, row = x // across, y // down
        if planes == 2:
            chroma = [self.word(1, row, 2 * column + i, size) for i in (0, 1)]
        else:
            chroma = [self.word(1 + i, row, column, size) for i in (0, 1)]
        if swapped:
            chroma.reverse()
        return [self.word(0, y, x, size) * scale, chroma[0] * scale, chroma[1] * scale]


MEMORY = {}


def convert(yuv, encoding, limits):
    """Memory of what was asked for: pictures have few different pixels."""
    key = (*yuv, encoding, limits)
    if key not in MEMORY:
        luma, zero = (ONE, 0) if limits else (5020601039, 16 * 257)
        red_v, green_u, green_v, blue_u = CHROMA[encoding, limits]
        y, u, v = ((s - z) << 32 for s, z in zip(yuv, (zero, 128 * 257, 128 * 257)))
        light = product(luma, y)
        MEMORY[key] = (rounded(light + product(red_v, v)),
                       rounded(light + product(green_u, u) + product(green_v, v)),
                       rounded(light + product(blue_u, u)))
    return MEMORY[key]


# ---- tables and matrices

def gamma_table(entries):
    xs = [i * FULL // (entries - 1) for i in range(entries)]
    return ([x * x // FULL for x in xs], [FULL - x for x in xs], [x // 2 for x in xs])


def look_up(table, value):
    index = product(value << 32, ((len(table) - 1) << 32) // FULL)
    low, high = table[index >> 32], table[(index + ONE - 1) >> 32]
    return rounded((low << 32) + product((high - low) << 32, index & (ONE - 1)))


def eotf(x):
    return x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4


def inverse_eotf(x):
    return x * 12.92 if x <= 0.0031308 else 1.055 * x ** (1 / 2.4) - 0.055


CURVES = {"e": [int(eotf(i / 255) * FULL + 0.5) for i in range(256)],
          "i": [int(inverse_eotf(i / 255) * FULL + 0.5) for i in range(256)]}


def matrix(k):
    return [((i * 7 + k * 5) % 11 - 4) * (1 << 29) + 12345 * k for i in range(12)]


def piped(colors, pipeline):
    for operation in filter(None, pipeline.split(",")):
        if operation[0] == "f":
            colors = convert([c & FULL for c in colors], int(operation[1]), int(operation[2]))
        elif operation[0] == "m":
            factors = matrix(int(operation[1:]))
            vector = [c << 32 for c in colors] + [FULL << 32]
            colors = [rounded(sum(product(f, v) for f, v in zip(factors[r:r + 4], vector)))
                      for r in (0, 4, 8)]
        else:
            colors = [look_up(CURVES[operation], c & FULL) for c in colors]
    return [clamp(c) for c in colors]


def ctm(k):
    """Rows of factors in 2^-32ths; some are negative, some large."""
    return [((i * 5 + k * 7) % 13 - 6) * (1 << 30) * (1 if k % 3 else 1 << k) + 54321 * k
            for i in range(9)]


# ---- scenes

def times(a, b):
    return nearest(a * b, FULL)


def blended(alpha, colors, below, plane_alpha, mode):
    """The plane's pixel made a premultiplied one; then that over what is below."""
    cover = plane_alpha if mode == "none" else times(alpha, plane_alpha)
    if plane_alpha != FULL or mode != "pre":
        colors = [times(c, cover if mode == "coverage" else plane_alpha) for c in colors]
    return [nearest((a * FULL + b * (FULL - cover)) & 0xffffffff, FULL) & FULL
            for a, b in zip(colors, below)]


class Plane:
    def __init__(self, text):
        self.name, *values = text.split()
        values = dict(value.split("=", 1) for value in values)
        self.picture = Picture(self.name, *numbers(values["size"]))
        self.at, self.origin, self.cut = (numbers(values[k]) for k in ("at", "from", "cut"))
        self.rotation = int(values["rotation"], 0)
        self.encoding, self.range = int(values["encoding"]), int(values["range"])
        self.pipeline = values["pipeline"]
        self.alpha, self.blend = int(values.get("alpha", FULL)), values.get("blend", "pre")
        self.filter = values.get("filter")
        if self.filter:
            self.fixed, self.cut = numbers(values["source"]), numbers(values["shown"])
            if not self.rotation & 5:
                self.cut.reverse()
        self.width, self.height = self.cut if self.rotation & 5 else reversed(self.cut)

    def source(self, u, v):
        """The place in the cut that (u, v) of what is shown shows: turned back, mirrored back."""
        width, height = self.cut
        x, y = {1: (u, v), 2: (width - 1 - v, u), 4: (width - 1 - u, height - 1 - v),
                8: (v, height - 1 - u)}[self.rotation & 15]
        return (width - 1 - x if self.rotation & 16 else x,
                height - 1 - y if self.rotation & 32 else y)

    def pixel(self, screen_x, screen_y):
        u, v = screen_x - self.at[0], screen_y - self.at[1]
        if not (0 <= u < self.width and 0 <= v < self.height):
            return None
        if self.filter:
            alpha, colors = self.scaled(*self.source(u, v))
        else:
            x, y = (p + o for p, o in zip(self.source(u, v), self.origin))
            alpha, colors = self.read(x, self.gray_row(u, v, y) if self.name in GRAY else y)
        if self.pipeline != "none":
            colors = piped(colors, self.pipeline)
        return alpha, colors

    def read(self, x, y):
        if self.name in PACKED:
            return self.picture.packed(x, y)
        if self.name in GRAY:
            return self.picture.gray(x, y)
        colors = self.picture.yuv(x, y)
        if self.pipeline == "none":
            colors = [clamp(c) for c in convert(colors, self.encoding, self.range)]
        return FULL, colors

    def scaled(self, s, t):
        """Of the pixels around the place, as much as each is near: a sum over two by two."""
        taps = []
        for i, begin, length, count in zip((s, t), self.fixed[:2], self.fixed[2:], self.cut):
            first, last = begin >> 16, -(-(begin + length) // 65536) - 1
            place = begin + (2 * i + 1) * length // (2 * count)
            if self.filter == "nearest":
                parts = [(place >> 16, 65536)]
            else:
                place -= 32768
                parts = [(place >> 16, 65536 - place % 65536), ((place >> 16) + 1, place % 65536)]
            taps.append([(min(max(p, first), last), weight) for p, weight in parts])
        sums = [1 << 31] * 4
        for x, across in taps[0]:
            for y, down in taps[1]:
                alpha, colors = self.read(x, y)
                sums = [n + c * across * down for n, c in zip(sums, (alpha, *colors))]
        alpha, *colors = [n >> 32 for n in sums]
        return alpha, colors

    def gray_row(self, u, v, y):
        """Down and up, vkms goes on by as many lines as a byte has pixels. It begins where the
        screen does: what is cut off on the left is not walked."""
        if self.rotation & 5:
            return y
        seen = max(-self.at[0], 0)
        first = self.source(seen, v)[1] + self.origin[1]
        return first + (y - first) * (8 // GRAY[self.name])


def numbers(text):
    return [int(n) for n in re.split("[x,]", text)]


def compose(line):
    screen, *planes = line.split("|")
    screen = dict(value.split("=", 1) for value in screen.split()[1:])
    planes = [Plane(plane) for plane in planes]
    background = int(screen["background"], 0)
    background = [background >> 32 & FULL, background >> 16 & FULL, background & FULL]
    gamma = int(screen["gamma"]) and gamma_table(int(screen["gamma"]))
    degamma = int(screen.get("degamma", 0)) and gamma_table(int(screen["degamma"]))
    factors = "ctm" in screen and ctm(int(screen["ctm"]))
    width, height = numbers(screen["size"])
    crc = 0
    for y in range(height):
        row = bytearray()
        for x in range(width):
            colors = background
            for plane in planes:
                pixel = plane.pixel(x, y)
                if pixel:
                    colors = blended(*pixel, colors, plane.alpha, plane.blend)
            if degamma:
                colors = [look_up(table, c) for table, c in zip(degamma, colors)]
            if factors:
                colors = [clamp(rounded(sum(f * c for f, c in zip(factors[r:r + 3], colors))))
                          for r in (0, 3, 6)]
            if gamma:
                colors = [look_up(table, c) for table, c in zip(gamma, colors)]
            row += struct.pack("<4H", FULL, *colors)
        crc = zlib.crc32(row, crc ^ 0xffffffff) ^ 0xffffffff
    return crc


def random_plane(draw, name):
    width, height = draw.randint(1, 40), draw.randint(1, 40)
    x, y = draw.randrange(width), draw.randrange(height)
    cut = draw.randint(1, width - x), draw.randint(1, height - y)
    rotation = 1 << draw.randrange(4) | draw.randrange(4) << 4
    at = draw.randint(-max(cut) // 2, 30), draw.randint(-max(cut) // 2, 20)
    pipeline = "none"
    if draw.random() < 0.4:
        first = f"f{draw.randrange(3)}{draw.randrange(2)}"
        rest = [draw.choice("ei"), f"m{draw.randrange(9)}", f"m{draw.randrange(9)}",
                draw.choice("ei")]
        chosen = [op for op in rest if draw.random() < 0.5]
        pipeline = ",".join([first] * (name in YUV or draw.random() < 0.2) + chosen)
    return (f"{name} size={width}x{height} cut={cut[0]}x{cut[1]} from={x},{y} at={at[0]},{at[1]} "
            f"rotation={rotation:#x} encoding={draw.randrange(3)} range={draw.randrange(2)} "
            f"pipeline={pipeline}")


def scenes():
    draw = random.Random(72)
    for i in range(5 * len(FORMATS)):
        names = [FORMATS[i % len(FORMATS)]] + draw.choices(FORMATS, k=draw.randrange(3))
        draw.shuffle(names)
        gamma = draw.choice((0, 0, 2, 17, 256))
        line = (f"screen size={draw.randint(1, 48)}x{draw.randint(1, 32)} "
                f"background={draw.getrandbits(64):#018x} gamma={gamma}")
        planes = "".join(" | " + random_plane(draw, name) for name in names)
        crc = compose(line + planes)
        yield f"{line} crc={crc:#010x}{planes}\n"


def more_of_plane(draw, text):
    """What the kernel's vkms has not."""
    if draw.random() < 0.6:
        text += f" alpha={draw.choice((0, 1, 0x7fff, 0x8000, 0xfffe, draw.getrandbits(16)))}"
    if draw.random() < 0.7:
        text += f" blend={draw.choice(('pre', 'coverage', 'none'))}"
    if draw.random() < 0.5:
        width, height = (int(n) << 16 for n in re.search(r"size=(\d+)x(\d+)", text).groups())
        x, y = draw.randrange(width - 1), draw.randrange(height - 1)
        w, h = draw.randint(1, width - x), draw.randint(1, height - y)
        text += (f" filter={draw.choice(('bilinear', 'bilinear', 'nearest'))} source={x},{y},{w},{h}"
                 f" shown={draw.randint(1, 40)}x{draw.randint(1, 30)}")
    return text


def more_scenes():
    draw = random.Random(4)
    for i in range(4 * len(FORMATS)):
        names = [FORMATS[i % len(FORMATS)]] + draw.choices(FORMATS, k=draw.randrange(3))
        line = (f"screen size={draw.randint(1, 40)}x{draw.randint(1, 28)} "
                f"background={draw.getrandbits(64):#018x} gamma={draw.choice((0, 0, 17))}")
        if draw.random() < 0.3:
            line += f" degamma={draw.choice((2, 17, 256))}"
        if draw.random() < 0.3:
            line += f" ctm={draw.randrange(9)}"
        planes = "".join(" | " + more_of_plane(draw, random_plane(draw, name)) for name in names)
        crc = compose(line + planes)
        yield f"{line} crc={crc:#010x}{planes}\n"


# ---- what a running kernel said

def kernel_scene(text):
    """A line of crc2.txt as a scene."""
    name, size = text.split()[0], re.search(r" (\d+x\d+)", text)
    size, at = size[1] if size else "640x480", re.search(r" at (\d+,\d+)", text)
    rotation = next((bit for word, bit in (("90", 2), ("180", 4), ("270", 8))
                     if f"rotate-{word}" in text), 1)
    rotation |= 16 * ("reflect-x" in text) | 32 * ("reflect-y" in text)
    encoding = 1 if "BT.709" in text else 2 if "BT.2020" in text else 0
    values = "from=0,0 rotation={} encoding={} range={:d} pipeline=none"
    plane = f" | {name} size={size} cut={size} at={at[1] if at else '0,0'} " + values.format(
        rotation, encoding, "limited" not in text)
    if at and "background" not in text:
        plane = (" | XRGB8888 size=640x480 cut=640x480 at=0,0 " + values.format(1, 0, True)) + plane
    gamma = 256 if "with gamma" in text else 0
    return f"screen size=640x480 background=0 gamma={gamma}" + plane


def kernel(path):
    wrong = 0
    for line in pathlib.Path(path).read_text().splitlines():
        text, crc = line.rsplit(None, 1)
        ours = compose(kernel_scene(text))
        if ours != int(crc, 0):
            wrong += 1
            print(f"{text}: {ours:#010x}, the kernel says {crc}")
    print(f"compose.py: {wrong} wrong")
    return wrong


def main():
    if sys.argv[1:2] == ["--kernel"]:
        return 1 if kernel(sys.argv[2]) else 0
    text = "".join([*scenes(), *more_scenes()])
    if sys.argv[1:] == ["--check"]:
        return 0 if text == SCENES.read_text() else "scenes.txt is not what compose.py writes"
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
