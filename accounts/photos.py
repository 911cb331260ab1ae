"""Photos of people: an upload becomes a square picture of our own making.

The uploaded file itself is never stored. Its pixels are drawn again, upright, without metadata, at most 512 by 512. A
file that can't be a photo is refused before it is unpacked, so that a small file can't fill the memory.
"""

from io import BytesIO

from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps

from accounts.exceptions import PhotoRefused, PhotoTooLarge
from accounts.models import User
from core.hooks import Question

FOLDER = "photos"
MAX_BYTES = 5_000_000
SIDE = 512
ORIENTATION = 0x0112
MAX_SIDE = 12_000
# A pixel takes 4 bytes once unpacked. A PNG may need two copies of all pixels, a WebP five; a JPEG is shrunk on the
# way. With these limits the process stays under 200 MB.
MAX_PIXELS = {"PNG": 12_000_000, "JPEG": 20_000_000, "WEBP": 5_000_000}
SIGNATURES = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff", "WEBP": b"RIFF"}

TOO_LARGE = PhotoTooLarge.message
TOO_MANY_PIXELS = "The photo has too many pixels. Make it smaller, 2000 by 2000 is plenty, and try again."
EMPTY = "The file is empty. Choose another one."

visible_to_visitors = Question[[User], bool]("May visitors see this person's photo?")


def is_public(user: User) -> bool:
    """Whether visitors may see the photo of `user`; without an answer they may not."""
    return any(visible_to_visitors.each(user))


def prepare(upload: UploadedFile) -> bytes:
    """The picture to store, as WebP. Raises PhotoRefused, whose text may be shown, for anything that is no photo."""
    if upload.size is None or upload.size > MAX_BYTES:
        raise PhotoTooLarge
    if upload.size == 0:
        raise PhotoRefused(EMPTY)
    upload.seek(0)
    data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise PhotoTooLarge
    kind = _kind(data)
    try:
        return _redraw(data, kind)
    except PhotoRefused:
        raise
    except Image.DecompressionBombError:
        raise PhotoRefused(TOO_MANY_PIXELS) from None
    except Exception:  # a decoder fed with garbage raises nearly anything; whatever it was, the file is no photo
        raise PhotoRefused from None


def _kind(data: bytes) -> str:
    for kind, signature in SIGNATURES.items():
        if data.startswith(signature) and (kind != "WEBP" or data[8:12] == b"WEBP"):
            return kind
    raise PhotoRefused


def _redraw(data: bytes, kind: str) -> bytes:
    if kind == "WEBP":
        _check_pixels(_webp_size(data), kind)  # Pillow unpacks a WebP when it opens it
    with Image.open(BytesIO(data), formats=[kind]) as picture:
        _check_pixels(picture.size, kind)
        picture.draft("RGB", (2 * SIDE, 2 * SIDE))  # a JPEG is unpacked at a fraction of its size
        picture.load()
        square = ImageOps.exif_transpose(_shrink(picture))
    square = ImageOps.fit(square, (min(SIDE, *square.size),) * 2, Image.Resampling.LANCZOS)
    drawn = Image.new(square.mode, square.size)
    drawn.paste(square)  # pixels only: nothing that came along in the file
    out = BytesIO()
    drawn.save(out, "WEBP", quality=86, method=4)
    return out.getvalue()


def _check_pixels(size: tuple[int, int], kind: str) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise PhotoRefused
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS[kind]:
        raise PhotoRefused(TOO_MANY_PIXELS)


def _shrink(picture: Image.Image) -> Image.Image:
    """The picture made small, then turned into RGB or RGBA, where possible in this order: one large copy is enough.

    Of its metadata only the orientation is kept.
    """
    held = picture.getexif().get(ORIENTATION, 1)
    has_alpha = picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in picture.info
    if picture.mode.startswith("I"):
        picture = picture.point(lambda value: value / 256).convert("L")  # 16 bits to 8; convert() alone would clip
    elif picture.mode in {"P", "PA", "1"}:
        picture = picture.convert("RGBA" if has_alpha else "RGB")  # palette and 1-bit pixels can't be averaged
    factor = min(picture.size) // (2 * SIDE)
    if factor > 1:
        picture = picture.reduce(factor)
    small = picture.convert("RGBA" if has_alpha else "RGB")
    small.info = {}
    small.getexif()[ORIENTATION] = held
    return small


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height from the header alone (RFC 9649, sections 2.5 to 2.7)."""
    form, head = data[12:16], data[16:30]
    if len(head) < 14:
        raise PhotoRefused
    if form == b"VP8X":
        return 1 + int.from_bytes(head[8:11], "little"), 1 + int.from_bytes(head[11:14], "little")
    if form == b"VP8L" and head[4] == 0x2F:
        bits = int.from_bytes(head[5:9], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 " and head[7:10] == b"\x9d\x01\x2a":
        return int.from_bytes(head[10:12], "little") & 0x3FFF, int.from_bytes(head[12:14], "little") & 0x3FFF
    raise PhotoRefused
