"""The pictures of the terminal pages are those that the code draws, and stand in the README."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from docs.pictures.draw import FOLDER, PICTURES

README = (Path(__file__).parents[1] / "README.md").read_text()
names = pytest.mark.parametrize("name", PICTURES)


@names
def test_a_picture_is_the_one_the_code_draws(name: str) -> None:
    drawn = PICTURES[name]()
    kept = (FOLDER / f"{name}.svg").read_text()
    assert kept == drawn, "draw it anew: .venv/bin/python -m docs.pictures.draw"


@names
def test_a_picture_loads_nothing_from_anywhere(name: str) -> None:
    drawn = PICTURES[name]().replace('xmlns="http://www.w3.org/2000/svg"', "")
    elements = ET.fromstring(drawn).iter()
    assert [e.tag for e in elements if e.tag in ("image", "use", "script", "foreignObject")] == []
    assert re.findall(r"@import|@font-face|href", drawn) == []
    assert re.findall(r"url\((?!#)", drawn) == []


@names
def test_a_picture_stands_in_the_readme(name: str) -> None:
    assert f"](docs/pictures/{name}.svg)" in README


def test_no_line_of_a_terminal_is_lost_or_cut_in_a_picture() -> None:
    texts = {name: " ".join(ET.fromstring(draw()).itertext()) for name, draw in PICTURES.items()}
    said = {name: text.replace("\xa0", " ") for name, text in texts.items()}
    assert "See the new collection a week early (vip_preview)" in said["customer"]
    assert "as of 08:59:58, 2 s ago" in said["customer"]
    assert "something went wrong that we should put right" in said["tail"]
    assert "touchline tail redis-cli" in " ".join(said["up"].split())
