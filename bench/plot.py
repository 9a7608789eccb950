"""python -m bench.plot FLOW.json GROWTH.json FOLDER: pictures of what the benches found, as SVG.

    throughput.svg   workflows a second by contender: medians, and from the least to the most
    open-runs.svg    workflows a second while ever more runs are open

Plain text and no drawing library: the pictures are small, and readable on light pages and on dark ones.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import msgspec

from bench.figures import number
from bench.flow.contest import Result
from bench.flow.ideal import Ideal
from bench.flow.resistor import Resistor
from bench.growth import open_runs
from bench.growth.rows import Row

# Plain rules twice and no CSS variables: librsvg, which draws SVG for many document tools, has none.
STYLE = """
text { font-family: ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2937 }
text { font-size: 13px }
.page { fill: #ffffff }
.title { font-size: 15px; font-weight: 600 }
.small { font-size: 11px; fill: #6b7280 }
.axis { stroke: #cbd5e1; stroke-width: 1 }
.whisker { stroke: #1f2937; stroke-width: 1.2; fill: none }
.ours { fill: #2563eb }
.peer { fill: #94a3b8 }
.floor { fill: #d8dee7 }
.line { fill: none; stroke-width: 2 }
.line.ours { stroke: #2563eb; fill: none }
.line.peer { stroke: #94a3b8; stroke-dasharray: 5 4; fill: none }
.line.whole { stroke-width: 1.2; stroke-dasharray: none }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .page { fill: #0d1117 }
  .small { fill: #9aa7b5 }
  .axis { stroke: #30394a }
  .whisker { stroke: #e6edf3 }
  .ours { fill: #58a6ff }
  .peer { fill: #64748b }
  .floor { fill: #303a48 }
  .line.ours { stroke: #58a6ff }
  .line.peer { stroke: #8492a6 }
}
"""
WIDTH, MARGIN = 720, 20
BAR, STEP, NAMES = 18, 30, 170  # a bar's height, from bar to bar, room for names


class Flow(msgspec.Struct):
    """What `python -m bench.flow -o` writes, as far as it is drawn."""

    results: list[Result]


class Growth(msgspec.Struct):
    """What `python -m bench.growth -o` writes, as far as it is drawn."""

    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Series:
    """A line: samples at each size."""

    name: str
    looks: str
    points: Sequence[tuple[int, list[float]]]


@dataclass(frozen=True, slots=True)
class Plane:
    """Where lines are drawn: sizes to the right, by their logarithm, rates upwards, from nothing."""

    sizes: Sequence[int]
    most: float
    left: float = 64.0
    top: float = 96.0
    width: float = WIDTH - 64.0 - 2 * MARGIN
    height: float = 220.0

    def x(self, size: int) -> float:
        """Return where a size is."""
        first, last = math.log(self.sizes[0]), math.log(self.sizes[-1])
        return self.left + self.width * (math.log(size) - first) / (last - first)

    def y(self, rate: float) -> float:
        """Return where a rate is."""
        return self.top + self.height * (1 - rate / self.most)

    def axes(self) -> Iterator[str]:
        """Draw a line for every quarter of the rates, and the names of all sizes."""
        for quarter in range(5):
            rate = self.most * quarter / 4
            yield f'<path class="axis" d="M{self.left} {self.y(rate):.1f}h{self.width}"/>'
            yield _text(self.left - 8, self.y(rate) + 4, number(rate), "small", "end")
        for size in self.sizes:
            yield _text(self.x(size), self.y(0) + 18, f"{size:,}", "small", "middle")
        yield _text(self.left + self.width / 2, self.y(0) + 36, "open runs", "small", "middle")

    def line(self, series: Series) -> Iterator[str]:
        """Draw a line through the medians, and all that the samples spread over."""
        at = [(self.x(size), self.y(statistics.median(found))) for size, found in series.points]
        yield f'<path class="line {series.looks}" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in at)}"/>'
        for (x, y), (_, found) in zip(at, series.points, strict=True):
            low, high = self.y(min(found)), self.y(max(found))
            ends = f"M{x - 4:.1f} {low:.1f}h8M{x - 4:.1f} {high:.1f}h8"
            yield f'<path class="line {series.looks} whole" d="M{x:.1f} {low:.1f}V{high:.1f}{ends}"/>'
            yield f'<circle class="{series.looks}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'


def bars(results: Sequence[Result]) -> str:
    """Return a bar for each contender, the fastest first."""
    samples: dict[str, list[float]] = {}
    for each in results:
        samples.setdefault(each.name, []).append(each.workflows_per_second)
    names = sorted(samples, key=lambda name: -statistics.median(samples[name]))
    most = max(map(max, samples.values()))
    scale = (WIDTH - NAMES - 3 * MARGIN - 60) / most
    drawn = [line for n, name in enumerate(names) for line in _bar(name, samples[name], 62 + n * STEP, scale)]
    said = "medians, and from the least to the most; more is better"
    return _picture("Workflows of three steps a second", said, 62 + len(names) * STEP, drawn)


def _bar(name: str, samples: list[float], top: float, scale: float) -> Iterator[str]:
    left, middle = NAMES + MARGIN, top + BAR / 2
    looks = {Resistor.name: "ours", Ideal.name: "floor"}.get(name, "peer")
    median = statistics.median(samples)
    low, high = left + min(samples) * scale, left + max(samples) * scale
    yield _text(left - 8, middle + 4, name, anchor="end")
    yield f'<rect class="{looks}" x="{left}" y="{top}" width="{median * scale:.1f}" height="{BAR}" rx="2"/>'
    ends = f"M{low:.1f} {middle - 4}v8M{high:.1f} {middle - 4}v8"
    yield f'<path class="whisker" d="M{low:.1f} {middle}H{high:.1f}{ends}"/>'
    yield _text(max(high, left + median * scale) + 8, middle + 4, number(median))


def lines(rows: Sequence[Row]) -> str:
    """Return throughput against open runs, and that of the installation which took turns with it."""
    found = [row for row in rows if row.bench == open_runs.NAME and row.name == "workflows"]
    if not found:
        raise SystemExit("the second file has no throughput by open runs")
    few, begin = found[0].sizes[0], [sample for row in found for sample in row.samples[0]]
    both = (
        Series(f"with {few:,} of them, in turns", "peer", [(row.sizes[1], row.samples[0]) for row in found]),
        Series("with so many", "ours", [(few, begin), *((row.sizes[1], row.samples[1]) for row in found)]),
    )
    most = max(max(samples) for series in both for _, samples in series.points)
    plane = Plane([few, *(row.sizes[1] for row in found)], _round(most))
    drawn = [*plane.axes(), *(line for series in both for line in plane.line(series))]
    for n, series in enumerate(reversed(both)):
        x = plane.left + n * 160
        drawn.append(f'<path class="line {series.looks}" d="M{x} 76h24"/>')
        drawn.append(_text(x + 32, 80, series.name))
    said = "medians, and from the least to the most"
    return _picture("Workflows of three steps a second, by open runs", said, plane.y(0) + 36, drawn)


def _round(most: float) -> float:
    """Return the next number that has only one digit which is not 0, and is even where that is above 4."""
    digit = 10.0 ** math.floor(math.log10(most))
    return next(each * digit for each in (1, 2, 4, 6, 8, 10) if each * digit >= most)


def _picture(title: str, said: str, height: float, drawn: Sequence[str]) -> str:
    height += MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            '<rect class="page" width="100%" height="100%"/>',
            _text(MARGIN, 30, title, "title"),
            _text(MARGIN, 48, said, "small"),
            *drawn,
            "</svg>\n",
        ]
    )


def _text(x: float, y: float, text: str, looks: str = "", anchor: str = "start") -> str:
    return f'<text class="{looks}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(prog="python -m bench.plot")
    parser.add_argument("flow", type=Path, metavar="FLOW.json")
    parser.add_argument("growth", type=Path, metavar="GROWTH.json")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    chosen = parser.parse_args()
    flow = msgspec.json.decode(chosen.flow.read_bytes(), type=Flow)
    growth = msgspec.json.decode(chosen.growth.read_bytes(), type=Growth)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    (chosen.folder / "throughput.svg").write_text(bars(flow.results), encoding="utf-8")
    (chosen.folder / "open-runs.svg").write_text(lines(growth.rows), encoding="utf-8")


if __name__ == "__main__":
    main()
