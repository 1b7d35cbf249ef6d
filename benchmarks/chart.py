"""The results as bars: a small SVG without any library, readable in light and dark."""

from __future__ import annotations

from html import escape
from typing import Any

from benchmarks.outcome import Bar
from benchmarks.report import in_words

_WIDTH, _LABELS, _VALUES = 760, 250, 90
_BAR, _STEP, _HEAD = 16, 24, 34
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #222; }
.head { font-weight: 600; }
.ours { fill: #1f6f8b; } .peer { fill: #b9b4a7; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6e6e6; } .ours { fill: #5cb3cf; } .peer { fill: #77736a; }
}
"""


def chart(results: dict[str, Any]) -> str:
    """Return the SVG of all bars of the results, a panel for each scale."""
    panels: dict[str, list[Bar]] = {}
    for record in results["parts"].values():
        for each in record["bars"]:
            bar = Bar(**each)
            panels.setdefault(bar.panel, []).append(bar)
    drawn: list[str] = []
    y = 10
    for title, bars in panels.items():
        drawn += _panel(title, bars, y)
        y += _HEAD + _STEP * len(bars)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + 10}" role="img">'
        f"<title>Figures of the benchmarks</title><style>{_STYLE}</style>"
        + "".join(drawn)
        + "</svg>\n"
    )


def _panel(title: str, bars: list[Bar], y: int) -> list[str]:
    most = max((bar.value for bar in bars), default=0) or 1
    room = _WIDTH - _LABELS - _VALUES
    drawn = [f'<text class="head" x="10" y="{y + 18}">{escape(title)}</text>']
    for number, bar in enumerate(bars):
        top = y + _HEAD - 6 + number * _STEP
        width = max(bar.value / most * room, 1)
        kind = "ours" if bar.is_ours else "peer"
        drawn.append(
            f'<text x="{_LABELS - 8}" y="{top + 13}" text-anchor="end">{escape(bar.label)}</text>'
            f'<rect class="{kind}" x="{_LABELS}" y="{top}" width="{width:.1f}" height="{_BAR}"/>'
            f'<text x="{_LABELS + width + 6:.1f}" y="{top + 13}">'
            f"{in_words(round(bar.value, 1) if bar.value < 100 else round(bar.value))}</text>"
        )
    return drawn
