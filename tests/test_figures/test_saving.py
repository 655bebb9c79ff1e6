"""The files of every figure: complete, reproducible to the byte, drawn from the CSV alone."""

import ast
import functools
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from figures import saving, style
from figures.data import from_csv
from figures.table import BESIDE, CLAIMS, FIGURES, figure_module

PROVENANCE = {"version": "0.0", "commit": None, "seed": 3, "libraries": {"numpy": "0"}}
#: small and unlike the defaults, so that the tests are quick and every parameter has moved
PARAMETERS = {
    "figure_01_overlap": {"radius": 1.5, "norm": 2.0, "num_points": 9},
    "figure_03_mixed_cdf": {"norm": 1.2, "num_points": 9},
    "figure_05_moved_set": {"edge": 1.5, "num_points": 7},
    "figure_04_regions": {"scale": 0.4, "num_points": 17, "margin": 1e-3},
    "figure_06_methods": {"scale": 2.5, "num_points": 60},
    "figure_10_rops_location": {"num_points": 40, "nearest": 1e-4},
    "figure_11_rops_radius": {"x": 0.25, "num_points": 30, "nearest": 1e-4},
    "figure_certified_set": {"scale": 0.6, "num_points": 9},
    "figure_directional_growth": {"scale": 0.6, "most": 5},
    "figure_equal_variance": {"scale": 2.5, "num_points": 40},
    "figure_exact_gain": {"num_points": 20, "nearest": 1e-6},
    "figure_law_of_t": {"norm": 2.0, "num_samples": 1000, "seed": 5, "false_alarm": 0.01},
    "figure_rops_dimension": {"num_points": 11, "nearest": 1e-2},
    "figure_rops_region": {"num_points": 12},
    "figure_tightness": {"num_samples": 120, "seed": 5, "false_alarm": 0.01, "false_pass": 0.02},
}
ALL = sorted(FIGURES)


def saved(name, out, **options):
    return saving.save(name, out=out, provenance=PROVENANCE, parameters=PARAMETERS[name], **options)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The files of a figure, in a folder of their own that was not there: made once."""
    return functools.cache(lambda name: saved(name, tmp_path_factory.mktemp(name) / "new/folder"))


@pytest.mark.parametrize("name", ALL)
def test_every_file_is_there_and_whole(name, files):
    paths = files(name)
    assert [p.name for p in paths] == [f"{name}.{e}" for e in ("csv", "txt", "pdf", "svg", "png")]
    assert sorted(paths[0].parent.glob("*")) == sorted(paths)  # nothing unfinished is left
    assert paths[0].parent.parts[-2:] == ("new", "folder")
    data, provenance = from_csv(paths[0].read_text())
    assert provenance == PROVENANCE
    assert dict(data.parameters) == PARAMETERS[name]
    assert data.figure == name
    assert paths[1].read_text() == figure_module(name).caption(data) + "\n"
    assert paths[2].read_bytes().startswith(b"%PDF")
    assert paths[4].read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ALL)
def test_the_picture_is_drawn_from_the_csv_alone(name, files, tmp_path, monkeypatch):
    first = files(name)
    data, provenance = from_csv(first[0].read_text())
    module = import_module(FIGURES[name])
    for helper in computing_functions(name):
        monkeypatch.setattr(module, helper, forbidden)
    second = saving.save_data(data, out=tmp_path / "second", provenance=provenance)
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), other.name


def forbidden(*_, **__):
    raise AssertionError("drawing computed something")


@pytest.mark.parametrize("name", ALL)
def test_draw_calls_no_mathematics(name):
    functions, imported = parsed(name)
    drawing = reachable("draw", functions)
    assert drawing.isdisjoint(reachable("compute", functions))
    mathematics = {alias for alias, module in imported.items() if module in MATHEMATICS}
    for function in drawing:
        tree = functions[function]
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert used.isdisjoint(mathematics), function
        # data may be labelled and reshaped, but no number is made from another
        body = [node for statement in tree.body for node in ast.walk(statement)]
        sums = [node for node in body if isinstance(node, ast.BinOp)]
        assert not sums, f"{function} line {sums[0].lineno}"


MATHEMATICS = {"numpy", "math", "scipy", "theory", "simulations", "figures.order"}


def parsed(name):
    tree = ast.parse(Path(import_module(FIGURES[name]).__file__).read_text())
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    imported = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {(a.asname or a.name): a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            root = node.module if node.module.startswith("figures") else node.module.split(".")[0]
            imported |= {(a.asname or a.name): root for a in node.names}
    return functions, imported


def reachable(start, functions):
    found, waiting = set(), [start]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            names = {n.id for n in ast.walk(functions[current]) if isinstance(n, ast.Name)}
            waiting += names & functions.keys()
    return found


def computing_functions(name):
    functions, _ = parsed(name)
    return sorted(reachable("compute", functions) - reachable("caption", functions))


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.parametrize("name", ["figure_06_methods", "figure_law_of_t"])
def test_bytes_are_the_same_in_another_process(name, files, tmp_path):
    # another hash seed and another clock second: sets and dates would show
    here = files(name)
    run(
        "import sys; from figures import saving\n"
        f"saving.save({name!r}, out={str(tmp_path / 'there')!r}, "
        f"provenance={PROVENANCE!r}, parameters={PARAMETERS[name]!r})",
        PYTHONHASHSEED="12345",
        SOURCE_DATE_EPOCH="86400",
    )
    for path in here:
        assert path.read_bytes() == (tmp_path / "there" / path.name).read_bytes(), path.name


@functools.cache
def matplotlib_after_each():
    """Whether matplotlib is imported once a figure, and those before it, are computed."""
    code = (
        "import sys; from figures.table import figure_module\n"
        f"for name in {ALL!r}:\n"
        "    m = figure_module(name); m.check(m.compute())\n"
        "    print(name, 'matplotlib' in sys.modules)"
    )
    return dict(line.split() for line in run(code).splitlines())


@pytest.mark.parametrize("name", ALL)
def test_computing_and_checking_import_no_matplotlib(name):
    # one process for all: what is imported once stays so, and no import goes unseen
    assert matplotlib_after_each()[name] == "False"


@pytest.mark.parametrize("name", ALL)
def test_text_is_text(name, tmp_path):
    *_, pdf, svg = saved(name, tmp_path, formats=("pdf", "svg"))
    drawn = svg.read_text()
    assert re.search(r"<text[^>]*>\d+(\.\d+)?<", drawn)
    assert "STIXGeneral" in drawn
    fonts = set(re.findall(rb"/Subtype /(Type[03]|CIDFontType2|TrueType)", pdf.read_bytes()))
    assert fonts
    assert b"Type3" not in fonts
    for path in (pdf, svg):
        assert b"Date" not in path.read_bytes()


@functools.cache
def computed(name):
    """The data of a figure with its defaults: frozen, so that two tests may draw them."""
    return figure_module(name).compute()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("venue", "span"), [("iclr", "column"), ("icml", "page")])
def test_nothing_is_clipped_and_no_texts_overlap(name, venue, span):
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.font_manager import font_scalings

    settings = style.rc(venue, span)
    figure = figure_module(name).draw(computed(name), settings)
    with rc_context(settings):
        FigureCanvasAgg(figure).draw()
    page = figure.bbox.padded(0.5)
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts(figure)]
    assert len(boxes) > 8
    small = font_scalings["small"] * settings["font.size"]
    assert min(text.get_fontsize() for text in texts(figure)) > 0.99 * small
    for covered in covered_by_legends(figure):
        raise AssertionError(f"a legend covers {covered}")
    for text, box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1, text
        assert page.y0 <= box.y0 and box.y1 <= page.y1, text
    for k, (text, box) in enumerate(boxes):
        for other, beside in boxes[:k]:
            apart = box.x1 <= beside.x0 or beside.x1 <= box.x0
            apart = apart or box.y1 <= beside.y0 or beside.y1 <= box.y0
            assert apart, f"{text!r} overlaps {other!r}"


def texts(figure):
    """Every text that is seen; matplotlib keeps tick labels beyond the ends of an axis, too."""
    from matplotlib.text import Text

    unseen = {
        label
        for one in [*figure.axes, *(inset for axes in figure.axes for inset in axes.child_axes)]
        for axis, ends in ((one.xaxis, one.get_xlim()), (one.yaxis, one.get_ylim()))
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        for label in (tick.label1, tick.label2)
        if not min(ends) <= tick.get_loc() <= max(ends)
    }
    found = [text for text in figure.findobj(Text) if text not in unseen]
    return [text for text in found if text.get_visible() and text.get_text()]


def covered_by_legends(figure):
    """The label of every line that runs through the texts and lines of its axes' legend."""
    from matplotlib.transforms import Bbox

    for axes in figure.axes:
        if legend := axes.get_legend():
            shown = [*legend.get_texts(), *legend.get_lines()]
            box = Bbox.union([one.get_window_extent() for one in shown])
            for line in axes.lines:
                drawn = line.get_path().transformed(line.get_transform())
                if drawn.intersects_bbox(box, filled=False):
                    yield line.get_label()


def test_a_legend_over_a_line_is_noticed():
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with style.blank(style.rc()) as figure:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], label="rising")
        for place, covered in (("upper right", ["rising"]), ("upper left", [])):
            axes.legend(loc=place)
            FigureCanvasAgg(figure).draw()
            assert list(covered_by_legends(figure)) == covered


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    saving.write_atomically(path, b"old")

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        saving.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_keeps_pointing_and_a_pipe_is_written_to_not_replaced(tmp_path):
    target, link, pipe = tmp_path / "target", tmp_path / "link", tmp_path / "pipe"
    target.write_bytes(b"old")
    link.symlink_to(target)
    saving.write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        saving.write_atomically(pipe, b"through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_unknown_names_and_formats_write_nothing(tmp_path):
    with pytest.raises(ValueError, match="figure = 'figure_99' is none of figure_01_overlap"):
        saving.save("figure_99", out=tmp_path, provenance={})
    with pytest.raises(ValueError, match="format = 'gif' is none of pdf, svg, png"):
        saved("figure_06_methods", tmp_path, formats=("pdf", "gif"))
    assert list(tmp_path.iterdir()) == []


def test_no_formats_write_the_data_and_the_caption_only(tmp_path):
    assert [p.suffix for p in saved("figure_04_regions", tmp_path, formats=())] == [".csv", ".txt"]


@pytest.mark.parametrize("name", ALL)
def test_table_names_are_the_modules_own(name):
    assert name == figure_module(name).NAME
    if name not in {*CLAIMS.values(), *BESIDE}:  # then it says nothing of any claim
        module = figure_module(name)
        assert module.check(module.compute(**PARAMETERS[name])) == []
