"""The program demote: where it is, how keywords become its flags, and how it is run."""
from __future__ import annotations

import collections
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional

from ._errors import DemoteError

# More of what the program says on standard error is not kept for a message.
KEPT = 200
# Flags whose values are lists with commas between; a list of any other is one flag each.
COMMAS = ("anchors", "bits", "class_weights", "ladder", "mean", "repair", "scale", "std")
# Exit codes of a run that Ctrl-C has ended: its own, or the signal's where that came too early or twice.
INTERRUPTED = (130, -signal.SIGINT)

Event = Dict[str, Any]


class Ended(NamedTuple):
    """How a run of the program has ended."""

    code: int
    last: Optional[Event]  # the last line of JSON, or all of it where it is not in lines; None: there was none
    text: str  # what it said on standard error
    interrupted: bool  # by Ctrl-C, before it was done


def program() -> str:
    """The program: DEMOTE_PROGRAM, else the one of this Python's environment, beside a checkout, or on the PATH."""
    here = os.path.dirname(os.path.abspath(__file__))
    for path in (
        os.environ.get("DEMOTE_PROGRAM"),
        os.path.join(sysconfig.get_path("scripts"), "demote"),
        os.path.join(here, "..", "..", "bin", "demote"),
        shutil.which("demote"),
    ):
        if path and os.access(path, os.X_OK) and os.path.isfile(path):
            return os.path.normpath(path)
    raise DemoteError("the program demote is not found: pip install demote, or name it with the variable DEMOTE_PROGRAM")


def version() -> str:
    """The version of the program."""
    return subprocess.run([program(), "version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]


def flags(options: Mapping[str, Any]) -> List[str]:
    """Keywords as flags: name_of=value is --name-of=value, True a flag alone, a list one flag each, or with
    commas between (COMMAS); None and False none."""
    words: List[str] = []
    for name, value in options.items():
        if name in COMMAS and isinstance(value, (list, tuple)):
            value = ",".join(map(str, value))
        flag = "--" + name.rstrip("_").replace("_", "-")
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is True:
                words.append(flag)
            elif one is not None and one is not False:
                words.append("%s=%s" % (flag, os.fspath(one) if isinstance(one, os.PathLike) else one))
    return words


def run(words: List[str], on_event: Optional[Callable[[Event], Any]] = None, environment: Optional[Mapping[str, str]] = None) -> Ended:
    """Runs the program, which prints JSON. A search prints a line for each event, with which on_event is called, but for
    the last, its result. Ctrl-C ends the program as it would in a terminal, with the best so far; what on_event raises
    ends it too, and is raised."""
    in_lines = words[0] == "search"
    child = subprocess.Popen(
        [program()] + words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        env=dict(os.environ, **(environment or {})),
    )
    assert child.stdout is not None
    said: "collections.deque[str]" = collections.deque(maxlen=KEPT)
    listener = threading.Thread(target=_listen, args=(child.stderr, said), daemon=True)
    listener.start()
    last: Optional[Event] = None
    raised: Optional[BaseException] = None
    interrupted = False
    while True:
        try:
            for text in child.stdout if in_lines else [child.stdout.read()]:
                if last is not None and on_event is not None and raised is None:
                    on_event(last)
                last = json.loads(text) if text.strip() else last
            child.wait()
            break
        except KeyboardInterrupt:
            interrupted = True
            child.send_signal(signal.SIGINT)
        except Exception as e:  # of on_event
            raised = raised or e
            child.send_signal(signal.SIGINT)
        except BaseException:
            child.kill()
            raise
    listener.join()
    if raised is not None:
        raised.__traceback__ = raised.__traceback__ and raised.__traceback__.tb_next
        raise raised
    return Ended(child.returncode, last, "".join(said), interrupted and child.returncode in INTERRUPTED)


def message(text: str) -> str:
    """The error in what the program said: from its last line that begins with its name."""
    lines = text.splitlines()
    for i in range(len(lines) - 1, -1, -1):
        if lines[i].startswith("demote: "):
            return "\n".join(lines[i:])[len("demote: "):]
    return text.strip() or "the program ended without a word"


def _listen(stream: Any, said: "collections.deque[str]") -> None:
    for line in stream:
        said.append(line.decode("utf-8", "replace"))


if sys.platform != "linux":
    raise ImportError("demote runs on Linux")
