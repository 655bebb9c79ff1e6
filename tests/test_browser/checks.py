"""What a report's page must be to a reader; each check returns the faults that it found.

A check takes a browser in which the page is open. `test_checks` gives each of them a page with
the fault, `test_report_page` the page of a real run.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.test_browser.browser import ALL, Browser

#: a fault is listed this often, then counted
SHOWN = 5

#: displayed mathematics: a box, fractions with the numerator above, exponents raised, no TeX left
MATHEMATICS = r"""
const faults = [], count = {math: 0, mfrac: 0, msup: 0};
const box = one => one.getBoundingClientRect();
const where = one => `in ${one.closest('[id]')?.id}: ${one.textContent.slice(0, 40)}`;
for (const one of document.querySelectorAll('math')) {
  if (!one.checkVisibility()) continue;
  count.math += 1;
  const {width, height} = box(one);
  if (!(width > 0 && height > 0)) faults.push(`mathematics without a box ${where(one)}`);
}
for (const one of document.querySelectorAll('mfrac, msup')) {
  if (!one.checkVisibility()) continue;
  const name = one.localName, [low, high] = [...one.children].slice(0, 2).map(box);
  count[name] += 1;
  if (one.children.length !== 2) { faults.push(`${name} of ${one.children.length}`); continue; }
  if (name === 'mfrac' && !(low.height > 0 && low.bottom <= high.top + 1))
    faults.push(`numerator not above its denominator ${where(one)}`);
  if (name === 'msup' && !(high.height > 0 && high.top + high.bottom < low.top + low.bottom))
    faults.push(`exponent not raised ${where(one)}`);
}
for (const one of document.querySelectorAll('merror, parsererror'))
  faults.push(`${one.localName} ${where(one)}`);
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let text; (text = walker.nextNode());) {
  const one = text.parentElement;
  if (one.closest('code, pre, script, style, annotation') || !one.checkVisibility()) continue;
  const tex = text.data.match(/\\[a-zA-Z]+|\\[()[\]]|\$[^$]*[\\^_][^$]*\$/);
  if (tex) faults.push(`TeX as text, ${tex[0]}, ${where(one)}`);
}
for (const [name, found] of Object.entries(count))
  if (!found) faults.push(`no ${name} is displayed`);
return faults;
"""

VISIBLE = """
const shown = [...document.querySelectorAll('.claim')].filter(one => one.checkVisibility());
return shown.map(one => [one.id, one.dataset.verdict]);
"""

LISTED = """
const links = document.querySelectorAll('nav#contents a[href^="#"]');
return [...links].filter(one => one.checkVisibility()).map(one => one.hash.slice(1));
"""

#: where the focus is, and whether it has left the page at its end
FOCUSED = """
const one = document.activeElement;
return [one.matches(arguments[0]), one === document.body];
"""
#: how far the focus may move before it counts as not reachable
MOST_TABS = 400


def _shortened(faults: list[str]) -> list[str]:
    more = len(faults) - SHOWN
    return [*faults[:SHOWN], f"and {more} more"] if more > 0 else faults


def mathematics(browser: Browser) -> list[str]:
    """MathML is laid out as mathematics, in what is unfolded too, and no TeX is left as text."""
    browser.open_details()
    return _shortened(browser.evaluate(MATHEMATICS))


def _wrong_selection(browser: Browser, verdict: str, counts: Mapping[str, int]) -> list[str]:
    shown = browser.evaluate(VISIBLE)
    wanted = sum(counts.values()) if verdict == ALL else counts[verdict]
    faults = [
        f"{slug} is {found} and shown for {verdict}"
        for slug, found in shown
        if verdict not in (ALL, found)
    ]
    if len(shown) != wanted:
        faults.append(f"{len(shown)} claims are shown for {verdict}, not {wanted}")
    claims = {slug for slug, _ in shown}
    every = {slug for slug in browser.evaluate(EVERY_CLAIM)}
    listed = {slug for slug in browser.evaluate(LISTED) if slug in every}
    if listed != claims:
        faults.append(f"the contents do not list what is shown for {verdict}: {listed ^ claims}")
    return _shortened(faults)


EVERY_CLAIM = "return [...document.querySelectorAll('.claim')].map(one => one.id)"
RADIOS = "return [...document.querySelectorAll('input[name=verdict]')].map(one => one.value)"
CHECKED = "return document.querySelector('input[name=verdict]:checked')?.value ?? null"
LABEL = """
const one = document.querySelector(`input[name=verdict][value="${arguments[0]}"]`);
const label = one.closest('label') ?? document.querySelector(`label[for="${one.id}"]`) ?? one;
label.scrollIntoView({block: 'center'});
const box = label.getBoundingClientRect();
return [box.left + box.width / 2, box.top + box.height / 2, label.textContent];
"""


def filter_by_mouse(browser: Browser, counts: Mapping[str, int]) -> list[str]:
    """A click on a verdict shows its claims alone, as many as it says; the last one shows all."""
    verdicts = browser.evaluate(RADIOS)
    faults = [] if set(verdicts) == {ALL, *counts} else [f"the filter offers {verdicts}"]
    for verdict in (*counts, ALL):
        if verdict not in verdicts:
            continue
        x, y, label = browser.evaluate(LABEL, verdict)
        wanted = sum(counts.values()) if verdict == ALL else counts[verdict]
        if label.split()[-1:] != [str(wanted)]:
            faults.append(f"the label {label!r} does not say {wanted}")
        browser.click(x, y)
        if browser.evaluate(CHECKED) != verdict:
            faults.append(f"a click on {verdict} does not choose it")
        faults += _wrong_selection(browser, verdict, counts)
    return _shortened(faults)


def _tab_to(browser: Browser, selector: str) -> bool:
    """Press Tab until the focus is on what a selector means."""
    for _ in range(MOST_TABS):
        browser.press("Tab")
        reached, left = browser.evaluate(FOCUSED, selector)
        if reached or left:
            return reached
    return False


def filter_by_keyboard(browser: Browser, counts: Mapping[str, int]) -> list[str]:
    """Tab leads to the filter, the arrows through every verdict, and each shows its claims."""
    if not _tab_to(browser, "input[name=verdict]"):
        return ["Tab does not lead to the filter"]
    faults, seen = _unseen_focus(browser), []
    for _ in range(len(counts) + 1):
        verdict = browser.evaluate(CHECKED)
        if verdict is None:
            return ["the focus is in the filter and nothing is chosen"]
        seen.append(verdict)
        faults += _wrong_selection(browser, verdict, counts)
        browser.press("ArrowDown")
    if set(seen) != {ALL, *counts}:
        faults.append(f"the arrows lead through {seen}")
    return _shortened(faults)


FOCUS = """
const one = document.activeElement, style = getComputedStyle(one);
const box = one.getBoundingClientRect();
const inside = box.width > 1 && box.height > 1 && box.top >= -1 && box.left >= -1
  && box.bottom <= innerHeight + 1 && box.right <= innerWidth + 1;
const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
return [one.outerHTML.slice(0, 80), inside, ring || style.boxShadow !== 'none'];
"""


def _unseen_focus(browser: Browser) -> list[str]:
    element, inside, ring = browser.evaluate(FOCUS)
    return [
        *([] if inside else [f"the focus is out of sight: {element}"]),
        *([] if ring else [f"the focus has no ring: {element}"]),
    ]


#: after a jump: the fragment, what is at the top of the target, and where Tab goes on from there
ARRIVED = """
const target = document.getElementById(arguments[0]), faults = [];
if (decodeURIComponent(location.hash.slice(1)) !== arguments[0])
  faults.push(`the address says ${location.hash}, not ${arguments[0]}`);
const box = target.getBoundingClientRect();
if (!(box.top >= -1 && box.top < innerHeight)) faults.push(`${arguments[0]} is out of sight`);
if (getComputedStyle(target).display === 'none') faults.push(`${arguments[0]} is not displayed`);
if (document.querySelector(':target') !== target) faults.push(`${arguments[0]} is not the target`);
return faults;
"""
AFTER = """
const target = document.getElementById(arguments[0]), one = document.activeElement;
const place = target.compareDocumentPosition(one);
if (one === document.body) return null;  // past the last thing that takes the focus
return one === target || Boolean(place & Node.DOCUMENT_POSITION_FOLLOWING);
"""


def _jump(browser: Browser, target: str) -> list[str]:
    """Enter on the focused link leads to the target, and Tab goes on from there."""
    browser.press("Enter")
    faults = browser.evaluate(ARRIVED, target)
    browser.press("Tab")
    if browser.evaluate(AFTER, target) is False:
        faults.append(f"after the jump to {target} the focus goes on before it")
    return faults


def contents(browser: Browser, targets: list[str]) -> list[str]:
    """Every entry has its target and every claim an entry; the named ones are reached by keys."""
    absent = browser.evaluate(
        "return arguments[0].filter(id => !document.getElementById(id))",
        browser.evaluate(LISTED),
    )
    faults = [f"the contents lead to {name}, which is not there" for name in absent]
    unlisted = sorted({*browser.evaluate(EVERY_CLAIM)} - {*browser.evaluate(LISTED)})
    faults += [f"{name} is not in the contents" for name in unlisted]
    address = browser.address
    for target in targets:
        browser.driver.get("about:blank")
        browser.driver.get(address)
        if not _tab_to(browser, f'nav#contents a[href="#{target}"]'):
            faults.append(f"Tab does not lead to the entry of {target}")
            continue
        faults += [*_unseen_focus(browser), *_jump(browser, target)]
    return _shortened(faults)


def skip_link(browser: Browser) -> list[str]:
    """The first Tab shows a link that leads past the contents, into the main part."""
    browser.press("Tab")
    target = browser.evaluate(
        "const to = document.activeElement.getAttribute('href');"
        "return to?.startsWith('#') && document.querySelector('main ' + to + ', main' + to)"
        " ? to.slice(1) : null"
    )
    if target is None:
        return ["the first Tab leads to no link into the main part"]
    return [*_unseen_focus(browser), *_jump(browser, target)]


def silence(browser: Browser) -> list[str]:
    """Nothing on the console, and nothing asked for but the file itself."""
    entries = "return performance.getEntriesByType('resource').map(one => one.name)"
    asked = {*browser.requests(), *browser.evaluate(entries)} - {browser.address}
    return [*browser.messages(), *(f"asks for {address}" for address in sorted(asked))]


WIDE = """
const root = document.documentElement, faults = [];
if (root.scrollWidth > root.clientWidth) {
  faults.push(`${root.scrollWidth} pixels wide on ${root.clientWidth}`);
  for (const one of document.body.querySelectorAll('*'))
    if (one.getBoundingClientRect().right > root.clientWidth + 1 && one.checkVisibility())
      faults.push(`too wide: ${one.outerHTML.slice(0, 60)} in ${one.closest('[id]')?.id}`);
}
return faults;
"""


#: Chromium replaces the rules of a whole sheet when a breakpoint in it is crossed, and looks for
#: every :has() among them again: ten seconds on a page of this size, as a phone is turned.
SHEETS = """
const faults = [];
for (const [place, sheet] of [...document.styleSheets].entries()) {
  const rules = [...sheet.cssRules], within = text => rules.some(one => one.cssText.includes(text));
  if (within(':has(') && rules.some(one => /width/.test(one.media?.mediaText ?? '')))
    faults.push(`style sheet ${place} has both :has() and breakpoints`);
}
return faults;
"""


def swift_breakpoints(browser: Browser) -> list[str]:
    """No style sheet has both breakpoints and :has(), which makes crossing them slow."""
    return browser.evaluate(SHEETS)


def no_sideways_scroll(browser: Browser) -> list[str]:
    """The page is no wider than the window, with everything unfolded."""
    browser.open_details()
    return _shortened(browser.evaluate(WIDE))


#: A formula as one text in its own colour: axe-core takes minutes over the 60 000 elements within
#: formulas, and looks at no contrast there. COLOURS makes sure that they have one colour each.
FLATTEN = """
const found = [...document.querySelectorAll('math')];
const colours = found.map(one => getComputedStyle(one).color);  // all of them before any change
for (const [place, one] of found.entries()) {
  const text = document.createElement('span');
  text.textContent = `formula ${one.textContent}`;
  text.style.color = colours[place];
  one.replaceWith(text);
}
"""
COLOURS = """
const faults = [], look = one => [one.color, one.backgroundColor, one.opacity].join();
for (const one of document.querySelectorAll('math')) {
  const {color} = getComputedStyle(one), clear = [color, 'rgba(0, 0, 0, 0)', '1'].join();
  for (const part of one.querySelectorAll('*'))
    if (look(getComputedStyle(part)) !== clear)
      faults.push(`a colour of its own in a formula in ${one.closest('[id]')?.id}`);
}
return faults;
"""
AXE = """
const [context, runOnly, off, done] = arguments;
const rules = Object.fromEntries(off.map(name => [name, {enabled: false}]));
axe.run(context, {runOnly, rules, resultTypes: ['violations']}).then(
  found => done(found.violations.map(one => [one.id, one.help, one.nodes.length,
    one.nodes[0].target.join(' '), one.nodes[0].failureSummary ?? ''])),
  error => done([['axe', String(error), 1, '', '']]));
"""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = ["color-contrast"]


def accessibility(browser: Browser, axe: str, *, within_claims: bool = True) -> list[str]:
    """axe-core finds nothing: WCAG 2.2 A and AA, contrast, landmarks and its best practices.

    Contrast is nearly all of its work; it may be left out within the claims, not around them.
    """
    browser.open_details()
    faults = _shortened(browser.evaluate(COLOURS))
    browser.evaluate(FLATTEN)
    browser.evaluate(axe)
    whole = {"include": [["html"]]}
    around = whole if within_claims else {**whole, "exclude": [[".claim"]]}
    runs = [(whole, TAGS, CONTRAST), (around, CONTRAST, [])]
    return faults + [
        f"{rule}: {text}, {count} times, first at {place}. {why}"
        for run in runs
        for rule, text, count, place, why in browser.driver.execute_async_script(AXE, *run)
    ]


PAPER = """
const faults = [], shown = one => one.checkVisibility();
for (const one of document.querySelectorAll('details > :not(summary)'))
  if (!shown(one) || !one.getBoundingClientRect().height)
    faults.push(`folded on paper, in ${one.closest('[id]')?.id}: ${one.textContent.slice(0, 40)}`);
for (const one of document.querySelectorAll('input, nav'))
  if (shown(one)) faults.push(`on paper: ${one.outerHTML.slice(0, 60)}`);
for (const one of document.querySelectorAll('.claim'))
  if (!shown(one)) faults.push(`${one.id} is not on paper`);
return faults;
"""


def paper(browser: Browser) -> list[str]:
    """On paper everything is unfolded, and there is nothing to click."""
    browser.emulate(media="print")
    return _shortened(browser.evaluate(PAPER))
