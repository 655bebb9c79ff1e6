"""The built pages: nothing is loaded from elsewhere, every link leads to something, all is set."""

import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from l1cert import catalogue

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build" / "docs"

#: attributes whose address a browser fetches by itself, by the element that has them
LOADED = {
    "script": ("src",),
    "link": ("href",),
    "img": ("src", "srcset"),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "object": ("data",),
    "embed": ("src",),
}
#: relations of a link element that are no resource
SILENT = {"author", "index", "search", "next", "prev"}


class Page(HTMLParser):
    """What a page loads, where its links lead and which anchors it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.formulas = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        self.formulas += tag == "math"
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and values.get("rel") in SILENT:
            return
        self.loaded += [values[name] for name in LOADED.get(tag, ()) if name in values]


def external(page: Page) -> list[str]:
    return [one for one in page.loaded if urlsplit(one).scheme != "data" and urlsplit(one).netloc]


def read(folder: Path) -> dict[Path, Page]:
    found = {path: Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")}
    assert found, f"{folder} holds no page"
    return found


def broken(pages: dict[Path, Page]) -> Iterator[str]:
    """Links and resources of the pages themselves that lead nowhere."""
    for path, page in pages.items():
        for address in (*page.links, *page.loaded):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                yield f"{path.name}: {address}"
            elif parts.fragment and target in pages:
                known = pages[target].anchors
                if unquote(parts.fragment) not in known:
                    yield f"{path.name}: {address}"


def check(folder: Path) -> None:
    pages = read(folder)
    assert {path.name: external(page) for path, page in pages.items() if external(page)} == {}
    assert list(broken(pages)) == []
    claims = folder / "generated" / "claims"
    assert {path.stem for path in claims.glob("*.html")} == set(catalogue.SLUGS)
    assert pages[claims / "theorem_2.html"].formulas > 10
    styles = [one.read_text(encoding="utf-8") for one in folder.rglob("*.css")]
    assert styles
    assert not any("url(http" in one or "url(//" in one or "@import" in one for one in styles)


@pytest.fixture
def built() -> Path:
    """Return the folder that `make docs` leaves."""
    if not (BUILT / "index.html").is_file():
        pytest.skip("build/docs is not there: `make docs` builds it")
    return BUILT


def test_the_built_pages_load_nothing_from_elsewhere_and_no_link_is_broken(built):
    check(built)


@pytest.mark.slow
def test_a_fresh_build_has_no_warning_and_loads_nothing_from_elsewhere(tmp_path):
    for name in ("sphinx", "furo", "myst_parser", "latex2mathml"):
        pytest.importorskip(name, reason="the documentation is built with it (extra: docs)")
    out = tmp_path / "html"
    options = ["-W", "--keep-going", "-n", "-q", "-d", str(tmp_path / "doctrees")]
    command = [sys.executable, "-m", "sphinx", *options, str(ROOT / "docs"), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    check(out)


@pytest.mark.parametrize(
    "element",
    [
        '<script src="https://a.b/c.js"></script>',
        '<link rel="stylesheet" href="//a.b/c.css">',
        '<img src="http://a.b/c.png" alt="">',
    ],
)
def test_a_resource_from_elsewhere_is_seen(element):
    assert len(external(Page(f"<p>{element}</p>"))) == 1


def test_what_is_no_resource_is_not_taken_for_one():
    page = Page('<a href="https://a.b">x</a><link rel="next" href="https://a.b"><img src="x.png">')
    assert external(page) == []
    assert page.links == ["https://a.b"]


def test_a_broken_link_is_seen(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html">1</a><a href="#c">2</a><p id="d">')
    (tmp_path / "e.html").write_text('<a href="a.html#d">1</a><a href="a.html">2</a>')
    assert sorted(broken(read(tmp_path))) == ["a.html: #c", "a.html: b.html"]
