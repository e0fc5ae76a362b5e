"""What a test commits while its own transaction goes on."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def committed_apart(act: Callable[[], Any]) -> None:
    """Does it on a connection of its own: the server's threads see nothing of a test's transaction, and wait
    for what it locked."""
    failed: list[Exception] = []

    def run() -> None:
        try:
            act()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    for error in failed:
        raise error
