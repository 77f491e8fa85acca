"""Mutants of the fence and of how it is written: WATCH, EXEC, the connection, the epoch."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from msgspec import structs

from state.store import shard_store
from state.store.shard_store import ShardStore
from state.store.wire import Wire, WireLost, WireTimeout
from tests.faults.mutants.patching import Patch, entering, put

STORE: dict[str, Patch] = {}
mutant = entering(STORE)


# The fence


def _send_without_watch(in_transaction: bool) -> None:
    original = Wire.send

    def send(wire: Wire, *commands: Any) -> None:
        if (("MULTI",) in commands) is in_transaction:
            commands = tuple(("PING",) if c[0] == "WATCH" else c for c in commands)
        original(wire, *commands)

    put(Wire, "send", send)


@mutant("a commit is not guarded by a WATCH")
def _() -> None:
    _send_without_watch(in_transaction=True)


@mutant("a shard is taken without a WATCH")
def _() -> None:
    _send_without_watch(in_transaction=False)


def _with_answers(change: Callable[[ShardStore, list[Any]], list[Any]]) -> None:
    """The end of a transaction sees other answers."""
    original = ShardStore._end

    def end(store: ShardStore, changes: int) -> None:
        wire = store._live()
        receive = wire.receive
        put(wire, "receive", lambda count: change(store, receive(count)))
        try:
            original(store, changes)
        finally:
            del wire.receive

    put(ShardStore, "_end", end)


@mutant("the fence that GET shows is not compared")
def _() -> None:
    _with_answers(lambda store, answers: [*answers[:-1], store._next])


@mutant("an error inside EXEC is ignored")
def _() -> None:
    def without_errors(store: ShardStore, answers: list[Any]) -> list[Any]:
        *queued, executed, watched, stored = answers
        if isinstance(executed, list):
            executed = [None if isinstance(each, Exception) else each for each in executed]
        return [*queued, executed, watched, stored]

    _with_answers(without_errors)


@mutant("profiles are written beside the EXEC")
def _() -> None:
    original = ShardStore.begin_commit

    def begin_commit(store: ShardStore, change: shard_store.Commit) -> None:
        prefix = store._keys.profile_prefix
        for customer, blob in change.profiles:
            store._live().call(("SET", prefix + customer.encode(), blob))
        original(store, structs.replace(change, profiles=[]))

    put(ShardStore, "begin_commit", begin_commit)


@mutant("a Redis connection reconnects by itself")
def _() -> None:
    send, receive = Wire.send, Wire.receive
    last: dict[Wire, Any] = {}

    def send_anyway(wire: Wire, *commands: Any) -> None:
        last[wire] = commands
        try:
            send(wire, *commands)
        except WireTimeout:
            raise
        except WireLost:
            wire._connection.connect()
            send(wire, *commands)

    def receive_anyway(wire: Any, count: int) -> list[Any]:
        try:
            return receive(wire, count)
        except WireTimeout:
            raise
        except WireLost:
            send_anyway(wire, *last[wire])
            return receive(wire, count)

    put(Wire, "send", send_anyway)
    put(Wire, "receive", receive_anyway)


# Epochs


@mutant("a shard is taken without a new epoch")
def _() -> None:
    def keeping_the_epoch(fence: Any, owner: str, epoch: int) -> Any:
        return structs.replace(fence, owner=owner)

    put(shard_store, "structs", SimpleNamespace(replace=keeping_the_epoch))


@mutant("an epoch knows nothing of the clock")
def _() -> None:
    original = ShardStore.take
    put(ShardStore, "take", lambda store, _, first, **more: original(store, 0, first, **more))


@mutant("whoever was replaced takes the shard back")
def _() -> None:
    original = ShardStore.take

    def take(store: ShardStore, now_us: int, first: Any, **more: Any) -> Any:
        store._epoch = 0
        return original(store, now_us, first, **more)

    put(ShardStore, "take", take)


@mutant("an owner of the past counts as the new one")
def _() -> None:
    original = ShardStore.take

    def take(store: ShardStore, now_us: int, first: Any, **more: Any) -> Any:
        store._epoch = min(store._epoch, 1)
        return original(store, now_us, first, **more)

    put(ShardStore, "take", take)


@mutant("timers are not in the EXEC")
def _() -> None:
    put(shard_store, "_timers", lambda _key, _timers: [])
