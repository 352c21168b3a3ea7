"""An alarm beside a hostile upload of each kind: how long until its first request leaves, and what the upload takes.

A village's head brings each file by the page, as people do; while it is being looked through (or written) alarms are
raised one after the other. PostgreSQL or SQLite, Redis, web, worker, bulk and clock are real; the carrier takes all.
"""

from __future__ import annotations

import http.cookiejar
import io
import os
import re
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlencode

import psutil
import xlwt
from sqlalchemy import select

from config.database import Database, read_clock
from groups.accounts.accounts import create_account
from groups.accounts.passwords import hash_password
from groups.models.accounts import AccountRole
from groups.models.uploads import Upload, UploadState
from groups.uploads.uploads import AT_WORK
from tools.bench.measuring import Bench, Run
from tools.bench.service import Service
from tools.bench.town import Crowd, settle

PASSWORD = "seven camphor trees"
NEIGHBOURS = 10
MOST_ALARMS = 4
EVERY = 20.0
"""Seconds between two alarms beside a list that is written."""
WITHIN = {False: 0.5, True: 1.0}
"""Seconds until an alarm leaves, by whether the database is SQLite: what is asked of the service."""
MEGABYTE = 1_000_000


def _pack_sheet(sheet: str, target: str = "worksheets/sheet1.xml") -> bytes:
    """A workbook of one sheet with these rows, and nothing that a workbook need not have."""
    spreadsheet = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{types}"><Default Extension="xml" '
        'ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{relations}"><Relationship Id="a" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{relations}"><Relationship Id="a" '
        f'Type="{office}/worksheet" Target="{target}"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{spreadsheet}" xmlns:r="{office}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="a"/></sheets></workbook>',
        f"xl/{target}": f'<worksheet xmlns="{spreadsheet}"><sheetData>{sheet}</sheetData></worksheet>',
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _make_wide_xls() -> bytes:
    book, kept = xlwt.Workbook(), io.BytesIO()
    for number in range(40):
        sheet = book.add_sheet(f"s{number}")
        sheet.write(0, 0, "户主")
        sheet.write(65_535, 255, "1")
    book.save(kept)
    return kept.getvalue()


def _make_repeated_ods() -> bytes:
    office = "urn:oasis:names:tc:opendocument:xmlns"
    cell = '<table:table-cell table:number-columns-repeated="16384" office:value-type="string"><text:p>1</text:p>'
    content = (
        f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0" '
        f'xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet><table:table table:name="a">'
        f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-cell></table:table-row>'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    return packed.getvalue()


def _make_lines(line: str, size: int, first: str = "") -> bytes:
    return (first + line * (size // len(line.encode()))).encode()


def _make_roster(households: int) -> bytes:
    rows = (f"{at // 10 + 1}组,陶国{at},{at}号,1370{at:07}\n" for at in range(households))
    return ("联防组,户主,门牌号,电话\n" + "".join(rows)).encode()


def _make_duty_list(people: int) -> bytes:
    rows = (f"巡防,王{at},1371{at:07},周一至周五 18:00-06:00\n" for at in range(people))
    return ("队伍,姓名,电话,值班时间\n" + "".join(rows)).encode()


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file that somebody brings to a page of the village, and whether it is then confirmed."""

    name: str
    make: Callable[[], bytes]
    ending: str = "xlsx"
    page: str = "import"
    confirmed: bool = False


DUTY = "lists/responders/import"
CELL = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
KINDS = (
    Hostile(
        ".xlsx, a cell at XFD1048576 in a part that is no .xml", lambda: _pack_sheet(CELL, "worksheets/sheet1.bin")
    ),
    Hostile(".xlsx, a million empty cells", lambda: _pack_sheet(f"<row>{'<c/>' * 1_000_000}</row>")),
    Hostile(".xlsx, 95 MB of blanks unpacked", lambda: _pack_sheet(" " * 95 * MEGABYTE)),
    Hostile(".xlsx, 100,000 rows of ten", lambda: _pack_sheet(f"<row>{'<c><v>1</v></c>' * 10}</row>" * 100_000)),
    Hostile(".xls, 40 sheets with a cell in each far corner", _make_wide_xls, "xls"),
    Hostile(".ods, one cell repeated 17 thousand million times", _make_repeated_ods, "ods"),
    Hostile(".csv, 9.8 MB in short lines", lambda: _make_lines("甲,乙,丙\n", 9_800_000), "csv"),
    Hostile(".csv, 9.6 MB in lines of 60 cells", lambda: _make_lines("1," * 59 + "1\n", 9_600_000), "csv"),
    Hostile(".csv, 7 MB of quotes never closed", lambda: _make_lines('"a,' * 24 + "\n", 7_000_000), "csv"),
    Hostile(
        ".html, cells over 60,000 columns and rows",
        lambda: b"<table><tr>" + b"<td rowspan=60000 colspan=60000>1" * 60,
        "xls",
    ),
    Hostile("2,000 responders, looked through and written", lambda: _make_duty_list(2_000), "csv", DUTY, True),
    Hostile("20,000 households, looked through and written", lambda: _make_roster(20_000), "csv", confirmed=True),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one: seconds it was worked on, megabytes of web and bulk with their children, and the alarms."""

    seconds: float
    web: int
    bulk: int
    alarms: list[Run]


class Head:
    """A village's head at a browser."""

    def __init__(self, address: str, name: str) -> None:
        self._address = address
        self._jar = http.cookiejar.CookieJar()
        self._browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self._jar),
            urllib.request.ProxyHandler({}),
        )
        self._browser.addheaders = [("Accept", "text/html")]
        token = self._find_token("/sign-in")
        self.ask("/sign-in", urlencode({"csrf_token": token, "login": name, "password": PASSWORD}).encode())

    @property
    def cookies(self) -> str:
        """What the browser sends to be known again, as a header's value."""
        return "; ".join(f"{each.name}={each.value}" for each in self._jar)

    def ask(self, path: str, body: bytes | None = None, kind: str = "application/x-www-form-urlencoded") -> str:
        """The page that it leads to: its address."""
        address = path if path.startswith("http") else self._address + path
        request = urllib.request.Request(address, data=body, headers={"Content-Type": kind})
        with suppress(urllib.error.HTTPError), self._browser.open(request, timeout=300) as answer:
            self.page = answer.read().decode(errors="replace")
            return str(answer.geturl())
        return address

    def bring(self, path: str, content: bytes, name: str) -> str:
        """Bring a file by the page at this address; the address of the list."""
        # A list of responders is brought by the page of all three lists.
        form, _, kind = path.partition("/lists")
        token, parting = self._find_token(f"{form}/lists" if kind else path), "part"
        fields = f'--{parting}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
        fields += f'--{parting}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = fields.encode() + content + f"\r\n--{parting}--\r\n".encode()
        return self.ask(path, body, f"multipart/form-data; boundary={parting}")

    def confirm(self, address: str) -> None:
        """Have the list written."""
        token = self._find_token(address)
        self.ask(f"{address}/confirm", urlencode({"csrf_token": token, "once_more": "y"}).encode())

    def _find_token(self, path: str) -> str:
        self.ask(path)
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.page)
        if found is None:
            raise RuntimeError(f"no form at {path}: {self.page[:200]}")
        return found[1]


def play(*, on_sqlite: bool, as_markdown: bool, only: str = "") -> int:
    """Bring them one after the other and print what each came to. 1 where an alarm left later than it must.

    `only`: those whose name says this.
    """
    load, late = os.getloadavg()[0], False
    with Service(on_sqlite=on_sqlite) as service:
        database = Database(service.settings.database_url)
        crowd = settle(database, (NEIGHBOURS,))[0]
        with database.begin() as session:
            create_account(
                session, "hostile", AccountRole.VILLAGE_HEAD, hash_password(PASSWORD), read_clock(session),
                village_code="BENCH",
            )  # fmt: skip
        bench, head = Bench(service, database), Head(service.settings.public_base_url, "hostile")
        for _ in range(3):
            quiet = bench.raise_alarm(crowd)
        print(f"{'SQLite' if on_sqlite else 'PostgreSQL'}, load {load:.1f}; alone: {_tell(quiet)}", flush=True)
        for kind in (each for each in KINDS if only in each.name):
            seen = _try(kind, head, bench, crowd, database, service)
            worst = max(seen.alarms, key=lambda run: run.first_arrived)
            late |= worst.first_arrived > WITHIN[on_sqlite] * 1000
            told = (kind.name, f"{seen.seconds:.1f}", f"{seen.web}", f"{seen.bulk}", f"{worst.first_arrived:.0f}",
                    f"{worst.webhook:.0f}", f"{worst.last_arrived:.0f}")  # fmt: skip
            print(f"| {' | '.join(told)} |" if as_markdown else _say(told, len(seen.alarms)), flush=True)
        database.close()
    return int(late)


def _say(told: tuple[str, ...], alarms: int) -> str:
    name, seconds, web, bulk, first, webhook, last = told
    return (
        f"{name}: {seconds} s of work, web {web} MB, bulk {bulk} MB; the slowest of {alarms} alarms: "
        f"first request {first} ms, last {last} ms, webhook {webhook} ms"
    )


def _tell(run: Run) -> str:
    return f"first request {run.first_arrived:.0f} ms, last {run.last_arrived:.0f} ms, webhook {run.webhook:.0f} ms"


def _try(kind: Hostile, head: Head, bench: Bench, crowd: Crowd, database: Database, service: Service) -> Seen:
    content, begun, alarms = kind.make(), time.monotonic(), []
    with _watch(service.pids()) as most:
        bringing = threading.Thread(target=_bring, args=(kind, content, head, database))
        bringing.start()
        while True:
            time.sleep(0.1)
            alarms.append(bench.raise_alarm(crowd))
            # What is written is looked through first: alarms come over all of the time that both take.
            if not bringing.is_alive() or (len(alarms) >= MOST_ALARMS and not kind.confirmed):
                break
            bringing.join(EVERY if kind.confirmed else 0.0)
        bringing.join()
    return Seen(time.monotonic() - begun, most.get("web", 0), most.get("bulk", 0), alarms)


def _bring(kind: Hostile, content: bytes, head: Head, database: Database) -> None:
    address = head.bring(f"/villages/BENCH/{kind.page}", content, f"list.{kind.ending}")
    _wait_until_done(database)
    if kind.confirmed:
        head.confirm(address)
        _wait_until_done(database)
        with database.begin(reads=True) as session:
            state = session.scalar(select(Upload.state).order_by(Upload.id.desc()).limit(1))
        if state is not UploadState.WRITTEN:
            print(f"{kind.name}: {state}, and not written", flush=True)


def _wait_until_done(database: Database) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        with database.begin(reads=True) as session:
            if session.scalar(select(Upload.id).where(Upload.state.in_(AT_WORK)).limit(1)) is None:
                return
        time.sleep(0.1)
    raise RuntimeError("a list is being worked on for five minutes")


@contextmanager
def _watch(pids: dict[str, int]) -> Iterator[dict[str, int]]:
    """The most megabytes that each of these had with its children, in the block, measured five times a second."""
    most: dict[str, int] = {}
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.2):
            for name, pid in pids.items():
                with suppress(psutil.Error):
                    most[name] = max(most.get(name, 0), _weigh(psutil.Process(pid)))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield most
    finally:
        over.set()
        looking.join()


def _weigh(process: psutil.Process) -> int:
    found = 0
    for each in [process, *process.children(recursive=True)]:
        with suppress(psutil.Error):
            found += each.memory_info().rss
    return found // MEGABYTE
