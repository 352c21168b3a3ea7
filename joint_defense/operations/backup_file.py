"""A copy: one file with everything that one machine keeps, and a manifest by which it is checked.

It is a tar archive of

    manifest.json     format, release, when and of what it was made, rows of each table, size and SHA-256 of each file
    database.sqlite   SQLite's database, or
    database.dump     PostgreSQL's, as `pg_dump --format=custom` writes it
    spool/…           what waited on the disk or was set aside

and encrypted with age for every recipient where there are any. A copy has its name only once it is whole and on the
disk: it is written beside, as `.part`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyrage
from pydantic import AwareDatetime, BaseModel, ValidationError

FORMAT = 1
NAME = "joint-defence-{at:%Y%m%dT%H%M%SZ}.tar"
ENCRYPTED = ".age"
MANIFEST, SPOOL = "manifest.json", "spool"
SQLITE_FILE, POSTGRESQL_FILE = "database.sqlite", "database.dump"
_BLOCK = 1 << 20


class BackupError(Exception):
    """A copy could not be made, read or restored: one line in Chinese, and one in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh, self.en = zh, en

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


class FileOfCopy(BaseModel):
    """What the manifest says of a file."""

    size: int
    sha256: str


class Manifest(BaseModel):
    """What a copy holds. `rows` counts each table's rows in the very state that was copied."""

    format: int
    release: str
    made_at: AwareDatetime
    database: str
    """sqlite or postgresql."""
    revision: str
    """The schema's."""
    rows: dict[str, int]
    files: dict[str, FileOfCopy]


def read_recipients(texts: Sequence[str]) -> list[pyrage.x25519.Recipient | pyrage.ssh.Recipient]:
    """Public keys: age's own (`age1…`) or those of SSH. Raises BackupError that names the one it cannot read."""
    found: list[pyrage.x25519.Recipient | pyrage.ssh.Recipient] = []
    for text in texts:
        kind = pyrage.ssh.Recipient if text.startswith("ssh-") else pyrage.x25519.Recipient
        try:
            found.append(kind.from_str(text))
        except pyrage.RecipientError:
            raise BackupError(
                f"BACKUP_RECIPIENTS：无法识别的公钥 {text[:12]}…", "this is no public key of age or SSH"
            ) from None
    return found


def read_identities(path: Path) -> list[pyrage.x25519.Identity | pyrage.ssh.Identity]:
    """The private keys in a file: age's own, a line each, or one of SSH. Raises BackupError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BackupError("无法读取密钥文件", f"cannot read the key file {path}: {error.strerror}") from None
    try:
        if content.startswith(b"-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(content)]
        lines = [line.strip() for line in content.decode("ascii").splitlines()]
        keys = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (pyrage.IdentityError, UnicodeDecodeError, ValueError):
        keys = []
    if not keys:
        raise BackupError("密钥文件中没有可用的私钥", f"{path} holds no private key of age or SSH")
    return keys


def pack(source: Path, manifest: Manifest, to: Path, recipients: Sequence[str]) -> Path:
    """Write the files in `source` and their manifest as a copy into the folder `to`. Returns the copy.

    `manifest.files` is filled in here. Raises BackupError.
    """
    keys = read_recipients(recipients)
    manifest.files = {name: _describe(path) for name, path in _list_files(source)}
    (source / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    name = NAME.format(at=manifest.made_at.astimezone(UTC)) + (ENCRYPTED if keys else "")
    part = to / f".{name}.{os.getpid()}.part"
    try:
        plain = source.with_suffix(".tar") if keys else part
        with open(plain, "wb", opener=_open_for_owner) as file, tarfile.open(fileobj=file, mode="w") as archive:
            # The manifest first: whoever only wants to know what a copy holds reads no further.
            for path in (source / MANIFEST, *(path for name, path in _list_files(source) if name != MANIFEST)):
                archive.add(path, path.relative_to(source).as_posix(), filter=_without_owner)
        if keys:
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            pyrage.encrypt_file(str(plain), str(part), keys)
            plain.unlink()
        _force(part)
        part.rename(to / name)
        _force(to)
    except OSError as error:
        raise BackupError("无法写入", f"cannot write {to / name}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return to / name


@contextmanager
def unpack(copy: Path, key_file: Path | None) -> Iterator[tuple[Manifest, Path]]:
    """A copy's manifest and a private folder with its files, each found to be as the manifest says.

    Raises BackupError where the copy cannot be read, is cut off, or is not what its manifest says.
    """
    if not copy.is_file():
        raise BackupError("没有这个备份文件", f"there is no copy {copy}")
    with tempfile.TemporaryDirectory(prefix="joint-defence-", dir=_find_room(copy)) as folder:
        plain = copy
        if copy.suffix == ENCRYPTED:
            plain = Path(folder) / "copy.tar"
            _decrypt(copy, plain, key_file)
        files = Path(folder) / "files"
        try:
            with tarfile.open(plain, mode="r:") as archive:
                _extract(archive, files)
        except (tarfile.TarError, OSError, EOFError) as error:
            raise BackupError("备份文件不完整或不是备份", f"{copy.name} is cut off, or no copy: {error}") from None
        yield _check(copy, files), files


def list_copies(folder: Path) -> list[Path]:
    """The copies in a folder, the newest first."""
    found = [path for path in folder.glob("joint-defence-*Z.tar*") if path.suffix in {".tar", ENCRYPTED}]
    return sorted(found, key=lambda path: path.name.partition(".")[0], reverse=True)


def read_age(copy: Path) -> datetime:
    """When a copy was made, as its name says."""
    return datetime.strptime(copy.name.partition(".")[0], "joint-defence-%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _extract(archive: tarfile.TarFile, to: Path) -> None:
    """Plain files alone, and none outside of `to`: a copy may come from anywhere. Python 3.11.2 cannot do it itself."""
    for member in archive:
        name = Path(member.name)
        safe = member.isreg() and not name.is_absolute() and ".." not in name.parts
        source = archive.extractfile(member) if safe else None
        if source is None:
            raise tarfile.TarError(f"{member.name} is no plain file")
        path = to / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with source, open(path, "wb", opener=_open_for_owner) as file:
            shutil.copyfileobj(source, file, _BLOCK)


def _check(copy: Path, files: Path) -> Manifest:
    try:
        manifest = Manifest.model_validate_json((files / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        raise BackupError("备份没有可读的清单", f"{copy.name} has no manifest that can be read") from None
    if manifest.format > FORMAT:
        raise BackupError("备份由更新的版本生成", f"{copy.name} was made by a later release ({manifest.release})")
    found = {name: _describe(path) for name, path in _list_files(files) if name != MANIFEST}
    for name in sorted({*found, *manifest.files}):
        if found.get(name) != manifest.files.get(name):
            raise BackupError(
                f"备份已损坏:{name} 与清单不符", f"{copy.name} is damaged: {name} is not as it was written"
            )
    return manifest


def _decrypt(copy: Path, plain: Path, key_file: Path | None) -> None:
    if key_file is None:
        raise BackupError(
            "备份已加密，请用 --key 指定私钥文件", f"{copy.name} is encrypted: name the key file with --key"
        )
    keys = read_identities(key_file)
    os.close(os.open(plain, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        pyrage.decrypt_file(str(copy), str(plain), keys)
    except pyrage.DecryptError as error:
        raise BackupError(
            "无法解密：密钥不对，或文件已损坏",
            f"{copy.name} cannot be decrypted: another key, or it is damaged ({error})",
        ) from None


def _list_files(folder: Path) -> list[tuple[str, Path]]:
    return [(path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob("*")) if path.is_file()]


def _describe(path: Path) -> FileOfCopy:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return FileOfCopy(size=path.stat().st_size, sha256=digest.hexdigest())


def _without_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    return entry


def _open_for_owner(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL, 0o600)


def _force(path: Path) -> None:
    """To the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _find_room(copy: Path) -> Path | None:
    """Where a copy is unpacked: beside it where that may be written, since the system's folder is often small."""
    beside = copy.parent
    wanted = 3 * copy.stat().st_size
    if os.access(beside, os.W_OK) and shutil.disk_usage(beside).free > wanted:
        return beside
    return None
