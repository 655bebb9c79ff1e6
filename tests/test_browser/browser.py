"""A headless Chromium, driven by its own driver: what a reader, a keyboard and a printer do.

selenium is imported where it is used: these files are collected where it is not installed.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

#: what `make test-browser` puts beside the environment: axe-core, and why something is missing
BESIDE = Path(sys.prefix) / "browser"
#: the browser of the machine and nothing else: no sandbox because the tests may run as root
ARGUMENTS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
DESKTOP, PHONE = 1280, 390
HEIGHT = 844
#: seconds that a script may take, such as axe-core's on a busy machine; nothing is timed
PATIENCE = 600
#: the verdict that shows every claim
ALL = "all"


def missing_browser() -> str | None:
    """Say why there is no browser to drive, or None."""
    try:
        import selenium  # noqa: F401
    except ModuleNotFoundError:
        return "selenium is not installed (extra: browser; `make test-browser` installs it)"
    programs = ("chromium", "chromedriver")
    absent = [name for name in programs if shutil.which(name) is None]
    return _reason("chromium", f"{' and '.join(absent)} not found") if absent else None


def axe_source() -> tuple[str, str | None]:
    """The script of axe-core, and why there is none."""
    path = BESIDE / "node_modules" / "axe-core" / "axe.min.js"
    if path.is_file():
        return path.read_text(encoding="utf-8"), None
    return "", _reason("axe-core", f"axe-core is not at {path.relative_to(BESIDE.parent.parent)}")


def _reason(name: str, otherwise: str) -> str:
    """What the installation noted on what it could not install."""
    note = BESIDE / f"no-{name}"
    return note.read_text(encoding="utf-8").strip() if note.is_file() else otherwise


class Browser:
    """One window; every page is opened with a size, a colour scheme and scripts allowed or not."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver
        self.address = ""

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call the browser's own protocol."""
        return self.driver.execute_cdp_cmd(method, parameters)

    def evaluate(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function in the page and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def open(
        self, path: Path, *, width: int = DESKTOP, scheme: str = "light", scripts: bool = True
    ) -> None:
        """Open a file as a reader would: no motion, so that a jump is where it ends."""
        self.driver.get("about:blank")  # a large page need not follow what is set for the next
        self.messages(), self.requests()  # what an earlier page left behind is not this one's
        size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Emulation.setScrollbarsHidden", hidden=True)  # the whole width is the page's
        self.emulate(scheme=scheme)
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.address = path.resolve().as_uri()
        self.driver.get(self.address)

    def emulate(self, *, media: str = "", scheme: str = "light") -> None:
        """Show the page for a medium and to a reader who prefers a colour scheme."""
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        listed = [{"name": name, "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", media=media, features=listed)

    def press(self, key: str) -> None:
        """Press a key wherever the focus is, as a keyboard does."""
        code = {"Tab": 9, "Enter": 13, "ArrowDown": 40, "ArrowUp": 38}[key]
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        text = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **pressed, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def click(self, x: float, y: float) -> None:
        """Click at a place of the window."""
        place = {"x": x, "y": y, "button": "left", "clickCount": 1}
        self.call("Input.dispatchMouseEvent", type="mousePressed", **place)
        self.call("Input.dispatchMouseEvent", type="mouseReleased", **place)

    def messages(self) -> list[str]:
        """What was written on the console since the last time, by the page or about it."""
        return [f"{one['level']}: {one['message']}" for one in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Addresses that the page asked for since the last time, other than data within it."""
        asked = []
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent" and self.address:
                found = event["params"]
                if found["documentURL"].split("#")[0] == self.address:
                    asked.append(found["request"]["url"])
        return [address for address in asked if not address.startswith("data:")]

    def open_details(self) -> None:
        """Open everything that can be unfolded."""
        self.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")

    def printed(self) -> bytes:
        """The page as a PDF."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Start a browser with a profile of its own, and end it."""
    os.environ["SE_OFFLINE"] = "true"  # selenium looks for no driver elsewhere
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for argument in (*ARGUMENTS, f"--user-data-dir={folder}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options, ChromeService(executable_path=str(shutil.which("chromedriver"))))
    try:
        driver.set_script_timeout(PATIENCE)
        driver.command_executor.client_config.timeout = PATIENCE
        yield Browser(driver)
    finally:
        driver.quit()


def glyphs_of_pdf(pdf: bytes) -> int:
    """Count the glyphs that the streams of a PDF show: hexadecimal strings before Tj or TJ."""
    count = 0
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", pdf, flags=re.DOTALL):
        try:
            stream = zlib.decompress(packed)
        except zlib.error:
            continue  # a font or a picture
        for shown in re.findall(rb"(<[0-9A-Fa-f]*>|\[[^\]]*\])\s*T[jJ]", stream):
            count += sum(len(text) // 4 for text in re.findall(rb"<([0-9A-Fa-f]*)>", shown))
    return count
