"""Hooks of an application that see every session before it is created, and may change or refuse it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from ..domain.errors import InvalidHandler
from ..domain.products import checked_items
from ..domain.session_draft import SessionDraft
from . import calling

SessionHook = Callable[[SessionDraft], SessionDraft | Awaitable[SessionDraft | None] | None]
"""Returns None to leave the session as it is, or a changed draft; raises to refuse it."""


class SessionHooks:
    """The hooks of one checkout, in the order in which they were added."""

    def __init__(self) -> None:
        self._hooks: list[SessionHook] = []

    def add(self, hook: SessionHook) -> None:
        """Add a hook.

        Raises:
            InvalidHandler: it does not take one argument, the draft.
        """
        name = getattr(hook, "__qualname__", type(hook).__name__)
        needed, taken = calling.positional(hook, name)
        if needed > 1 or taken < 1:
            raise InvalidHandler(f"{name} must take one argument: the SessionDraft.")
        self._hooks.append(hook)

    async def run(self, draft: SessionDraft) -> SessionDraft:
        """Return what the hooks make of a draft.

        Raises:
            InvalidHandler: a hook returned something else than a draft or None.
            CheckoutError: whatever a hook raises to refuse the session.
        """
        for hook in self._hooks:
            name = getattr(hook, "__qualname__", type(hook).__name__)
            changed = await calling.call(hook, draft)
            if changed is None:
                continue
            if not isinstance(changed, SessionDraft):
                raise InvalidHandler(f"{name} returned a {type(changed).__name__}. Return a SessionDraft, or None.")
            draft = replace(changed, items=checked_items(changed.items, name))
        return draft
