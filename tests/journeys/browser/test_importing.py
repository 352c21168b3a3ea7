"""b-messy.xlsx is brought, what it warns of mended, undone, and printed: on a phone, on a PC, without scripts."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from config.database import read_clock
from groups.accounts.accounts import create_account
from groups.accounts.invitations import invite
from groups.models.accounts import AccountRole
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source
from tests.edges.web.conftest import OTHER_VILLAGE, password_hash
from tests.journeys.browser.conftest import Site, Window, on_a_phone
from tests.journeys.browser.looks import sideways, small_targets, violations

ZONE = ZoneInfo("Asia/Shanghai")
MESSY = Path(__file__).parents[2] / "data" / "rosters" / "b-messy.xlsx"


CODE_PASSWORD = "three old camphor trees"


def handed_over(window: Window, *, scripts: bool = True) -> str:
    """An administrator adds a head of the village that has no list yet, and reads the code off the page."""
    page = window.page
    window.sign_in("admin")
    page.goto(f"{window.site.url}/accounts")
    page.get_by_label("姓名", exact=True).fill("沈村长")
    page.get_by_label("登录用的电话号码").fill("13805740001")
    page.get_by_label("村干部", exact=True).check()
    page.get_by_label("村干部所在的村").fill(OTHER_VILLAGE)
    page.get_by_role("button", name="新建账号").click()
    expect(page.get_by_role("heading", name="沈村长")).to_be_visible()
    if scripts:
        well_formed(window)
    code = page.locator("dd strong.code").inner_text()
    with page.expect_navigation():
        page.get_by_role("link", name="完成").click()
    expect(page.get_by_text("四甲村")).to_be_visible()
    # The head has another telephone.
    window.forget_who_it_was()
    return code


def invited(site: Site) -> str:
    """The same without the pages, for what is not about them."""
    with site.store.begin() as session:
        now = read_clock(session)
        head = create_account(
            session, "沈村长", AccountRole.VILLAGE_HEAD, password_hash(), now, village_code=OTHER_VILLAGE
        )
        return invite(Batch(session, Author("admin", Source.COMMAND), Action.INVITE, now, ZONE), head)


def first_sign_in(window: Window, code: str) -> Page:
    """The head types the code that was handed over, and is in with a password of their own."""
    page = window.page
    page.goto(f"{window.site.url}/first-sign-in")
    page.locator("#code").fill(code)
    page.locator("#new").fill(CODE_PASSWORD)
    page.get_by_role("button", name="设置密码并登录").click()
    expect(page.get_by_role("heading", name="四甲村")).to_be_visible()
    return page


def bring(page: Page) -> None:
    """From the village's home to the preview of the list."""
    page.get_by_role("link", name="导入名单").click()
    page.locator("#file").set_input_files(MESSY)
    page.get_by_role("button", name="看看会有什么变化").click()
    expect(page.get_by_text("尚未保存")).to_be_visible()


def confirm(page: Page) -> None:
    page.get_by_role("button", name="确认：保存43户").click()
    expect(page.get_by_text("新增43户")).to_be_visible()


def find(page: Page, site: Site, initials: str, head: str) -> None:
    """Look a household up from the village's home, and open it."""
    page.goto(f"{site.url}/villages/{OTHER_VILLAGE}")
    page.locator("#q").fill(initials)
    page.get_by_role("button", name="查找").click()
    page.get_by_role("link", name=head, exact=True).click()


def give_number(page: Page, number: str) -> None:
    """In the household's form, where a phone is still to be entered."""
    page.locator("input[name=phone_number]").last.fill(number)
    page.get_by_role("button", name="保存", exact=True).click()


def mend_what_the_list_warned_of(page: Page, site: Site) -> None:
    """Row 48 had no whole number, row 49 none, row 50 one that stands elsewhere, row 51 no name."""
    find(page, site, "zgp", "郑国平")
    give_number(page, "13900000048")
    expect(page.get_by_text("139 0000 0048").first).to_be_visible()
    find(page, site, "zxf", "郑小芳")
    give_number(page, "13900000049")
    expect(page.get_by_text("139 0000 0049").first).to_be_visible()
    find(page, site, "zag", "郑阿根")
    give_number(page, "19900647571")
    expect(page.locator(".field-error")).to_contain_text("施月英")
    page.locator("input[name=phone_number]").first.fill("13900000050")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("139 0000 0050").first).to_be_visible()
    page.get_by_role("link", name="加入住户").click()
    page.get_by_label("户主").fill("郑阿毛")
    give_number(page, "19961882636")
    expect(page.locator(".house")).to_have_count(4)
    expect(page.locator(".house-flawed")).to_have_count(0)


def change_move_and_take_back(page: Page) -> None:
    """A number in two taps and typing, a household to another group, and that taken back."""
    card = page.locator(".house", has_text="郑小芳")
    card.locator("summary").click()
    card.locator("input[name=number]").fill("13911110049")
    card.get_by_role("button", name="保存").click()
    expect(page.locator(".house", has_text="郑小芳")).to_contain_text("139 1111 0049")
    page.get_by_role("link", name="郑阿根", exact=True).click()
    page.get_by_text("换组、移出名册").click()
    page.get_by_label("联防组").select_option(label="第1联防组")
    page.get_by_role("button", name="移动").click()
    expect(page.get_by_role("heading", name="第1联防组")).to_be_visible()
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_text("已撤销").first).to_be_visible()
    expect(page.locator(".house", has_text="郑阿根")).to_have_count(0)


def well_formed(window: Window) -> None:
    page = window.page
    assert window.at_each_width(lambda: [*violations(page), *sideways(page), *small_targets(page)]) == []


@on_a_phone
def test_a_head_signs_in_brings_a_messy_list_mends_all_of_it_changes_undoes_and_prints(window: Window) -> None:
    page, site = first_sign_in(window, handed_over(window)), window.site
    with page.expect_navigation():
        page.get_by_role("link", name="导入名单").click()
    well_formed(window)
    page.go_back()
    bring(page)
    well_formed(window)
    page.locator(".fold summary").click()
    expect(page.get_by_label("联系电话")).to_have_value("mobile")
    well_formed(window)
    page.locator(".filters .verdict-warning").click()
    expect(page.locator(".verdicts > li")).to_have_count(3)
    confirm(page)
    well_formed(window)
    mend_what_the_list_warned_of(page, site)
    well_formed(window)
    change_move_and_take_back(page)

    page.goto(f"{site.url}/villages/{OTHER_VILLAGE}/directory")
    well_formed(window)
    pdf = page.request.get(f"{site.url}/villages/{OTHER_VILLAGE}/directory.pdf")
    assert pdf.body().startswith(b"%PDF")
    page.get_by_role("button", name="用浏览器打印").click()
    expect(page.locator(".sheet")).to_have_count(5)
    expect(page.get_by_text("139 1111 0049").first).to_be_visible()
    assert window.at_each_width(window.violations) == []


@pytest.fixture
def keeper(window: Window) -> Window:
    first_sign_in(window, invited(window.site))
    return window


GUESSED = """联防组,门牌号,户主,号
第一组,3月1日,王一,19900640001
1组,3-45,周五,19900640005
,3-50,吴六,19900640007
"""


@on_a_phone
def test_a_guess_is_changed_with_one_tap(keeper: Window, tmp_path: Path) -> None:
    page, guessed = keeper.page, tmp_path / "list.csv"
    guessed.write_text(GUESSED, encoding="utf-8")
    page.get_by_role("link", name="导入名单").click()
    page.locator("#file").set_input_files(guessed)
    page.get_by_role("button", name="看看会有什么变化").click()
    guesses = page.locator(".guess")
    expect(guesses.filter(has_text="号 19900640001: 手机")).to_be_visible()
    well_formed(keeper)
    in_a_group = guesses.filter(has_text="按上面的行归组")
    expect(in_a_group).to_contain_text("1组")
    in_a_group.get_by_role("button", name="改为：不编组").click()
    expect(in_a_group).to_contain_text("按您所说")
    guesses.filter(has_text="门牌曾变成日期").get_by_role("button", name="改为：3月1日").click()
    expect(guesses.filter(has_text="门牌曾变成日期")).to_contain_text("3月1日")
    well_formed(keeper)
    guesses.filter(has_text="号 19900640001").get_by_role("button", name="改为：不采用").click()
    expect(page.get_by_text("找不到列：手机")).to_be_visible()
    page.get_by_label("号 19900640001").select_option("mobile")
    page.get_by_role("button", name="重新查看").click()
    expect(page.get_by_role("button", name="确认：保存3户")).to_be_visible()


@on_a_phone
def test_the_whole_import_is_undone_on_its_own_page(keeper: Window) -> None:
    bring(keeper.page)
    confirm(keeper.page)
    keeper.page.get_by_role("button", name="撤销整次导入").click()
    expect(keeper.page.get_by_text("导入已撤销").first).to_be_visible()
    keeper.page.goto(f"{keeper.site.url}/villages/{OTHER_VILLAGE}/directory")
    expect(keeper.page.get_by_text("还没有可打印的联防组")).to_be_visible()


def test_a_head_does_all_of_it_without_scripts(plain_window: Window) -> None:
    page, site = first_sign_in(plain_window, handed_over(plain_window, scripts=False)), plain_window.site
    bring(page)
    confirm(page)
    mend_what_the_list_warned_of(page, site)
    change_move_and_take_back(page)
    page.goto(f"{site.url}/villages/{OTHER_VILLAGE}/directory")
    page.get_by_label("A5").check()
    # Whether a browser shows the PDF or saves it is its own affair: the same address is asked once more.
    with page.expect_response(re.compile("directory.pdf")) as made:
        page.get_by_role("button", name="生成PDF").click()
    sheets = PdfReader(BytesIO(page.request.get(made.value.url).body())).pages
    assert len(sheets) == 5
    assert "139 1111 0049" in sheets[4].extract_text().replace("\u00a0", " ")
    page.goto(f"{site.url}/villages/{OTHER_VILLAGE}/directory")
    page.get_by_role("button", name="用浏览器打印").click()
    expect(page.locator(".sheet")).to_have_count(5)
    expect(page.get_by_text("139 1111 0049").first).to_be_visible()
