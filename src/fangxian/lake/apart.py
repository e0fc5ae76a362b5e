"""Runs the mirror in a process of its own, kept for the next time.

The process that asks may have the SQLite ledger open through Python's own library (see `ledger`). It talks
to its child over pipes, in pickles of known things with their length before them; the child goes when its
parent goes, or when it was not needed for a while.
"""

import atexit
import os
import pickle
import select
import struct
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from typing import IO, Any

from fangxian.kernel.home import Home
from fangxian.kernel.problems import Problem

from .check import check
from .ledger import Address
from .mirror import rebuild, sync
from .problems import LakeStopped
from .sources import Sources

VERBS: dict[str, Callable[..., Any]] = {"sync": sync, "rebuild": rebuild, "check": check}
IDLE = 120  # seconds after which an unused child goes
PATIENCE = 1800  # seconds that the longest rebuild may take


def run(verb: str, home: Home, *, ledger: Address, sources: Sources) -> Any:
    """`mirror.sync`, `mirror.rebuild` or `check.check`, by name. Raises what they raise, and LakeStopped."""
    with _one_at_a_time:
        worker = _started()
        try:
            answer = worker.ask((verb, home, ledger, sources))
        except (OSError, EOFError) as error:
            worker.close()
            raise LakeStopped(reason=str(error) or "the process ended") from error
    return _given(answer)


def start() -> None:
    """Have the child ready before it is needed: it takes half a second to start."""
    with _one_at_a_time:
        _started()


def _started() -> "_Worker":
    global _worker
    if _worker is None or not _worker.usable():
        _worker = _Worker()
    return _worker


def _given(answer: tuple[str, Any]) -> Any:
    kind, value = answer
    if kind == "problem":
        raise _problem(value)
    if kind == "bug":
        raise RuntimeError(f"the mirror failed:\n{value}")
    return [_problem(each) for each in value] if kind == "findings" else value


def _problem(told: tuple[str, dict[str, Any]]) -> Problem:
    code, facts = told
    return Problem.catalogue[code](**facts)


class _Worker:
    """The parent's side of a child."""

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._child = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is the parent's; a half-made lake is no harm, but no use either
        )
        atexit.register(self.close)

    def usable(self) -> bool:
        return self._owner == os.getpid() and self._child.poll() is None

    def ask(self, question: Any) -> Any:
        assert self._child.stdin and self._child.stdout
        limit = threading.Timer(PATIENCE, self._child.kill)
        limit.start()
        try:
            _send(self._child.stdin, question)
            return _receive(self._child.stdout)
        finally:
            limit.cancel()

    def close(self) -> None:
        """End the child, by the end of its input; by force where it does not go."""
        if self._owner != os.getpid():
            return
        atexit.unregister(self.close)
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                try:
                    pipe.close()
                except OSError:
                    continue
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(5)


def close() -> None:
    """End the child, if there is one: the next `run` starts another."""
    global _worker
    with _one_at_a_time:
        if _worker is not None:
            _worker.close()
            _worker = None


_worker: _Worker | None = None
_one_at_a_time = threading.Lock()


def _send(pipe: IO[bytes], thing: Any) -> None:
    content = pickle.dumps(thing)
    pipe.write(struct.pack("<Q", len(content)) + content)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> Any:
    head = pipe.read(8)
    if len(head) < 8:
        raise EOFError
    (size,) = struct.unpack("<Q", head)
    return pickle.loads(pipe.read(size))  # from our own parent or child alone


def _serve() -> None:
    """The child: answers until its input ends, or nothing was asked for a while."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that is printed may get among the answers
    questions = os.fdopen(0, "rb", buffering=0)
    while select.select([questions], [], [], IDLE)[0]:
        try:
            verb, home, ledger, sources = _receive(questions)
        except EOFError:
            return
        _send(answers, _answer(verb, home, ledger, sources))


def _answer(verb: str, home: Home, ledger: Address, sources: Sources) -> tuple[str, Any]:
    try:
        done = VERBS[verb](home, ledger=ledger, sources=sources)
        if verb == "check":
            return "findings", [(problem.code, problem.facts) for problem in done]
        return "done", done
    except Problem as problem:
        return "problem", (problem.code, problem.facts)
    except Exception:  # noqa: BLE001 - the parent raises it
        return "bug", traceback.format_exc()


if __name__ == "__main__":
    _serve()
