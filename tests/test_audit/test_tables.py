"""A short document in Markdown, LaTeX and for a terminal, whatever its text holds."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l1cert.audit.latex import escaped
from l1cert.audit.tables import Code, Command, Heading, Table, markdown, terminal

hostile = st.one_of(
    st.text(max_size=40),
    st.text(
        st.sampled_from("\\{}[]$&#%_^~<>|\"'`-,*!?\n\t \u2028\x00\x1b\u00e9\udc80ab"), max_size=25
    ),
)

#: the commands that the text may hold, each of them defined in every LaTeX
_COMMANDS = re.compile(
    r"\\(?:textbackslash|textasciicircum|textasciitilde|textless|textgreater|textbar"
    r"|textquotesingle|textasciigrave)\{\}|\{\\char34\}|\\[{}$&#%_]|\{\[\}|\{\]\}|\{\*\}"
)


def sound_latex(text):
    """Whether nothing in a text but known commands means anything to LaTeX, nor joins."""
    left = _COMMANDS.sub("", text)
    left = left.replace("-{}", "-").replace(",{}", ",")
    joined = "--" in text or ",," in text
    return text.isascii() and not joined and not set(left) & set("\\{}$&#%_^~<>|\"'`[]*\n\r\x00")


def written_back(text):
    """What a reader sees of it."""
    names = {
        "textbackslash": "\\",
        "textasciicircum": "^",
        "textasciitilde": "~",
        "textless": "<",
        "textgreater": ">",
        "textbar": "|",
        "textquotesingle": "'",
        "textasciigrave": "`",
    }
    text = re.sub(r"([-,])\{\}", r"\1", text)

    def seen(match):
        one = match.group()
        name = one.strip("\\{}")
        return names.get(name) or {"char34": '"'}.get(name) or one[1]

    return _COMMANDS.sub(seen, text)


@given(hostile)
def test_latex_escapes_everything(text):
    made = escaped(text)
    assert sound_latex(made)
    plain = "".join(
        one
        if one.isprintable() and one.isascii()
        else one.encode("unicode_escape", "surrogatepass").decode()
        for one in text
    )
    assert written_back(made) == plain


@pytest.mark.parametrize("text", [*"\\{}$&#%_^~<>|\"'`[]*", "--", ",,", "\u00e9", "a\nb"])
def test_unescaped_text_is_refuted(text):
    assert not sound_latex(text)
    assert sound_latex(escaped(text))


def balanced(text):
    """Whether braces and environments of a LaTeX text close what they open, each on its own."""
    depth = 0
    for one in re.findall(r"\\.|[{}]", text, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(one, 0)
        if depth < 0:
            return False
    waiting = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            waiting.append(name)
        elif not waiting or waiting.pop() != name:
            return False
    return depth == 0 and not waiting


def cells(row):
    """The cells of a line of a Markdown table: a bar behind oddly many backslashes is text."""
    assert row.startswith("| ")
    return re.split(r"(?<!\\)(?:\\\\)*\|", row)[1:-1]


def unescaped(text):
    """What Markdown shows of text without spans, or None where something in it starts markup."""
    left = re.sub(r"\\[\\`*_{}\[\]<>|~$&#!]", "", text)
    if set(left) & set("\\`*_{}[]<>|~$&#!"):
        return None
    return re.sub(r"\\([\\`*_{}\[\]<>|~$&#!])", r"\1", text)


@given(hostile)
def test_markdown_tables_keep_their_cells(text):
    made = markdown([Table(("a", "b", "c"), [(text, "7", text)], (False, True, False))])
    lines = made.splitlines()
    assert len(lines) == 3
    assert len(cells(lines[2])) == 3
    assert all(unescaped(cell) is not None for cell in cells(lines[2]))


def test_a_bare_bar_is_refuted():
    assert len(cells("| a | b|c |")) == 3
    assert len(cells(r"| a | b\|c |")) == 2
    assert unescaped("a*b") is None
    assert unescaped(r"a\*b") == "a*b"


@given(hostile)
def test_names_and_commands_are_set_as_they_are_typed(text):
    """A span ends at the first run of backticks as long as its own, of CommonMark's rules."""
    made = markdown([Heading([Code(text)]), Command(text)])
    head, fence, *inside, last, end = [*made.split("\n")]
    plain = terminal([Command(text)])[2:-1]
    assert plain.isprintable()
    assert (fence, "", inside[1], end) == ("", "", plain, "")
    assert re.fullmatch("`{3,}", inside[0])
    assert inside[0] == last
    assert last not in plain
    if plain.strip(" `"):
        opening = re.match("## (`+)", head).group(1)
        runs = re.findall("`+", head)
        assert runs[-1] == opening
        assert opening not in runs[1:-1]
        content = head[3 + len(opening) : -len(opening)]
        both = content[:1] == content[-1:] == " " and content.strip()
        assert (content[1:-1] if both else content) == plain
