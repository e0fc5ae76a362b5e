"""The command line. Each module of this package that has `register(group)` adds its commands."""

from .main import main

__all__ = ["main"]
