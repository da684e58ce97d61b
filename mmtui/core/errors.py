"""Errors that end an operation with one clear sentence."""

from __future__ import annotations


class UserError(Exception):
    """A user's mistake: its text is the sentence that is printed; never a traceback."""

    exit_code = 2


class SourceError(UserError):
    """A venue or file failed."""

    exit_code = 3


class Refusal(Exception):
    """An act that is not carried out; its text is the answer."""
