"""Text on the page can be read in both appearances: 4.5:1 (WCAG 2.2, 1.4.3), reckoned here."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

STYLES = Path(__file__).parents[2] / "dashboards/static/styles"
NEEDED = 4.5
GROUNDS = ("paper", "surface", "sunken")
TEXTS = ("ink", "muted", "accent", "late", "supervised", "due", "good")
PAIRS = [
    *((text, ground) for text in TEXTS for ground in GROUNDS),
    *((hue, f"{hue}-soft") for hue in ("late", "supervised", "due", "good", "accent")),
    *(("surface", hue) for hue in ("late", "supervised", "due", "accent", "officials", "people")),
    ("ink", "due-soft"),
    *(("ink", f"grade-{grade}") for grade in ("none", 0, 1, 2, 3)),
    *(("white", f"grade-{grade}") for grade in (4, 5)),
]


@cache
def palettes() -> dict[str, dict[str, str]]:
    """The colours by appearance; the dark ones as the switch chooses them."""
    text = (STYLES / "tokens.css").read_text("utf-8")
    dark = text.index(':root[data-theme="dark"]')
    parts = {"light": text[: text.index("@media")], "dark": text[dark : text.index("}", dark)]}
    return {
        name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", part)) | {"white": "#ffffff"}
        for name, part in parts.items()
    }


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(each * 2 for each in colour[1:])
    channels = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("appearance", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(appearance: str, text: str, ground: str) -> None:
    colours = palettes()[appearance]
    dark, bright = sorted((luminance(colours[text]), luminance(colours[ground])))
    assert (bright + 0.05) / (dark + 0.05) >= NEEDED


def test_the_system_and_the_switch_choose_the_same_dark_colours() -> None:
    text = (STYLES / "tokens.css").read_text("utf-8")
    system = text[text.index("@media") : text.index(':root[data-theme="dark"]')]
    assert (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", system)) | {"white": "#ffffff"}
        == palettes()["dark"]
    )
