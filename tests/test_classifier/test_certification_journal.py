"""The journal of a run: killed at any byte it goes on, and what is not its own it refuses."""

import multiprocessing
import os
import signal

import pytest

from l1cert.certification.journal import Journal, JournalError

if os.name != "nt":
    import resource

STATED = {"n": 100, "settings": {"alpha": "0.001"}}
ENTRIES = [{"index": i, "votes": f"0:{90 + i},1:{10 - i}"} for i in range(4)]


def written(path, entries=ENTRIES):
    with Journal(path, STATED) as journal:
        for entry in entries[len(journal.entries) :]:
            journal.append(entry)
    return path.read_bytes()


def test_killed_at_any_byte_it_goes_on_to_the_same_end(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda number: None)  # no power fails here
    whole = written(tmp_path / "whole")
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(0, len(whole) + 1, 3):
        path = tmp_path / "cut"
        path.write_bytes(whole[:cut])
        with Journal(path, STATED) as journal:
            kept = max(0, sum(end <= cut for end in ends) - 1)
            assert journal.entries == ENTRIES[:kept]
        assert written(path) == whole


def test_a_last_line_of_garbage_is_dropped(tmp_path):
    whole = written(tmp_path / "run")
    for garbage in (b"\0" * 20, b"0123456789abcdef {}\n", whole[-30:], b"\xff\n"):
        (tmp_path / "run").write_bytes(whole + garbage)
        with Journal(tmp_path / "run", STATED) as journal:
            assert journal.entries == ENTRIES
        assert (tmp_path / "run").read_bytes() == whole


def test_a_changed_byte_is_never_taken_over(tmp_path):
    path = tmp_path / "run"
    whole = written(path)
    first = whole.index(b"\n") + 1
    for place in range(first, len(whole), 7):
        changed = bytes([whole[place] ^ 1])
        path.write_bytes(whole[:place] + changed + whole[place + 1 :])
        try:
            with Journal(path, STATED) as journal:
                assert journal.entries in (ENTRIES[:3], ENTRIES[:2])
        except JournalError as error:
            assert "is damaged in line" in str(error) and "\n" not in str(error)


def test_damage_in_the_middle_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "run"
    lines = written(path).splitlines(keepends=True)
    lines[2] = lines[2].replace(b"0:91", b"0:99")
    path.write_bytes(b"".join(lines))
    with pytest.raises(JournalError, match="is damaged in line 3: name another --out"):
        Journal(path, STATED)
    assert path.read_bytes() == b"".join(lines)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({**STATED, "n": 200}, "of another command: its n is 100, not 200"),
        ({**STATED, "settings": {"alpha": "0.01"}}, "its alpha is 0.001, not 0.01"),
        ({**STATED, "torch": "2"}, "its torch is None, not 2"),
        ({"n": 100}, "its settings is "),
    ],
)
def test_a_journal_of_another_command_is_refused_and_left_alone(tmp_path, stated, message):
    path = tmp_path / "run"
    whole = written(path)
    with pytest.raises(JournalError, match=message) as caught:
        Journal(path, stated)
    assert path.read_bytes() == whole and "\n" not in str(caught.value)


def test_a_journal_without_an_entry_begins_again(tmp_path):
    """What stopped before its first point has nothing to lose."""
    path = tmp_path / "run"
    written(path, [])
    with Journal(path, {**STATED, "n": 200}) as journal:
        journal.append(ENTRIES[0])
    with Journal(path, {**STATED, "n": 200}) as journal:
        assert journal.entries == ENTRIES[:1]


def test_a_journal_of_another_version_is_refused_and_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "run"
    for entries in ([], ENTRIES):
        path.unlink(missing_ok=True)
        with monkeypatch.context() as other:
            other.setattr("l1cert.certification.journal.FORMAT", "l1cert-journal 2")
            whole = written(path, entries)
        with pytest.raises(JournalError, match="is another version's journal of l1cert"):
            Journal(path, STATED)
        assert path.read_bytes() == whole


@pytest.mark.skipif(os.name == "nt", reason="no such limit on Windows")
def test_a_full_disk_is_an_os_error_that_names_the_file_and_costs_one_line(tmp_path):
    path = tmp_path / "run"
    size = len(written(path, ENTRIES[:2]))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with Journal(path, STATED) as journal:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 9, limits[1]))
            with pytest.raises(OSError) as caught:
                journal.append(ENTRIES[2])
            assert caught.value.filename == str(path)
            assert journal.entries == ENTRIES[:2]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.stat().st_size == size + 9
    with Journal(path, STATED) as journal:
        assert journal.entries == ENTRIES[:2]


@pytest.mark.parametrize("content", [b"idx\tlabel\n1\t2\n", b"\0\0\n", b"{}", b"\n"])
def test_another_file_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "run"
    path.write_bytes(content)
    with pytest.raises(JournalError, match="is no journal of l1cert"):
        Journal(path, STATED)
    assert path.read_bytes() == content


@pytest.mark.skipif(os.name == "nt", reason="no such lock on Windows")
def test_two_processes_do_not_share_a_journal(tmp_path):
    path = tmp_path / "run"
    with Journal(path, STATED) as journal:
        with pytest.raises(JournalError, match="is in use: another process certifies into it"):
            Journal(path, STATED)
        journal.append(ENTRIES[0])
    with Journal(path, STATED) as journal:
        assert journal.entries == ENTRIES[:1]


def _hold(path, ready):
    with Journal(path, STATED) as journal:
        journal.append(ENTRIES[0])
        ready.send(True)
        ready.recv()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no such signal on Windows")
def test_a_killed_process_holds_no_lock(tmp_path):
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(
        target=_hold, args=(tmp_path / "run", there)
    )
    child.start()
    assert here.recv()
    with pytest.raises(JournalError, match="is in use"):
        Journal(tmp_path / "run", STATED)
    child.kill()
    child.join()
    assert written(tmp_path / "run").count(b"\n") == 5


def test_an_entry_is_on_the_disk_when_append_returns(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(number))
    with Journal(tmp_path / "run", STATED) as journal:
        before = len(synced)
        journal.append(ENTRIES[0])
        assert len(synced) == before + 1
        assert (tmp_path / "run").read_bytes().endswith(b"\n")


def test_a_place_that_cannot_be_written_is_an_os_error(tmp_path):
    with pytest.raises(OSError):
        Journal(tmp_path / "nowhere" / "run", STATED)
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        Journal(tmp_path / "folder", STATED)
