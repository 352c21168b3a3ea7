"""Static files: served by WhiteNoise under an address with their hash, so that browsers keep them for ever.

    {{ asset("app.css") }}   {{ icon("phone") }}

A package with files of its own adds them with `serve(app, folder)`.
"""

from __future__ import annotations

import atexit
import gzip
import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from wsgiref.headers import Headers

from flask import Blueprint, Flask
from markupsafe import Markup
from whitenoise import WhiteNoise
from whitenoise.responders import StaticFile

from config.services import Service

_WEB = Path(__file__).parents[1]
_COMPRESSED_TWINS = {".br", ".gz"}
_WORTH_COMPRESSING = {".css", ".js", ".svg"}
_FILES = Service[WhiteNoise]("static_files")
_ADDRESSES = Service[dict[str, str]]("assets")
"""The address of each file by its path."""


class _Files(WhiteNoise):  # type: ignore[misc] # WhiteNoise has no types
    """Ours too are sent compressed: vendored files have their twins beside them, ours get theirs in a folder aside."""

    def get_static_file(self, path: str, url: str, stat_cache: dict[str, os.stat_result] | None = None) -> StaticFile:
        found: StaticFile = super().get_static_file(path, url, stat_cache)
        twin = _compress(Path(path)) if not any(encoding.pattern for encoding, *_ in found.alternatives) else None
        if twin is None:
            return found
        headers = Headers([])
        self.add_mime_headers(headers, path, url)
        self.add_cache_headers(headers, path, url)
        _add_headers(headers, path, url)
        return StaticFile(path, headers.items(), encodings={"gzip": str(twin)})


def _compress(path: Path) -> Path | None:
    """The file's compressed twin, made once a process; None for what would gain nothing, or where it cannot be kept."""
    if path.suffix not in _WORTH_COMPRESSING:
        return None
    content = path.read_bytes()
    squeezed = gzip.compress(content, mtime=0)
    if len(squeezed) > 0.9 * len(content):
        return None
    try:
        twin = Path(_make_aside(), f"{hashlib.sha256(content).hexdigest()}.gz")
        if not twin.exists():
            twin.write_bytes(squeezed)
    except OSError:
        return None
    return twin


@cache
def _make_aside() -> str:
    folder = tempfile.mkdtemp(prefix="joint-defence-static-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def register(app: Flask) -> None:
    """Put WhiteNoise in front of the app, and our own files into it."""
    files = _Files(
        app.wsgi_app,
        allow_all_origins=False,
        immutable_file_test=lambda path, url: True,
        add_headers_function=_add_headers,
    )
    app.wsgi_app = files  # type: ignore[method-assign] # the documented way
    _FILES.keep(app, files)
    _ADDRESSES.keep(app, {})
    app.jinja_env.globals.update(
        asset=lambda name: _find_address(app, name), icon=lambda *args, **kw: _draw_icon(app, *args, **kw)
    )
    serve(app, _WEB / "static")
    show(app, "groups", _WEB / "templates")


def serve(app: Flask, folder: Path) -> None:
    """Serve a folder's files; templates name them by their path in it."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix not in _COMPRESSED_TWINS)
    names = [path.relative_to(folder).as_posix() for path in files]
    content = b"".join(name.encode() + path.read_bytes() for name, path in zip(names, files, strict=True))
    prefix = f"/static/{hashlib.sha256(content).hexdigest()[:12]}/"
    _FILES.of(app).add_files(str(folder), prefix=prefix)
    _ADDRESSES.of(app).update({name: prefix + name for name in names})


def show(app: Flask, package: str, folder: Path) -> None:
    """Let views render the templates of a package's folder; they are named by their path in it."""
    app.register_blueprint(Blueprint(f"templates_of_{package}", __name__, template_folder=str(folder)))


def find_asset(name: str) -> str:
    """The address of a file of ours, for a view."""
    return _ADDRESSES.of()[name]


def _find_address(app: Flask, name: str) -> str:
    return _ADDRESSES.of(app)[name]


def _draw_icon(app: Flask, name: str, words: str = "") -> Markup:
    """A drawing of the sprite. Beside words it is silent; alone it needs `words`."""
    speech = Markup('role="img" aria-label="{}"').format(words) if words else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" {}><use href="{}#{}"></use></svg>').format(
        speech, _find_address(app, "icons.svg"), name
    )


def _add_headers(headers: Headers, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
