"""The report in a browser without a network: nothing is refused, and mouse and keyboard work."""

import struct
from pathlib import Path

import pytest
from browsing import MODES, SIZES, offline_pages
from synthetic import reported, study

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report with all that one can have, among it several settings and names with markup."""
    made = study(
        ("gelu", "hardswish", "relu", "elu", "hardshrink", "<b>bold</b>"), ("cifar10", "digits"),
        recipes=("adam", "sgd"), machines=2, validation=True,
        fails=lambda run: run["activation"] == "relu" and run["seed"] < 2,
    )  # fmt: skip
    made.costs.loc[made.costs.index[::7], "instruction_set"] = "NEON"
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(reported(made, certified=True).html, encoding="utf-8")
    return path


@pytest.fixture
def opened(browser, report):
    """Open the report at a width and in a mode; every word on the console fails the test."""
    with offline_pages(browser, lambda url: url == report.as_uri()) as open_page:
        yield lambda width=1280, mode="light": open_page(report.as_uri(), width, mode)


def texts(page, n):
    cells = page.locator("table.decision").first.locator(f"tbody tr > :nth-child({n})")
    return cells.all_inner_texts()


def number(text):
    return float(text.split()[0].replace("−", "-"))


def test_it_opens_without_a_word_on_the_console(opened):
    page = opened()
    assert page.title() == "made-up – Activarium"
    assert page.locator("figure svg").count() >= 8
    assert page.locator(".choose").is_visible()


def test_a_script_that_is_not_the_pages_own_is_refused(browser, report, tmp_path):
    """That the policy is at work, without which an empty console would mean nothing."""
    other = tmp_path / "other.html"
    text = report.read_text(encoding="utf-8")
    other.write_text(text.replace("</main>", "<script>1</script></main>"), encoding="utf-8")
    context, said = browser.new_context(offline=True), []
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.goto(other.as_uri())
    context.close()
    assert any("Content Security Policy" in text for text in said)


def test_a_column_sorts_by_mouse(opened):
    page = opened()
    head = page.locator("table.decision").first.locator("thead th").nth(1)
    assert head.get_attribute("aria-sort") == "none"
    for order, reverse in (("descending", True), ("ascending", False), ("descending", True)):
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == order
        means = [number(text) for text in texts(page, 2)]
        assert means == sorted(means, reverse=reverse)
    sorted_heads = page.locator("table.decision").first.locator("[aria-sort=descending]")
    assert sorted_heads.count() == 1


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_column_sorts_by_keyboard(opened, key):
    page = opened()
    heads = page.locator("table.decision").first.locator("thead th")
    heads.nth(0).get_by_role("button").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press(key)
    assert heads.nth(2).get_attribute("aria-sort") == "descending"
    assert heads.nth(1).get_attribute("aria-sort") == "none"
    differences = [number(text) for text in texts(page, 3)]
    assert differences == sorted(differences, reverse=True)
    assert page.evaluate("document.activeElement.textContent") == "Difference, pp"


def test_what_is_missing_stays_last(opened):
    page = opened()
    button = page.locator("table.decision").first.locator("thead th").nth(6).get_by_role("button")
    for _ in range(2):
        button.click()
        assert texts(page, 7)[-1] == "–"


def test_a_chosen_activation_is_shown_everywhere(opened):
    page = opened()
    page.locator("#choose").select_option(label="ELU")
    n = page.locator("#choose").input_value()
    for place in ("#decision tr", "#figure-forest svg g", "#figure-dots svg g",
                  "#figure-curves svg g", "#figure-pareto svg g", "#figure-matrix svg g",
                  "#figure-ranks svg g", "#figure-target svg g", "#figure-interaction svg g",
                  "#figure-profiles svg g", "#profiles details", "#sensitivity tr"):  # fmt: skip
        chosen = page.locator(f"{place}.chosen")
        assert chosen.count() > 0, place
        numbers = chosen.evaluate_all("found => found.map(e => e.dataset.a)")
        assert all(n in marks.split() for marks in numbers), place
    faint = page.locator("#figure-forest svg g[data-a]:not(.chosen)").first
    assert float(faint.evaluate("e => getComputedStyle(e).opacity")) < 0.5
    own = page.locator("#figure-forest svg g.chosen").first
    assert float(own.evaluate("e => getComputedStyle(e).opacity")) == 1
    page.locator("#choose").select_option(label="nothing")
    assert page.locator(".chosen").count() == 0


def test_a_name_in_the_table_chooses_and_lets_go(opened):
    page = opened()
    name = page.locator("table.decision").first.get_by_role("button", name="<b>bold</b>")
    name.focus()
    page.keyboard.press("Enter")
    assert name.get_attribute("aria-pressed") == "true"
    assert page.locator("#choose option:checked").inner_text() == "<b>bold</b>"
    assert page.locator("#figure-dots svg .chosen").count() > 0
    name.click()
    assert name.get_attribute("aria-pressed") == "false"
    assert page.locator("#choose").input_value() == ""


def test_a_click_in_a_figure_chooses_and_lets_go(opened):
    page = opened()
    dot = page.locator("#figure-pareto svg g[data-a]").first
    for chosen in (dot.get_attribute("data-a"), ""):
        dot.dispatch_event("click")
        assert page.locator("#choose").input_value() == chosen


@pytest.mark.parametrize("figure", ["#figure-forest", "#figure-dots"])
def test_a_phone_shows_the_control_and_the_best_in_rows_with_something_in_each(opened, figure):
    page = opened(360)
    assert not page.locator(f"{figure} .drawing").is_visible()
    groups = page.locator(f"{figure} .narrow-plots > ul")
    assert groups.count() == 4
    rows = groups.first.locator("li")
    assert rows.first.locator("b").inner_text() == "GELU"
    for row in rows.all():
        assert row.locator("path.mean, path.outside").count() == 1
        for mark in row.locator("path.mean, path.outside, path.thick, path.dots").all():
            box = mark.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    size = rows.first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    assert size >= 14
    rows.nth(1).click()
    chosen = page.locator("#choose option:checked").inner_text()
    assert rows.nth(1).locator("b").inner_text() == chosen
    assert not opened(1280).locator(f"{figure} .narrow-plots").is_visible()


def test_what_the_mouse_points_at_has_a_name(opened):
    page = opened()
    marks = page.locator("#figure-pareto svg g[data-a]")
    titles = marks.evaluate_all("found => found.map(e => e.querySelector('title').textContent)")
    assert {"GELU", "ELU", "<b>bold</b>"} <= set(titles)


def test_it_prints_to_pdf_on_white_paper(opened, tmp_path):
    page = opened(mode="dark")
    path = tmp_path / "report.pdf"
    page.pdf(path=path, format="A4", print_background=True)
    assert path.read_bytes().startswith(b"%PDF")
    assert path.stat().st_size > 20_000
    assert page.locator("details:not([open])").count() == 0
    page.emulate_media(media="print", color_scheme="dark")
    style = "getComputedStyle(document.documentElement).getPropertyValue"
    assert page.evaluate(f"{style}('--paper')").strip() == "#fff"
    assert page.evaluate(f"{style}('--top1')").strip() == "#0072b2"
    assert not page.locator("nav").is_visible()


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_axe_finds_nothing_serious(opened, width, mode):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    page = opened(width, mode)
    for details in page.locator("details").all():
        details.evaluate("e => { e.open = true; }")
    for activation in ("", "ELU"):
        page.locator("#choose").select_option(label=activation or "nothing")
        found = axe.Axe().run(page).response["violations"]
        assert [(v["id"], v["impact"], v["nodes"][0]["html"][:200]) for v in found] == []


@pytest.mark.parametrize("width", SIZES)
def test_nothing_but_tables_and_figures_scrolls_sideways(opened, width):
    page = opened(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wider = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
             .filter(e => !e.closest(".wide, .drawing, .skip"))
             .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
             .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert wider == []


def test_a_figure_that_is_cut_at_the_edge_says_that_it_scrolls(opened):
    """On a phone: above each figure that is wider than the screen, and nowhere else."""
    hints = "figure .scroll-hint"
    assert not any(hint.is_visible() for hint in opened(1280).locator(hints).all())
    page = opened(360)
    for figure in page.locator("figure").all():
        drawing = figure.locator(".drawing")
        cut = drawing.is_visible() and drawing.evaluate("e => e.scrollWidth > e.clientWidth")
        assert figure.locator(".scroll-hint").is_visible() == cut
    assert page.locator("#figure-matrix .scroll-hint").is_visible()


@pytest.mark.parametrize("mode", MODES)
def test_it_looks_like_something(opened, mode, tmp_path):
    """Paper and ink are those of the mode, and a figure has colours in it."""
    page = opened(mode=mode)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[mode]
    path = Path(tmp_path) / "page.png"
    page.screenshot(path=path)
    assert struct.unpack(">II", path.read_bytes()[16:24]) == (1280, 800)
