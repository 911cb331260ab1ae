"""Files to upload: real photos, broken ones, and files that only look like photos."""

import struct
import zlib
from io import BytesIO

from PIL import Image, PngImagePlugin


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo(kind: str = "JPEG", size=(640, 480), colour=(200, 30, 30), mode="RGB", **options) -> bytes:
    return encoded(Image.new(mode, size, colour), kind, **options)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *between: bytes, data: bytes = b"\0\0\0\0", depth=8, colour=2) -> bytes:
    """A PNG that claims the given size, with the chunks `between` header and pixels."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            png_chunk(b"IHDR", head),
            *between,
            png_chunk(b"IDAT", zlib.compress(data)),
            png_chunk(b"IEND", b""),
        ]
    )


def jpeg_that_claims(width: int, height: int) -> bytes:
    data = bytearray(photo("JPEG", (64, 64)))
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def webp_that_claims(width: int, height: int) -> bytes:
    body = (
        b"WEBPVP8X"
        + struct.pack("<I", 10)
        + b"\0\0\0\0"
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def flat_png(width: int, height: int, mode="RGB") -> bytes:
    """A PNG of equal pixels: tiny as a file, large in memory."""
    return encoded(Image.new(mode, (width, height)), "PNG", compress_level=1)


def animated_gif() -> bytes:
    frames = [Image.new("P", (4000, 4000), n) for n in range(3)]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def with_everything(kind: str) -> bytes:
    """A rotated photo with GPS, comment, text and a trailing web page, each with the word MARKER."""
    image = Image.new("RGB", (400, 200), (10, 10, 200))
    image.paste((200, 10, 10), (0, 0, 200, 200))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "MARKER description"
    exif.get_ifd(0x8825)[1] = "MARKER"
    options = {"exif": exif}
    if kind == "JPEG":
        options["comment"] = b"<script>MARKER</script>"
    if kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Comment", "<?php MARKER ?>")
        options["pnginfo"].add_text("Long", "MARKER" * 100, zip=True)
    if kind == "WEBP":
        options |= {"xmp": b"<x>MARKER</x>", "lossless": True}
    return encoded(image, kind, **options) + b"<html><script>MARKER</script></html>PK\x03\x04MARKER"


def real_png(depth: int, colour: int, bytes_each: int) -> bytes:
    """A PNG of 4000 x 3000 real pixels, made without holding them in memory."""
    packer, out = zlib.compressobj(1), []
    line = b"\0" + b"\x50" * (4000 * bytes_each)
    for _ in range(3000):
        out.append(packer.compress(line))
    head = struct.pack(">IIBBBBB", 4000, 3000, depth, colour, 0, 0, 0)
    palette = png_chunk(b"PLTE", bytes(range(256)) * 3) if colour == 3 else b""
    chunks = [png_chunk(b"IHDR", head), palette, png_chunk(b"IDAT", b"".join(out) + packer.flush())]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + png_chunk(b"IEND", b"")


def worst_files() -> dict[str, bytes]:
    packed = zlib.compress(b"x" * 80_000_000, 1)
    return {
        "zTXt": png(40, 40, png_chunk(b"zTXt", b"k\0\0" + packed)),
        "iCCP": png(40, 40, png_chunk(b"iCCP", b"k\0\0" + packed)),
        "gif": animated_gif(),
        "rgba": real_png(8, 6, 4),
        "palette": real_png(8, 3, 1),
        "16 bit": real_png(16, 0, 2),
        "cmyk": photo("JPEG", (5000, 4000), (1, 2, 3, 4), "CMYK"),
        "progressive": photo("JPEG", (5000, 4000), progressive=True),
        "webp": photo("WEBP", (2500, 2000)),
        "webp alpha": photo("WEBP", (2500, 2000), (1, 2, 3, 4), "RGBA"),
    }
