"""Answers of a database, given again until what they were read from is written: a life asks for all at each step."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from cloud_stub.ports import Transaction

NAMES = tuple(field.name for field in fields(Transaction))
READS = ("SELECT", "BEGIN", "PRAGMA")
WRITES = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")
Opening = Callable[[], AbstractAsyncContextManager[Transaction]]
Opened = Callable[[], Awaitable[Transaction]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, and the statements that found it."""

    said: object
    statements: str


class Remembered:
    """What one engine has read, for as long as it holds.

    A write to a table forgets every answer whose statements name the table; a statement that is neither a read nor
    such a write, and a rollback after a write, forget everything. An answer for which something was written (a number
    that is counted up) is never remembered. While something is written and not committed, other transactions ask the
    database. Nothing but this engine may write to the file.
    """

    def __init__(self, engine: Engine) -> None:
        self._answers: dict[object, Answer] = {}
        self._statements: list[str] = []
        self._writes = 0
        self._is_written = False
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "rollback", self._rolled_back)
        event.listen(engine, "commit", self._committed)

    @asynccontextmanager
    async def reading(self, opening: Opening) -> AsyncIterator[Transaction]:
        """Open a transaction that reads, which begins when the first question is asked that has no answer yet."""
        async with AsyncExitStack() as stack:
            begun: list[Transaction] = []

            async def opened() -> Transaction:
                if not begun:
                    begun.append(await stack.enter_async_context(opening()))
                return begun[0]

            yield self._over(opened, writes=False)

    def writing(self, transaction: Transaction) -> Transaction:
        """Return the same transaction, which answers from memory where it can."""

        async def opened() -> Transaction:
            return transaction

        return self._over(opened, writes=True)

    async def answer(self, question: object, ask: Callable[[], Awaitable[object]], *, writes: bool) -> object:
        """Return what was answered to a question, or what is; `writes` says that the writing transaction asks."""
        if self._is_written and not writes:
            return await ask()
        known = self._answers.get(question)
        if known is not None:
            return _copy(known.said)
        before, self._statements = self._writes, []
        said = await ask()
        if before == self._writes:
            self._answers[question] = Answer(said, "\n".join(self._statements))
        return _copy(said)

    def forget(self) -> None:
        """Forget everything: the file is another one."""
        self._answers = {}
        self._writes += 1
        self._is_written = False

    def _over(self, opened: Opened, *, writes: bool) -> Transaction:
        over: dict[str, Any] = {name: _Asked(self, opened, name, writes=writes) for name in NAMES}
        return Transaction(**over)

    def _before(self, _connection: object, _cursor: object, statement: str, *_others: object) -> None:
        if statement.startswith(READS):
            self._statements.append(statement)
            return
        written = WRITES.match(statement)
        table = "" if written is None else written[1]
        self._answers = {question: of for question, of in self._answers.items() if table not in of.statements}
        self._writes += 1
        self._is_written = True

    def _committed(self, _connection: object) -> None:
        self._is_written = False

    def _rolled_back(self, _connection: object) -> None:
        if self._is_written:
            self.forget()


class _Asked:
    """One kind of records."""

    def __init__(self, memory: Remembered, opened: Opened, name: str, *, writes: bool) -> None:
        self._memory, self._opened, self._name, self._writes = memory, opened, name, writes

    def __getattr__(self, method: str) -> object:
        async def ask(*args: object, **named: object) -> object:
            async def really() -> object:
                return await getattr(getattr(await self._opened(), self._name), method)(*args, **named)

            question = (self._name, method, _frozen(args), _frozen(sorted(named.items())))
            return await self._memory.answer(question, really, writes=self._writes)

        return ask


def _frozen(value: object) -> object:
    """Return what may be a key for a value: a list or a mapping by what it holds, in its order; a set in none."""
    if isinstance(value, (set, frozenset)):
        return frozenset(value)
    if isinstance(value, dict):
        return _frozen(list(value.items()))
    return tuple(_frozen(each) for each in value) if isinstance(value, (list, tuple)) else value


def _copy(answer: object) -> object:
    if isinstance(answer, list):
        return [_copy(each) for each in answer]
    return {key: _copy(of) for key, of in answer.items()} if isinstance(answer, dict) else answer
