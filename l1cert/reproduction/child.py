"""One command of a reproduction, in a process that does not outlive the one that started it.

Standard input is a pipe whose other end that process alone holds: it is closed however that process
ends, by a kill too.
"""

from __future__ import annotations

import os
import threading

from l1cert.cli import main

#: exit code of an interrupted command
INTERRUPTED = 130


def _end_with_the_parent() -> None:
    os.read(0, 1)  # not sys.stdin, whose lock would be held when this process ends by itself
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    main()
