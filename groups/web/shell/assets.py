"""Static files: served by WhiteNoise under an address with their hash, so that browsers keep them for ever.

    {{ asset("app.css") }}   {{ icon("phone") }}

A package with files of its own adds them with `serve(app, folder)`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Blueprint, Flask
from markupsafe import Markup
from whitenoise import WhiteNoise

_WEB = Path(__file__).parents[1]
_COMPRESSED_TWINS = {".br", ".gz"}


def register(app: Flask) -> None:
    """Put WhiteNoise in front of the app, and our own files into it."""
    files = WhiteNoise(
        app.wsgi_app, allow_all_origins=False, immutable_file_test=lambda path, url: True, add_headers_function=_headers
    )
    app.wsgi_app = files  # type: ignore[method-assign] # the documented way
    app.extensions.update(static_files=files, assets={})
    app.jinja_env.globals.update(
        asset=lambda name: _address(app, name), icon=lambda *args, **kw: _icon(app, *args, **kw)
    )
    serve(app, _WEB / "static")
    show(app, "groups", _WEB / "templates")


def serve(app: Flask, folder: Path) -> None:
    """Serve a folder's files; templates name them by their path in it."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix not in _COMPRESSED_TWINS)
    names = [path.relative_to(folder).as_posix() for path in files]
    content = b"".join(name.encode() + path.read_bytes() for name, path in zip(names, files, strict=True))
    prefix = f"/static/{hashlib.sha256(content).hexdigest()[:12]}/"
    app.extensions["static_files"].add_files(str(folder), prefix=prefix)
    app.extensions["assets"].update({name: prefix + name for name in names})


def show(app: Flask, package: str, folder: Path) -> None:
    """Let views render the templates of a package's folder; they are named by their path in it."""
    app.register_blueprint(Blueprint(f"templates_of_{package}", __name__, template_folder=str(folder)))


def _address(app: Flask, name: str) -> str:
    found: str = app.extensions["assets"][name]
    return found


def _icon(app: Flask, name: str, words: str = "") -> Markup:
    """A drawing of the sprite. Beside words it is silent; alone it needs `words`."""
    speech = Markup('role="img" aria-label="{}"').format(words) if words else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" {}><use href="{}#{}"></use></svg>').format(
        speech, _address(app, "icons.svg"), name
    )


def _headers(headers: dict[str, str], path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
