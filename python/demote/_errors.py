"""What can go wrong, as exceptions: by the program's exit codes."""
from __future__ import annotations

from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from ._result import Result


class DemoteError(Exception):
    """The program failed. The message is its own."""

    code = 1


class Mistake(DemoteError):
    """A flag, a file or an array is not what it should be; the message says what to do."""

    code = 2


class WithResult(DemoteError):
    """A search that ended with a result other than the one that was asked for."""

    def __init__(self, message: str, result: "Optional[Result]" = None):
        super().__init__(message)
        self.result = result


class TargetNotMet(WithResult):
    """No mix meets the target, or none can be promised to; result has the best one."""

    code = 3


class NotVerified(WithResult):
    """The written file does not score what the search said."""

    code = 4


def of(code: int, message: str, result: "Optional[Result]" = None) -> DemoteError:
    """The exception of an exit code."""
    for kind in (TargetNotMet, NotVerified):
        if code == kind.code:
            return kind(message, result)
    return Mistake(message) if code == Mistake.code else DemoteError(message)
