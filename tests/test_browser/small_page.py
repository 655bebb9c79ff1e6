"""A small page with everything that the checks look at, and the same page with one fault each."""

STYLE = """
:root { color-scheme: light dark; --ink: #1d1f21; --paper: #fdfdfb; --link: #1a5490; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e3de; --paper: #17191b; --link: #8fbcee; }
}
body { margin: 0 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 serif; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 0; top: 0; }
.claim { min-height: 40rem; }
label { display: block; }
.scroll { overflow-x: auto; }
body:has([value=fails]:checked) [data-verdict]:not([data-verdict=fails]) { display: none; }
body:has([value=holds]:checked) [data-verdict]:not([data-verdict=holds]) { display: none; }
@media print {
  nav, .filter, .skip { display: none; }
  details::details-content { display: block; content-visibility: visible; height: auto; }
}
"""

FORMULA = (
    "<math><msup><mi>e</mi><mi>x</mi></msup><mo>+</mo><mfrac><mi>a</mi><mi>b</mi></mfrac></math>"
)


def _claim(slug: str, verdict: str) -> str:
    return (
        f'<section class="claim" id="{slug}" data-verdict="{verdict}" aria-labelledby="{slug}-t">'
        f'<h3 id="{slug}-t">{slug}</h3><p>It says {FORMULA} and is <a href="#{slug}">here</a>.</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="Counts of {slug}">'
        '<table><tr><th scope="col">n</th></tr><tr><td>1</td></tr></table></div>'
        f"<details><summary>Proof</summary><p>By {FORMULA}.</p></details></section>"
    )


CLAIMS = (("first", "fails"), ("second", "holds"), ("third", "holds"))
COUNTS = {"fails": 1, "holds": 2}


def _radio(value: str, count: int) -> str:
    chosen = " checked" if value == "all" else ""
    return (
        f'<label><input type="radio" name="verdict" value="{value}"{chosen}> {value} {count}'
        "</label>"
    )


def small_page() -> str:
    """A page without a fault."""
    radios = "".join(_radio(*one) for one in (("all", len(CLAIMS)), *COUNTS.items()))
    listed = "".join(
        f'<li data-verdict="{verdict}"><a href="#{slug}">{slug}</a></li>'
        for slug, verdict in CLAIMS
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>Small</title><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head><body>"
        '<a class="skip" href="#claims">Skip to the claims</a>'
        "<header><h1>Small</h1></header>"
        '<section class="filter" aria-label="Filter">'
        f"<fieldset><legend>Show</legend>{radios}</fieldset></section>"
        f'<nav id="contents" aria-label="Contents"><ol>{listed}</ol></nav>'
        '<main><h2 id="claims" tabindex="-1">Claims</h2>'
        '<svg role="img" aria-label="A line" width="20" height="20"><path d="M0 0L9 9"/></svg>'
        f"{''.join(_claim(*one) for one in CLAIMS)}</main></body></html>"
    )


def changed(*changes: tuple[str, str]) -> str:
    """The page with pieces replaced everywhere; each of them must be there."""
    text = small_page()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def styled(rule: str) -> str:
    """The page with one more rule of style, after the others."""
    return changed(("</style>", f"{rule}</style>"))
