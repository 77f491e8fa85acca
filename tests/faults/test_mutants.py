"""The commit protocol with one part of it taken away, each in a scene where that part matters.

What is taken away must be seen by the law that it is there for; and without a mutant no law breaks,
so that a scene which is broken itself counts for nothing.
"""

from pathlib import Path

import pytest

from tests.brokers.kafka_broker import KafkaBroker
from tests.faults.mutants.forward_scenes import FORWARD_SCENES, SHARDS
from tests.faults.mutants.kafka_scenes import KAFKA_SCENES
from tests.faults.mutants.patches import PATCHES
from tests.faults.mutants.scene import Scene
from tests.faults.mutants.scenes import SCENES
from tests.faults.mutants.table import MUTANTS, Mutant
from tests.faults.mutants.taught_scenes import TAUGHT_SCENES

ALL_SCENES = {**SCENES, **KAFKA_SCENES, **FORWARD_SCENES, **TAUGHT_SCENES}


class Stage:
    """Where one scene is played."""

    def __init__(self, broker: KafkaBroker, redis_url: str, folder: Path) -> None:
        self._place = broker, redis_url, folder

    def play(self, name: str, mutant: str = "") -> Scene:
        """The scene of that name, once it is over."""
        scene = Scene(*self._place, mutant, shards=SHARDS if name in FORWARD_SCENES else 1)
        try:
            ALL_SCENES[name](scene)
        finally:
            scene.close()
        return scene


def named(mutant: Mutant) -> str:
    return mutant.name


@pytest.fixture
def stage(real_kafka: KafkaBroker, fresh_redis: str, tmp_path: Path) -> Stage:
    return Stage(real_kafka, fresh_redis, tmp_path)


@pytest.mark.parametrize("name", ALL_SCENES)
def test_the_whole_protocol_keeps_every_law(stage: Stage, name: str) -> None:
    assert stage.play(name).verdict.told() == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=named)
def test_a_protocol_without_one_of_its_parts_breaks_the_law_of_that_part(
    stage: Stage, mutant: Mutant
) -> None:
    scene = stage.play(mutant.scene, mutant.name)
    places = scene.verdict.broken.get(mutant.law, [])
    assert any(mutant.seen in place for place in places), scene.verdict.told()


def test_each_part_and_each_scene_has_its_row_in_the_table() -> None:
    assert sorted(mutant.name for mutant in MUTANTS) == sorted(PATCHES)
    assert {mutant.scene for mutant in MUTANTS} == ALL_SCENES.keys()
