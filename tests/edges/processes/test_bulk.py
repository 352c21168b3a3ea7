"""The bulk worker has no pages, and works on every kind of list all the same."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from app import create_app
from config.database import Database, read_clock
from groups.models.batch import Author
from groups.models.changes import Source
from groups.models.roster import Household, Village
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.uploads import jobs, uploads
from tests.conftest import MakeSettings


def test_a_process_without_pages_looks_a_list_through_and_writes_it(app: Flask, village: str) -> None:
    """Every list of more than 50 kB was left to the page that asked after it, which worked on it in the web process."""
    store: Database = app.extensions["database"]
    by = Author("x", Source.COMMAND)
    with store.begin() as session:
        place = session.scalar(select(Village.id).where(Village.code == village))
        content = "户主,电话\n王建国,13700000001\n".encode()
        brought = uploads.keep_upload(
            session, UploadKind.ROSTER, "a.csv", content, by, read_clock(session), village_id=place
        )
    with app.app_context():
        jobs.work_on_upload(brought.id)
        with store.begin() as session:
            upload = session.get_one(Upload, brought.id)
            assert upload.state is UploadState.READY
            uploads.confirm(upload, by, read_clock(session))
        jobs.work_on_upload(brought.id)
    with store.begin() as session:
        assert session.get_one(Upload, brought.id).state is UploadState.WRITTEN
        assert session.scalars(select(Household.head)).all() == ["王建国"]


def test_it_works_on_the_kinds_that_the_pages_know(app: Flask, settings: MakeSettings) -> None:
    pages = create_app(settings())
    known = {kind: type(lists) for kind, lists in jobs.KINDS.of(pages).items()}
    pages.extensions["runtime"].close()
    assert known == {kind: type(jobs.KINDS.of(app)[kind]) for kind in UploadKind}
