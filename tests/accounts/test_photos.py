"""Uploads U1 to U6: what is taken is drawn again, everything else is refused before it costs anything."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts import photos, services
from accounts.exceptions import PhotoRefused
from accounts.models import User
from core import clock
from tests.accounts import pictures

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")]


def upload(data: bytes, name="me.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def prepared(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(photos.prepare(upload(data))))
    picture.load()
    return picture


def stored() -> list[str]:
    try:
        return sorted(default_storage.listdir("photos")[1])
    except FileNotFoundError:
        return []


def near(colour, wanted, by=12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(colour, wanted, strict=False))


# --- What is taken ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_becomes_a_square_webp(kind):
    picture = prepared(pictures.photo(kind, (1600, 900)))

    assert (picture.format, picture.size) == ("WEBP", (512, 512))
    assert near(picture.convert("RGB").getpixel((256, 256)), (200, 30, 30))


def test_a_small_photo_is_not_blown_up():
    assert prepared(pictures.photo("PNG", (90, 40))).size == (40, 40)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (pictures.photo("JPEG", mode="CMYK", colour=(0, 255, 255, 0)), (254, 0, 0)),
        (pictures.photo("JPEG", mode="L", colour=90), (90, 90, 90)),
        (pictures.photo("PNG", mode="L", colour=90), (90, 90, 90)),
        (pictures.photo("PNG", mode="1", colour=1), (255, 255, 255)),
        (pictures.photo("PNG", mode="I;16", colour=0x8080), (128, 128, 128)),
        (pictures.photo("PNG", mode="RGBA", colour=(0, 200, 0, 255)), (0, 200, 0)),
        (pictures.photo("PNG", mode="LA", colour=(90, 255)), (90, 90, 90)),
        (pictures.encoded(Image.new("RGB", (300, 300), (0, 0, 220)).convert("P"), "PNG"), (0, 0, 220)),
        (pictures.photo("WEBP", mode="RGBA", colour=(0, 200, 0, 255)), (0, 200, 0)),
        (pictures.photo("JPEG", progressive=True), (200, 30, 30)),
    ],
    ids=[
        "cmyk",
        "grey jpeg",
        "grey png",
        "1 bit",
        "16 bit",
        "alpha",
        "grey alpha",
        "palette",
        "webp alpha",
        "progressive",
    ],
)
def test_every_kind_of_pixel_is_shown_right(data, expected):
    assert near(prepared(data).convert("RGB").getpixel((10, 10)), expected)


def test_transparency_stays():
    assert prepared(pictures.photo("PNG", mode="RGBA", colour=(0, 0, 0, 0))).getpixel((5, 5))[3] == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_that_came_along_is_kept_and_the_picture_stands_upright(kind):
    data = pictures.with_everything(kind)
    assert data.count(b"MARKER") >= 2

    kept = photos.prepare(upload(data))

    assert b"MARKER" not in kept
    picture = Image.open(BytesIO(kept))
    assert not picture.getexif()
    assert not {"exif", "xmp", "icc_profile", "comment"} & set(picture.info)
    # Turned by a quarter: what was on the left is now on top.
    assert near(picture.convert("RGB").getpixel((100, 20)), (200, 10, 10), by=30)
    assert near(picture.convert("RGB").getpixel((100, 180)), (10, 10, 200), by=30)


# --- What is refused --------------------------------------------------------------------------------------------------

GARBAGE = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "svg with xxe": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg>&e;</svg>',
    "billion laughs": b'<!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "gif": b"GIF89a\x01\x00\x01\x00/*<script>alert(1)</script>*/",
    "js": b"alert(1)//\xff\xd8\xff",
    "pdf": b"%PDF-1.7\n1 0 obj",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n(ls) system",
    "exe": b"MZ\x90\x00" + b"\0" * 100,
    "zip": b"PK\x03\x04" + b"\0" * 100,
    "gzip": b"\x1f\x8b\x08" + b"\0" * 100,
    "riff that is sound": b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\0" * 50,
    "one byte": b"\xff",
    "jpeg header only": b"\xff\xd8\xff\xe0",
    "png header only": b"\x89PNG\r\n\x1a\n",
    "webp header only": b"RIFF\x04\x00\x00\x00WEBP",
    "truncated jpeg": pictures.photo("JPEG", (900, 900))[:-400],
    "truncated png": pictures.photo("PNG", (900, 900))[:-400],
    "truncated webp": pictures.photo("WEBP", (900, 900), colour=(1, 2, 3))[:-60],
    "0 x 0": pictures.png(0, 0),
    "0 x 10": pictures.png(0, 10),
    "bad crc": pictures.photo("PNG").replace(b"IDAT", b"IDAT\x00", 1),
    "wrong ihdr crc": pictures.photo("PNG")[:29] + b"\0\0\0\0" + pictures.photo("PNG")[33:],
    **{kind: pictures.photo(kind) for kind in ("TIFF", "BMP", "ICO", "TGA", "PCX", "SGI", "DDS", "PPM")},
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_is_no_photo_is_refused_by_its_content_whatever_its_name(data):
    for name in ("me.png", "me.jpg"):
        with pytest.raises(PhotoRefused):
            photos.prepare(upload(data, name))


BOMBS = {
    "60 000 x 60 000 png": pictures.png(60_000, 60_000),
    "20 000 x 20 000 png": pictures.png(20_000, 20_000),
    "12 000 x 12 000 png": pictures.png(12_000, 12_000),
    "65 000 x 65 000 jpeg": pictures.jpeg_that_claims(65_000, 65_000),
    "12 000 x 12 000 jpeg": pictures.jpeg_that_claims(12_000, 12_000),
    "16 383 x 16 383 webp": pictures.webp_that_claims(16_383, 16_383),
    "1 x 60 000 png": pictures.png(1, 60_000),
    "one pixel over": pictures.png(12_000_000 // 4001, 4_001),
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS.keys())
def test_too_many_pixels_are_refused_by_the_header(data, monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("unpacked"))
    if data is BOMBS["one pixel over"]:
        monkeypatch.setitem(photos.MAX_PIXELS, "PNG", (12_000_000 // 4001) * 4_001 - 1)

    with pytest.raises(PhotoRefused, match="too many pixels"):
        photos.prepare(upload(data))


# --- Sizes ------------------------------------------------------------------------------------------------------------


def padded(size: int) -> bytes:
    data = pictures.photo("JPEG")
    return data + b"\0" * (size - len(data))


@pytest.mark.parametrize(("size", "status"), [(5_000_000, 302), (5_000_001, 413), (5_001_000, 413), (30_000_000, 413)])
def test_the_limit_is_5_mb_to_the_byte(client, person, size, status):
    client.force_login(person)

    answer = client.post("/my/settings/photo/", {"photo": upload(padded(size))})

    assert answer.status_code == status
    assert ("larger than 5 MB" in answer.text) == (status == 413)
    assert len(stored()) == (1 if status == 302 else 0)


def test_a_large_body_is_refused_before_it_is_read(person, client):
    client.force_login(person)

    class NeverEnding(BytesIO):
        def read(self, size=-1):
            pytest.fail("read")

    answer = client.generic(
        "POST",
        "/my/settings/photo/",
        b"",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH="30000000",
        **{"wsgi.input": NeverEnding()},
    )

    assert answer.status_code == 413


# --- Storing ----------------------------------------------------------------------------------------------------------

NAMES = [
    "../../etc/passwd",
    "/etc/cron.d/x",
    "a\0b.png",
    "x" * 400 + ".png",
    ".htaccess",
    "con",
    "\u202egnp.exe",
    "a\r\nb.png",
    "<script>.png",
    "$(id).png",
    "  me.png",
    "🙂.png",
    "me.php.png",
    "me.png.html",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_file_gets_a_name_of_ours(client, person, name):
    client.force_login(person)

    answer = client.post("/my/settings/photo/", {"photo": upload(pictures.photo(), name)})

    assert answer.status_code == 302
    [file] = stored()
    assert len(file) == 37
    assert file.endswith(".webp")
    assert set(file[:32]) <= set("0123456789abcdef")


def test_a_new_photo_replaces_the_old_file_and_removing_leaves_none(client, person, django_capture_on_commit_callbacks):
    client.force_login(person)
    urls = []
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            client.post("/my/settings/photo/", {"photo": upload(pictures.photo())})
        urls.append(User.objects.get().photo.url)
        assert len(stored()) == 1

    assert urls[0] != urls[1]
    assert [client.get(url).status_code for url in urls] == [404, 200]
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/my/settings/photo/remove/")
    assert stored() == []
    assert client.get(urls[1]).status_code == 404


def test_a_failure_while_saving_leaves_the_old_photo_and_no_orphan(
    person, monkeypatch, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        services.change_photo(user=person, actor=person, upload=upload(pictures.photo()))
    before = stored()

    def no_database(**kwargs):
        raise RuntimeError("gone")

    monkeypatch.setattr(services.photo, "_replace_photo", no_database)
    with pytest.raises(RuntimeError):
        services.change_photo(user=person, actor=person, upload=upload(pictures.photo()))

    assert stored() == before


def test_a_refused_upload_leaves_the_old_photo(client, person, django_capture_on_commit_callbacks):
    client.force_login(person)
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/my/settings/photo/", {"photo": upload(pictures.photo())})
    before = stored()

    answer = client.post("/my/settings/photo/", {"photo": upload(b"%PDF-1.7", "me.png")})

    assert answer.status_code == 422
    assert "Choose a PNG, JPEG or WebP file." in answer.text
    assert stored() == before


@pytest.mark.parametrize("data", [{}, {"photo": ""}, {"photo": SimpleUploadedFile("me.png", b"")}])
def test_nothing_chosen_is_said(client, person, data):
    client.force_login(person)

    answer = client.post("/my/settings/photo/", data)

    assert answer.status_code == 422
    assert "Choose" in answer.text


def test_what_a_killed_process_left_is_swept(person):
    from datetime import timedelta

    from django.core.files.base import ContentFile

    services.change_photo(user=person, actor=person, upload=upload(pictures.photo()))
    default_storage.save("photos/" + "0" * 32 + ".webp", ContentFile(b"left behind"))

    assert services.sweep_photos(now=clock.now()) == 0
    assert services.sweep_photos(now=clock.now() + timedelta(days=2)) == 1
    assert stored() == [person.photo.name.removeprefix("photos/")]


# --- Showing ----------------------------------------------------------------------------------------------------------


def test_a_photo_is_shown_to_people_signed_in_and_to_visitors_only_where_it_is_public(
    client, person, other, monkeypatch
):
    services.change_photo(user=person, actor=person, upload=upload(pictures.photo()))
    url = person.photo.url
    client.force_login(other)

    answer = client.get(url)

    assert (answer.status_code, answer["Content-Type"], answer["X-Content-Type-Options"]) == (
        200,
        "image/webp",
        "nosniff",
    )
    assert b"".join(answer.streaming_content)[:4] == b"RIFF"
    monkeypatch.setattr(photos.visible_to_visitors, "_answers", [])
    assert Client().get(url).status_code == 404
    photos.visible_to_visitors.answer(lambda user: user == person)
    assert Client().get(url).status_code == 200
    person.is_active = False
    person.save()
    assert Client().get(url).status_code == 404


def test_a_photo_opened_on_its_own_runs_nothing(client, person):
    services.change_photo(user=person, actor=person, upload=upload(pictures.photo()))
    client.force_login(person)

    answer = client.get(person.photo.url)

    assert {
        name: answer[name] for name in ("Content-Security-Policy", "X-Content-Type-Options", "Content-Disposition")
    } == {
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": "inline",
    }


def test_a_browser_keeps_a_photo_but_asks_each_time_and_not_after_signing_out(client, person, other):
    services.change_photo(user=person, actor=person, upload=upload(pictures.photo()))
    url = person.photo.url
    client.force_login(other)

    first = client.get(url)
    again = client.get(url, headers={"If-None-Match": first["ETag"]})
    client.post("/accounts/logout/")
    signed_out = client.get(url, headers={"If-None-Match": first["ETag"]})

    assert first["Cache-Control"] == again["Cache-Control"] == "private, no-cache"
    assert [first.status_code, again.status_code, signed_out.status_code] == [200, 304, 404]
    assert b"".join(again) == b""


def test_a_public_photo_is_asked_for_once_an_hour(client, person, other, monkeypatch):
    services.change_photo(user=person, actor=person, upload=upload(pictures.photo()))
    monkeypatch.setattr(photos.visible_to_visitors, "_answers", [lambda user: user == person])
    seen = [client.get(person.photo.url)["Cache-Control"]]
    client.force_login(other)

    seen.append(client.get(person.photo.url)["Cache-Control"])

    assert seen == ["private, max-age=3600"] * 2


@pytest.mark.parametrize(
    "path", ["", "../../etc/passwd", "..%2f..%2fsettings.py", "0" * 32, "0" * 32 + ".webp.webp", "A" * 32 + ".webp"]
)
def test_media_holds_nothing_else(client, person, path):
    client.force_login(person)

    assert client.get(f"/media/photos/{path}").status_code == 404
    assert client.get(f"/media/{path}").status_code == 404


def test_the_photo_of_a_provider_with_a_public_page_is_public(person):
    from providers.models import Listing, Provider

    services.change_photo(user=person, actor=person, upload=upload(pictures.photo()))
    provider = Provider.objects.create(user=person, slug="amara", name="Amara", time_zone="Europe/London")
    answers = {}
    for listing in Listing:
        provider.listing = listing
        provider.save()
        answers[str(listing)] = Client().get(person.photo.url).status_code

    assert answers == {"draft": 404, "live": 200, "paused": 200, "hidden": 404}
