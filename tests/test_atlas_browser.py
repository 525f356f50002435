"""The atlas in a browser without a network: a reader finds answers by mouse, keyboard and phone."""

import re

import pytest
from browsing import MODES, SIZES, offline_pages
from conftest import ROOT
from wide_atlas import wide_index

from activarium.atlas.read_evidence import read
from activarium.atlas.site import build_site
from activarium.certify.certify_activation import certify_activation
from activarium.definitions.numerics import measure_numerics
from activarium.proven_claims import prove_claims
from activarium.runtime.files import write_json
from activarium.study.suite_file import Suite

SUITE = Suite("1", ("cifar10",))

pytestmark = pytest.mark.slow

PAGES = {
    "index": "index.html",
    "card": "activation/gelu/index.html",
    "cases": "activation/prelu/index.html",
    "untrained": "activation/golu/index.html",
    "compare": "compare.html#silu~relu",
    "claims": "claims.html",
    "studies": "studies.html",
    "data": "data.html",
}
FIRST = 6  # columns before the settings: the name, three counts, time and memory
TIME = 5  # the column of the training time
CERTIFIED = ("gelu", "relu", "silu", "prelu", "gelu_tanh")
CLAIM = {
    "claim": "gelu-over-relu", "sentence": "GELU beats ReLU.", "identifier": "arXiv 1606.08415",
    "url": "https://arxiv.org/abs/1606.08415", "title": "Gaussian Error Linear Units",
    "place": "section 3", "activation": "gelu", "controls": "relu", "verdict": "undecided",
    "verdict_alone": "supported", "setting": "other", "reason": "Of 1 setting: undecided 1.",
    "evidence": [
        {"study": "cifar10", "recipe": "adam", "network": "resnet14_8", "dataset": "cifar10",
         "control": "relu",
         "n_pairs": 8, "mean_diff": 0.01, "low": -0.001, "high": 0.02, "decides": True,
         "shown_register": "", "differs": "epochs"}
    ],
}  # fmt: skip


def definition(name):
    from activarium import activations

    return activations.definition(name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The atlas of some published studies, with some proofs, one measured and one claim."""
    from activarium import activations

    folder = tmp_path_factory.mktemp("atlas")
    profiles = [folder / f"{name}.json" for name in CERTIFIED]
    for file in profiles:
        write_json(file, certify_activation(file.stem))
    numerics, proven = folder / "gelu.numerics.json", folder / "proven_claims.json"
    write_json(numerics, measure_numerics(definition("gelu"), activations.module("gelu")))
    write_json(proven, prove_claims({name: definition(name) for name in CERTIFIED}))
    studies = (
        "cifar10",
        "cifar10-best-rate",
        "cifar10-precision",
        "depth",
        "cifar100-slope",
        "mnist5k",
        "mnist5k-serving",
        "mnist5k-tuned",
        "learning-rate",
    )
    analyses = [str(ROOT / f"reference/{name}/analysis.json") for name in studies]
    readme = str(ROOT / "reference/README.md")
    evidence = read(
        SUITE, analyses, [readme], map(str, profiles), [str(numerics)], [str(proven)], [CLAIM]
    )
    for path, content in build_site(evidence).items():
        file = folder / "site" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder / "site"


@pytest.fixture
def opened(browser, folder):
    """Open a page at a width and in a mode; a word on the console or a load from outside fails."""
    site = folder.as_uri()
    with offline_pages(browser, lambda url: url.startswith(site)) as open_page:
        yield lambda name="index", width=1280, mode="light": open_page(
            f"{site}/{PAGES[name]}", width, mode
        )


def test_a_reader_walks_from_the_matrix_to_a_card_a_comparison_a_report_and_back(opened):
    page = opened()
    page.locator("#dataset").select_option("CIFAR-10")
    page.locator("#search").fill("silu")
    rows = page.locator(".matrix tbody tr:visible")
    assert [rows.nth(k).locator("th").inner_text() for k in range(rows.count())] == ["SiLU"]
    rows.first.get_by_role("link", name="SiLU").click()
    assert page.locator("h1").inner_text() == "SiLU"
    page.get_by_text("Set it against another one").click()
    page.get_by_role("link", name="ReLU", exact=True).click()
    assert re.match("SiLU and ReLU were compared in ", page.locator("#summary").inner_text())
    page.locator("#result tbody tr").first.get_by_role("link").click()
    assert page.title() == "cifar10 – Activarium"
    page.go_back()
    assert "SiLU and ReLU were" in page.locator("#summary").inner_text()


def test_filters_hide_rows_and_columns_and_say_how_many(opened):
    page = opened()
    columns = page.locator(".matrix thead th").count() - FIRST
    page.locator("#family").select_option("deep MLP, un-normalised")
    assert page.locator(".matrix thead th:visible").count() - FIRST == 3 < columns
    page.locator("#learned").select_option("yes")
    assert page.locator(".matrix tbody tr:visible").count() == 0
    assert page.locator("#shown").inner_text().startswith("0 of ")
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("!document.getElementById('shown').textContent.startsWith('0 of')")
    assert page.locator(".matrix thead th:visible").count() - FIRST == columns


def test_a_search_finds_by_paper_and_a_filter_by_training_time(opened):
    page = opened()
    rows = page.locator(".matrix tbody tr:visible th")
    page.locator("#search").fill("1606.08415")
    assert "GELU" in rows.all_inner_texts() and "Tanh" not in rows.all_inner_texts()
    page.locator("#search").fill("")
    cells = page.locator(f".matrix tbody tr:visible td:nth-child({TIME})")
    assert {"ELU", "ReLU"} <= set(rows.all_inner_texts())
    page.locator("#time").select_option("high")
    times = [float(text) for text in cells.all_inner_texts()]
    assert times and min(times) >= 1.4 and "ReLU" not in rows.all_inner_texts()
    page.locator("#time").select_option("middle")
    times = [float(text) for text in cells.all_inner_texts()]
    assert times and 1.1 <= min(times) <= max(times) <= 1.4


def test_a_cell_opens_its_setting_in_the_report(opened):
    page = opened()
    page.locator('.matrix td a[href*="studies/depth"]').first.click()
    place = page.url.partition("#")[2]
    assert place.startswith("setting-")
    page.wait_for_load_state()
    assert page.evaluate("document.querySelector(':target').getBoundingClientRect().top") < 40


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_column_sorts_by_keyboard(opened, key):
    page = opened()
    head = page.locator(".matrix thead th").nth(FIRST)
    head.get_by_role("button").focus()
    page.keyboard.press(key)
    assert head.get_attribute("aria-sort") == "descending"
    texts = page.locator(f".matrix tbody td:nth-child({FIRST + 1})").evaluate_all(
        "found => found.map(cell => cell.dataset.v)"
    )
    values = [float(text) for text in texts if text]
    assert values == sorted(values, reverse=True) and len(values) > 5


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_what_has_the_focus_is_not_below_the_heads_of_the_matrix(opened, key):
    """On a phone, through the rows that the box has to scroll to, forwards and backwards."""
    page = opened(width=360)
    links = page.locator(".matrix:not(#parts) tbody a")
    links.nth(0 if key == "Tab" else links.count() - 1).focus()
    seen = """() => {
        const {left, top, width, height} = document.activeElement.getBoundingClientRect();
        const at = document.elementFromPoint(left + width / 2, top + height / 2);
        return document.activeElement.contains(at) ? "" : document.activeElement.textContent;
    }"""
    hidden = []
    for _ in range(links.count() - 1):
        page.keyboard.press(key)
        hidden.append(page.evaluate(seen))
    assert [text for text in hidden if text] == []


def test_a_cell_tells_its_interval_on_hover_and_on_focus(opened):
    page = opened()
    link = page.locator(".matrix td a").first
    for act in (link.hover, link.focus):
        page.locator("h1").hover()
        act()
        assert page.locator("#tip").is_visible()
        assert re.search(r"[+−]\d.* to [+−]\d.*, 8 pairs", page.locator("#tip").inner_text())
    page.keyboard.press("Escape")
    assert not page.locator("#tip").is_visible()


def test_a_comparison_is_turned_with_its_sides(opened):
    page = opened("compare")
    before = page.locator("#result tbody tr").first.locator("td").all_inner_texts()
    page.get_by_role("button", name="Swap").click()
    after = page.locator("#result tbody tr").first.locator("td").all_inner_texts()
    sign = {"+": "−", "−": "+"}
    assert after[1] == sign[before[1][0]] + before[1][1:]
    assert after[-2:] == before[:-3:-1]
    assert page.url.endswith("#relu~silu")


def test_a_verdict_against_a_control_is_the_studys(opened, folder):
    import json

    page = opened("compare")
    for one, other, turned in (("tanh", "gelu", False), ("gelu", "tanh", True)):
        page.locator("#first").select_option(one)
        page.locator("#second").select_option(other)
        rows = page.locator("#result tbody tr", has_text="cifar10")
        said = rows.first.locator("td").first.inner_text()
        card = json.loads((folder / "activation/tanh/card.json").read_text())
        (entry,) = [e for e in card["settings"] if e["study"] == "cifar10"]
        assert entry["diff_verdict"] == "worse"
        assert said == ("▲ better" if turned else "▼ worse")


def test_a_comparison_tells_apart_tuned_rates_and_names_the_ends_and_the_cost(opened):
    page = opened("compare")
    said = page.locator("#summary").inner_text()
    assert re.search(r"Of these, 1 with tuned rates: SiLU is (higher|lower) in ", said), said
    ends = page.locator("#details li").all_inner_texts()
    differences = page.locator("#result tbody td:nth-child(3)").all_inner_texts()
    values = {float(text.replace("−", "-")): text for text in differences if text != "–"}
    assert f"Lowest difference: {values[min(values)]} pp in " in ends[0]
    assert f"Highest difference: {values[max(values)]} pp in " in ends[1]
    assert "ReLU: 1.00 × the training time of ReLU" in ends[3]
    page.goto(page.url.partition("#")[0] + "#relu~elu")
    assert "None of these has tuned rates." in page.locator("#summary").inner_text()


@pytest.mark.parametrize("pair", ["tanh~gelu", "gelu~tanh", "tanh~elu"])
def test_a_comparison_counts_runs_that_are_part_of_another_studys_once(opened, pair):
    """Each setting stands in the table: six of mnist5k's ten seeds are mnist5k-serving's."""
    page = opened("compare")
    page.goto(page.url.partition("#")[0] + f"#{pair}")
    small = page.locator("#result tbody th small").all_inner_texts()
    studies = [text.strip() for text in small]
    assert {"mnist5k", "mnist5k-serving"} <= set(studies)
    said = page.locator("#summary").inner_text()
    assert f"were compared in {len(studies) - 1} settings" in said, said


def test_the_counts_of_a_row_are_those_of_the_settings_shown(opened):
    """As Python counts them for all settings, and by the verdicts seen where some are hidden."""
    page = opened()
    told = ".matrix:not(#parts) tbody tr:not(.control)"
    count = f"""[...document.querySelectorAll('{told}')].map(
        row => [...row.cells].slice(1, 4).map(cell => cell.textContent).join())"""
    with_script = page.evaluate(count)
    plain = page.context.browser.new_context(java_script_enabled=False).new_page()
    plain.goto(page.url)
    rows = plain.locator(told)
    without = [
        ",".join(rows.nth(k).locator("td.sum").all_inner_texts()[:3]) for k in range(rows.count())
    ]
    plain.context.close()
    assert with_script == without
    page.locator("#dataset").select_option("Digits")
    relu = page.locator(told, has=page.get_by_role("link", name="ReLU", exact=True))
    better, worse = (relu.locator(f"td.{word}:visible").count() for word in ("better", "worse"))
    assert relu.locator("td.sum").all_inner_texts()[:2] == [str(better), str(worse)]
    assert page.evaluate(count) != with_script


def test_paper_holds_every_column_of_the_matrix(opened):
    """In parts of a page's width, as it is filtered, and none when the page is shown again."""
    page = opened(width=1040)  # A4 across, less its margins
    parts, screen = page.locator("#parts table"), page.locator(".matrix:not(#parts)")
    shown = """found => found.map(part => [...part.tHead.rows[0].cells].flatMap(
        head => head.hidden ? [] : [head.textContent]))"""
    for dataset, n in [("", 2), ("MNIST-5k", 1)]:
        page.locator("#dataset").select_option(dataset)
        (want,) = screen.locator("table").evaluate_all(shown)
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert not screen.is_visible() and parts.count() == n
        printed = [head for part in parts.evaluate_all(shown) for head in part[1:]]
        assert printed == want[1:] and len(printed) > FIRST
        assert max(parts.evaluate_all("found => found.map(part => part.offsetWidth)")) <= 1040
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen")
        assert parts.count() == 0


@pytest.mark.parametrize("width", [360, 1280])
def test_60_activations_and_40_settings_are_read_on_a_phone_and_on_paper(browser, folder, width):
    """A name stays beside its cells, only the matrix scrolls, and each part fits its paper."""
    file = folder.parent / "wide.html"
    if not file.exists():
        analyses = [str(ROOT / "reference/cifar10/analysis.json")]
        file.write_text(wide_index(read(SUITE, analyses, [], [], [], [])), encoding="utf-8")
    with offline_pages(browser, lambda url: url == file.as_uri()) as open_page:
        page = open_page(file.as_uri(), width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.locator(".matrix:not(#parts)").evaluate("box => { box.scrollLeft = 1e6; }")
        row = page.locator(".matrix tbody tr").nth(3)
        name, last = row.locator("th"), row.locator("td").last
        assert name.bounding_box()["x"] >= 0
        assert name.bounding_box()["width"] < 0.4 * width
        box = last.bounding_box()
        assert box["x"] + box["width"] <= width and box["x"] > name.bounding_box()["width"]
        page.set_viewport_size({"width": 1040, "height": 720})
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        sizes = page.locator("#parts table").evaluate_all(
            "found => found.map(part => [part.offsetWidth, part.tHead.rows[0].cells.length - 1])"
        )
        assert sum(n for _, n in sizes) == 40 + FIRST - 1
        assert max(size for size, _ in sizes) <= 1040


def test_an_address_that_names_no_pair_opens_one_anyway(opened):
    page = opened("compare")
    page.goto(page.url.partition("#")[0] + "#<b>x</b>~%E0%A4%A")
    assert "SiLU and ReLU were" in page.locator("#summary").inner_text()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_axe_finds_nothing_serious(opened, name, width, mode):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    page = opened(name, width, mode)
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    found = axe.Axe().run(page).response["violations"]
    assert [(v["id"], v["impact"], v["nodes"][0]["html"][:200]) for v in found] == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", SIZES)
def test_nothing_but_tables_scrolls_sideways(opened, name, width):
    page = opened(name, width)
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_index_is_ready_within_a_second_on_a_slow_core(opened):
    """By the CPU time of loading it, on a core that is four times as slow as this one."""
    page = opened()
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable", {"timeDomain": "threadTicks"})
    spent = [_task_seconds(client)]
    page.reload()
    spent.append(_task_seconds(client))
    assert 0 < 4 * (spent[1] - spent[0]) < 1


def _task_seconds(client):
    """CPU seconds of the page's main thread so far: script, style, layout, all of it."""
    metrics = client.send("Performance.getMetrics")["metrics"]
    return next(m["value"] for m in metrics if m["name"] == "TaskDuration")


def test_it_prints_every_row_on_white_paper(opened, tmp_path):
    page = opened(mode="dark")
    path = tmp_path / "index.pdf"
    page.pdf(path=path, format="A4")
    assert path.read_bytes().startswith(b"%PDF")
    page.emulate_media(media="print", color_scheme="dark")
    paper = "getComputedStyle(document.documentElement).getPropertyValue('--paper')"
    assert page.evaluate(paper).strip() == "#ffffff"
    assert not page.locator(".filters").is_visible()
