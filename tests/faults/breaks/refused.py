"""When going on would lose or repeat something: it is refused, by name, and nothing is done."""

from collections.abc import Callable
from functools import partial

from flows.commands.run import REFUSED
from tests.faults.stage.arena import Arena
from tests.faults.stage.crew import Worker, said


def everyone(_worker: Worker) -> bool:
    """Of all workers."""
    return True


def all_refuse(
    arena: Arena,
    words: str,
    of: Callable[[Worker], bool] = everyone,
    or_else: str | None = None,
) -> None:
    """Those that are concerned end with 4 and say `words`, or `or_else`; the others are stopped."""
    crew = arena.crew
    concerned = [worker for worker in crew.workers if of(worker)]
    for worker in crew.workers:
        worker.revived = False
    arena.until(lambda: all(_ended(worker) for worker in concerned), "going on is refused", 60)
    for worker in concerned:
        crew.workers.remove(worker)
        _is_refusal(arena, worker, words, or_else)
    for worker in list(crew.workers):
        crew.retire(worker)


def refuses_at_start(arena: Arena, words: str, place: tuple[str, int] | None = None) -> None:
    """A worker that is started now ends with 4. Nothing at all is committed, or, where one `place`
    (topic, partition) is concerned, nothing of that: its shard may go on with other topics."""
    look = arena.watch.look if place is None else partial(arena.watch.offsets, place[0])
    before = look()
    worker = arena.crew.add(1, 1)
    worker.revived = False
    arena.until(lambda: _ended(worker), "a start is refused", 60)
    arena.crew.workers.remove(worker)
    _is_refusal(arena, worker, words)
    after = look()
    concerned = before if place is None else [place[1]]
    if went_on := [shard for shard in concerned if after[shard] != before[shard]]:
        arena.wrong.append(f"going on was refused, and shards {went_on} were committed to")


def _ended(worker: Worker) -> bool:
    return worker.process.exit_code() is not None


def _is_refusal(arena: Arena, worker: Worker, words: str, or_else: str | None = None) -> None:
    code, process = worker.process.exit_code(), worker.process
    told = said(process, words) or (or_else is not None and said(process, or_else))
    if code != REFUSED or not told:
        last = " | ".join(process.last_lines(1))
        arena.wrong.append(
            f"{process.name}: expected exit code {REFUSED} and {words!r}, got {code} and {last!r}"
        )
    arena.count("refusals")
