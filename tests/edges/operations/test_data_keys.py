"""DATA_KEYS: what lies on a disk cannot be read without them, a key is changed, and a lacking one loses nothing."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from config.database import Database
from config.sealing import Seal, WrongKey, make_key
from config.settings import SettingsError, load
from groups.accounts import second_factor
from groups.models.accounts import Account, AccountRole
from groups.models.batch import Author
from groups.models.changes import Source
from groups.models.second_factor import SecondFactor
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.uploads import jobs, uploads
from joint_defense.operations.doctor import Grade, check_data_keys
from joint_defense.processes.runtime import Runtime
from joint_defense.processes.spool import Spool, SpooledEvent, SpooledKind
from tests.conftest import MakeSettings

NUMBER = "+8613900001111"
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
EVENT = SpooledEvent(SpooledKind.ALARM, "carrier-key", NUMBER, NOW, "CA1")
LIST = "户主,手机\n王建国,13900001111\n".encode()
OLD, NEW = make_key(), make_key()


def _app_with(settings: MakeSettings, keys: str) -> tuple[Flask, Runtime]:
    app = create_app(settings(data_keys=keys))
    return app, app.extensions["runtime"]


def _keep_all(runtime: Runtime) -> int:
    """A list, a second factor and an event: what is sealed."""
    with runtime.database.begin() as session:
        by = Author("测试", Source.COMMAND)
        upload = uploads.keep_upload(session, UploadKind.COUNTS, "名单.csv", LIST, by, NOW)
        account = Account(name="林调度", role=AccountRole.OPERATOR, password_hash="!", created_at=NOW)
        session.add(account)
        session.flush()
        second_factor.begin(session, account.id, NOW)
        upload_id = upload.id
    runtime.spool.put(EVENT)
    return upload_id


def _examine(runtime: Runtime) -> list[tuple[Grade, str]]:
    """What `doctor` says of the keys."""
    return [(each.grade, each.en) for each in check_data_keys(runtime)]


def _read_kept(database: Database, runtime: Runtime) -> tuple[bytes, str, list[bytes]]:
    with database.begin() as session:
        content = session.scalars(select(Upload.content)).one()
        secret = session.scalars(select(SecondFactor.secret)).one()
    directory = Path(runtime.settings.state_dir) / "spool"
    return content, secret, [path.read_bytes() for path in directory.glob("*.event")]


def test_what_is_kept_is_sealed_and_a_key_is_changed_without_a_loss(settings: MakeSettings, database: Database) -> None:
    plain_app, plain = _app_with(settings, "")
    _keep_all(plain)
    assert plain_app.test_cli_runner().invoke(args=["data-keys", "rotate"]).exit_code == 0
    content, secret, (event,) = _read_kept(database, plain)
    assert (content, b"13900001111" in event) == (LIST, True)

    # Keys are set: what lay there is read as before, and sealed by a rotation.
    assert _examine(plain) == [(Grade.WARNING, "lists, secrets and kept events are not encrypted")]
    sealed_app, sealed = _app_with(settings, OLD)
    assert [grade for grade, _ in _examine(sealed)] == [Grade.WARNING]
    assert "2 not encrypted yet, 0 closed with an old key" in _examine(sealed)[0][1]
    assert sealed.spool.list_waiting() == [EVENT]
    assert sealed_app.test_cli_runner().invoke(args=["data-keys", "rotate"]).exit_code == 0
    old = _read_kept(database, sealed)
    assert not any(word in kept for kept in (old[0], *old[2]) for word in (b"1390000", "王建国".encode()))
    assert secret not in old[1]

    assert _examine(sealed) == [(Grade.GOOD, "2 sealed, and opened")]

    both_app, both = _app_with(settings, f"{NEW},{OLD}")
    assert "0 not encrypted yet, 2 closed with an old key" in _examine(both)[0][1]
    _, strange = _app_with(settings, make_key())
    assert _examine(strange) == [(Grade.ERROR, "no key opens 3 lists, secrets or events: put the old key back")]
    done = both_app.test_cli_runner().invoke(args=["data-keys", "rotate"])
    assert (done.exit_code, "1" in done.output) == (0, True), repr(done.exception)
    assert _read_kept(database, both) != old

    # The old one is gone, and nothing is missing.
    _, new = _app_with(settings, NEW)
    assert new.spool.list_waiting() == [EVENT]
    with new.database.begin() as session:
        factor = session.scalars(select(SecondFactor)).one()
        assert second_factor.read_secret(session, factor) == secret
        code = pyotp.TOTP(secret).at(NOW)
        assert second_factor.confirm(session, factor.account_id, code, NOW, keep_session=0)
    assert new.database.seal.open(_read_kept(database, new)[0]) == LIST
    for each in (plain, sealed, both, new, strange):
        each.close()


def test_without_its_key_nothing_is_taken_and_nothing_is_lost(
    settings: MakeSettings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    _, sealed = _app_with(settings, OLD)
    upload_id = _keep_all(sealed)
    before = _read_kept(database, sealed)
    other_app, other = _app_with(settings, NEW)
    assert other.spool.list_waiting() == []
    assert other.spool.kept().wait == 1
    (listed,) = other.spool.list_kept()
    assert (listed.sealed, listed.event, listed.aside) == (True, None, False)
    refused = other_app.test_cli_runner().invoke(args=["data-keys", "rotate"])
    assert (refused.exit_code, "3" in refused.output) == (1, True)
    with other.database.begin() as session:
        factor = session.scalars(select(SecondFactor)).one()
        tried = second_factor.settle_code(session, factor.account_id, "000000", "", NOW)
        assert not tried.taken
    assert _read_kept(database, other) == before

    jobs.work_on(other.database, other.settings, {}, upload_id)
    assert "no key in DATA_KEYS opens this" in capsys.readouterr().err
    with sealed.database.begin() as session:
        upload = session.get_one(Upload, upload_id)
        assert upload.state is UploadState.BROKEN
        uploads.try_again(upload, NOW)
    assert sealed.spool.list_waiting() == [EVENT]
    sealed.close()
    other.close()


def test_an_event_is_sealed_in_milliseconds_and_taken_in_by_another_process(tmp_path: Path) -> None:
    spool = Spool(tmp_path, seal=Seal([OLD]))
    spool.put(EVENT)
    began = time.process_time()
    for _ in range(20):
        Seal([OLD]).close(b"x" * 300)
    assert (time.process_time() - began) / 20 < 0.02, "seconds of a processor"
    assert Spool(tmp_path, seal=Seal([NEW, OLD])).list_waiting() == [EVENT]
    with pytest.raises(WrongKey):
        Seal([NEW]).open(Seal([OLD]).close(b"x"))


def test_a_key_that_is_none_is_named_without_its_value() -> None:
    with pytest.raises(SettingsError) as refused:
        load({"DATA_KEYS": "AGE-SECRET-KEY-1NONSENSE"})
    assert "NONSENSE" not in str(refused.value)
