"""Charts as SVG in the page: they fill the width that they are given, and the stylesheet colours them.

Positions across are shares of the width, so that lines keep their weight and words their size on a telephone as on a
wide screen, without a script and without a second drawing. Nothing is measured, drawn at random or numbered, so the
same data is the same bytes on every machine. A drawing is one image to a screen reader, described by its label.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from markupsafe import Markup, escape

from orchestration.report.numbers import share, short_money, signed_points, whole_points
from orchestration.report.scores import Drawn, Score, Shown

LOWEST, HIGHEST = -100.0, 100.0
# The inner drawing of a line is stretched to the width; its own width only sets how finely it is drawn.
DRAWN_WIDTH = 1000
MOST_POINTS = 400
LABEL_DROP = 19
# A part narrower than this has no room for its share.
ROOM_FOR_SHARE = 0.11
ROW_HEIGHT = 22.0
STEP_HEIGHT = 28.0
# Beyond this share of the width a number stands before its bar and not after it.
ROOM_FOR_NUMBER = 0.8
LONGEST_LABEL = 20


@dataclass(frozen=True)
class Scale:
    """A range of values and the ticks in it."""

    low: float
    high: float
    step: float

    @classmethod
    def around(cls, values: Sequence[float], n_ticks: int = 5) -> Scale:
        """The smallest range of round numbers that holds the values."""
        low, high = min(values), max(values)
        rough = max((high - low) / n_ticks, 1e-9)
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * size for factor in (1, 2, 5, 10) if factor * size >= rough * (1 - 1e-9))
        start, end = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        return cls(start * step, max(end, start + 1) * step, step)

    @classmethod
    def of_scores(cls, values: Sequence[float], n_ticks: int = 4) -> Scale:
        """A range for scores: whole tens, at least 40 points high, so that noise does not look like news."""
        low, high = min(values), max(values)
        middle, half = (low + high) / 2, max((high - low) / 2, 20.0)
        step = next(step for step in (10.0, 20.0, 50.0) if 2 * half / step <= n_ticks or step == 50.0)
        return cls(
            max(LOWEST, math.floor((middle - half) / step) * step),
            min(HIGHEST, math.ceil((middle + half) / step) * step),
            step,
        )

    @property
    def ticks(self) -> list[float]:
        return [self.low + index * self.step for index in range(round((self.high - self.low) / self.step) + 1)]

    def share(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)

    def holds(self, *values: float) -> bool:
        return all(self.low <= value <= self.high for value in values)


@dataclass(frozen=True)
class Day:
    """A day of a series; without a score the line has a gap."""

    date: date
    score: Score


@dataclass(frozen=True)
class Part:
    """A part of a whole; ``key`` is the class that the stylesheet gives a colour."""

    key: str
    label: str
    amount: float


@dataclass(frozen=True)
class Step:
    """A step of a waterfall: a change from where the one before ended, or the total that is reached there."""

    label: str
    amount: float
    is_total: bool = False


@dataclass(frozen=True)
class Stack:
    """A column: its label in up to two lines, and its parts."""

    label: str
    parts: Sequence[Part]
    second_label: str = ""


# Drawing -----------------------------------------------------------------------------------------------------------


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def _across(value: float) -> str:
    return f"{_number(100 * value)}%"


def _tag(tag: str, *children: Markup | str, **attributes: object) -> Markup:
    listed = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_number(value) if isinstance(value, float) else value)}"'
        for key, value in attributes.items()
    )
    content = "".join(escape(child) for child in children)
    return Markup(f"<{tag}{listed}>{content}</{tag}>" if content else f"<{tag}{listed}/>")


def _text(text: str, x: str, y: float, anchor: str, class_: str) -> Markup:
    return _tag("text", text, x=x, y=y, text_anchor=anchor, class_=class_)


def _picture(label: str, height: float, class_: str, *children: Markup) -> Markup:
    return _tag("svg", *children, class_=class_, role="img", aria_label=label, width="100%", height=float(height))


def _stretched(height: float, *children: Markup) -> Markup:
    """Lines and areas, drawn on a grid that is stretched to the width."""
    return _tag(
        "svg",
        *children,
        width="100%",
        height=float(height),
        viewBox=f"0 0 {DRAWN_WIDTH} {_number(height)}",
        preserveAspectRatio="none",
    )


def _grid(scale: Scale, height: float, write: Callable[[float], str]) -> Iterator[Markup]:
    for tick in scale.ticks:
        y = height * (1 - scale.share(tick))
        kind = "grid zero" if abs(tick) < scale.step / 1e6 else "grid"
        yield _tag("line", x1="0", x2="100%", y1=y, y2=y, class_=kind)
        yield _text(write(tick), "-8", y + 4, "end", "tick")


# Scores ------------------------------------------------------------------------------------------------------------


def trend(days: Sequence[Day], scale: Scale, label: str, height: float = 230, is_small: bool = False) -> Markup:
    """A score day by day as a line in the band of its intervals; where it is not shown, a gap.

    What lies beyond the scale is cut off at the frame.
    """
    first, last = days[0].date, days[-1].date
    span = max((last - first).days, 1)

    def x(day: date) -> float:
        return (day - first).days / span

    def y(value: float) -> float:
        return height * (1 - scale.share(value))

    areas: list[Markup] = []
    dots: list[Markup] = []
    for run in _runs(_thinned(days)):
        across = [DRAWN_WIDTH * x(day) for day, _ in run]
        upper = [f"{_number(at)} {_number(y(shown[2]))}" for at, (_, shown) in zip(across, run, strict=True)]
        lower = [f"{_number(at)} {_number(y(shown[1]))}" for at, (_, shown) in zip(across, run, strict=True)]
        line = [f"{_number(at)} {_number(y(shown[0]))}" for at, (_, shown) in zip(across, run, strict=True)]
        areas.append(_tag("path", d=f"M{'L'.join(upper)}L{'L'.join(reversed(lower))}Z", class_="band"))
        areas.append(_tag("path", d=f"M{'L'.join(line)}", class_="line"))
        if len(run) == 1 and scale.holds(run[0][1][0]):
            dots.append(_tag("circle", cx=_across(x(run[0][0])), cy=y(run[0][1][0]), r="2", class_="dot"))
    shown = days[-1].score.shown
    if shown is not None:
        dots.append(_tag("circle", cx=_across(x(last)), cy=y(shown[0]), r="4", class_="dot"))
    return _picture(
        label,
        height + LABEL_DROP + 4,
        "chart-lines",
        *_grid(scale, height, whole_points),
        *_calendar(first, last, height, is_small),
        _stretched(height, *areas),
        *dots,
    )


def _thinned(days: Sequence[Day]) -> list[Day]:
    """Every day, or every n-th of a long series, with the last always among them."""
    step = math.ceil(len(days) / MOST_POINTS)
    return list(days[::-1][::step][::-1])


def _runs(days: Sequence[Day]) -> Iterator[list[tuple[date, tuple[float, float, float]]]]:
    run: list[tuple[date, tuple[float, float, float]]] = []
    for day in days:
        shown = day.score.shown
        if shown is not None:
            run.append((day.date, shown))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _calendar(first: date, last: date, height: float, is_small: bool) -> Iterator[Markup]:
    """Ticks at round months: as many as there is room for."""
    span = max((last - first).days, 1)
    months = 12 if is_small or span > 2000 else 6 if span > 550 else 3 if span > 200 else 1
    start = first.year * 12 + first.month - 1
    for index in range(start, last.year * 12 + last.month):
        tick = date(index // 12, index % 12 + 1, 1)
        if index % months or tick < first:
            continue
        at = (tick - first).days / span
        is_minor = months < 12 and index % 12 != 0
        yield _tag("line", x1=_across(at), x2=_across(at), y1=height, y2=height + 5, class_="grid")
        if at < 0.97:
            written = f"{tick:%Y}" if months == 12 else f"{tick:%b %Y}"
            anchor = "start" if at < 0.03 else "middle"
            yield _text(written, _across(at), height + LABEL_DROP, anchor, "tick minor" if is_minor else "tick")


def interval(score: Score, reference: float | None, label: str) -> Markup:
    """A score as a dot on its interval, from −100 to 100; the reference is a line that all rows share."""
    return span(score.shown, Scale(LOWEST, HIGHEST, 50), label, reference, score.is_low_sample)


def interval_axis() -> Markup:
    """The scale above a column of intervals of scores."""
    return axis(Scale(LOWEST, HIGHEST, 50), whole_points)


def span(
    shown: Shown | None,
    scale: Scale,
    label: str,
    reference: float | None = None,
    is_weak: bool = False,
    target: tuple[float, float] | None = None,
) -> Markup:
    """An estimate as a dot on its interval, on a scale that all rows share; weak ones are hollow and dotted.

    The target is a range behind it.
    """
    marks = _row(scale, reference, target)
    if shown is not None:
        value, low, high = (_across(scale.share(end)) for end in shown)
        middle, kind = ROW_HEIGHT / 2, " small" if is_weak else ""
        marks += [
            _tag("line", x1=low, x2=high, y1=middle, y2=middle, class_=f"interval{kind}"),
            _tag("circle", cx=value, cy=middle, r="4.5", class_=f"dot{kind}"),
        ]
    return _picture(label, ROW_HEIGHT, "chart-interval", *marks)


def strip(values: Sequence[float], scale: Scale, label: str, ours: Shown | None) -> Markup:
    """Figures of others as hollow dots, joined where they differ, before our own score and its interval."""
    middle = ROW_HEIGHT / 2
    marks = _row(scale, ours[0] if ours else None, ours[1:] if ours else None)
    if len(values) > 1:
        low, high = _across(scale.share(min(values))), _across(scale.share(max(values)))
        marks.append(_tag("line", x1=low, x2=high, y1=middle, y2=middle, class_="between"))
    marks += [
        _tag("circle", cx=_across(scale.share(value)), cy=middle, r="4.5", class_="dot other") for value in values
    ]
    return _picture(label, ROW_HEIGHT, "chart-interval", *marks)


def _row(scale: Scale, reference: float | None, shaded: tuple[float, float] | None) -> list[Markup]:
    """What lies behind the marks of a row: its line, zero, a shaded range and a reference."""
    middle = ROW_HEIGHT / 2
    marks = [_tag("line", x1="0", x2="100%", y1=middle, y2=middle, class_="grid")]
    if shaded is not None:
        low, high = (scale.share(end) for end in shaded)
        marks.insert(0, _tag("rect", x=_across(low), y="0", width=_across(high - low), height="100%", class_="band"))
    if scale.holds(0.0):
        zero = _across(scale.share(0.0))
        marks.append(_tag("line", x1=zero, x2=zero, y1="0", y2="100%", class_="grid zero"))
    if reference is not None:
        at = _across(scale.share(reference))
        marks.append(_tag("line", x1=at, x2=at, y1="0", y2="100%", class_="reference"))
    return marks


def axis(scale: Scale, write: Callable[[float], str], middle: float = 0.0) -> Markup:
    """The scale above a column of intervals: its ends, and the middle where there is room for it."""
    labels = [_text(write(scale.low), "0%", 11, "start", "tick"), _text(write(scale.high), "100%", 11, "end", "tick")]
    if 0.15 < scale.share(middle) < 0.85:
        labels.insert(1, _text(write(middle), _across(scale.share(middle)), 11, "middle", "tick minor"))
    return _tag("svg", *labels, class_="chart-axis", width="100%", height="14", aria_hidden="true")


def score_columns(
    labels: Sequence[tuple[str, str]],
    scores: Sequence[Drawn],
    scale: Scale,
    label: str,
    write: Callable[[float], str] = whole_points,
    targets: Sequence[tuple[float, float] | None] = (),
) -> Markup:
    """Scores of successive periods, each as a dot on its upright interval, before the range that was its target."""
    height, n = 150.0, len(scores)
    marks: list[Markup] = []
    for index, target in enumerate(targets):
        if target is not None:
            top, bottom = height * (1 - scale.share(target[1])), height * (1 - scale.share(target[0]))
            x, width = _across((index + 0.2) / n), _across(0.6 / n)
            marks.append(_tag("rect", x=x, y=top, width=width, height=max(bottom - top, 2.0), class_="target"))
    for index, score in enumerate(scores):
        if score.shown is None:
            continue
        at = _across((index + 0.5) / n)
        value, low, high = (height * (1 - scale.share(end)) for end in score.shown)
        kind = " small" if score.is_low_sample else ""
        marks.append(_tag("line", x1=at, x2=at, y1=low, y2=high, class_=f"interval{kind}"))
        marks.append(_tag("circle", cx=at, cy=value, r="4.5", class_=f"dot{kind}"))
    return _picture(
        label,
        height + 2 * LABEL_DROP,
        "chart-columns",
        *_grid(scale, height, write),
        *marks,
        *_period_labels(labels, height),
    )


def waterfall(steps: Sequence[Step], label: str) -> Markup:
    """What leads from one total to another, or from nothing to a total, step by step from top to bottom."""
    height = STEP_HEIGHT * len(steps)
    levels = list(accumulate(steps, _level, initial=0.0))[1:]
    scale = _range_of_levels(levels if steps[0].is_total else [0.0, *levels])
    marks: list[Markup] = []
    for tick in scale.ticks:
        at, kind = _across(scale.share(tick)), "grid zero" if abs(tick) < scale.step / 1e6 else "grid"
        marks.append(_tag("line", x1=at, x2=at, y1="0", y2=height, class_=kind))
        marks.append(_text(whole_points(tick), at, height + LABEL_DROP - 4, "middle", "tick"))
    for index, level in enumerate(levels[:-1]):
        at, y = _across(scale.share(level)), STEP_HEIGHT * (index + 0.5)
        marks.append(_tag("line", x1=at, x2=at, y1=y, y2=y + STEP_HEIGHT, class_="joint"))
    for index, (step, level) in enumerate(zip(steps, levels, strict=True)):
        middle = STEP_HEIGHT * (index + 0.5)
        before = level if step.is_total else level - step.amount
        start, end = sorted((scale.share(before), scale.share(level)))
        if step.is_total:
            marks.append(_tag("circle", cx=_across(end), cy=middle, r="5.5", class_="dot"))
        else:
            kind = "up" if step.amount > 0 else "down"
            width = _across(end - start)
            marks.append(_tag("rect", x=_across(start), y=middle - 7, width=width, height="14", class_=f"part {kind}"))
        kind = "total" if step.is_total else "number"
        if end < ROOM_FOR_NUMBER:
            x, dx, anchor, class_ = end, "9", "start", f"step {kind}"
        elif start > 1 - ROOM_FOR_NUMBER:
            x, dx, anchor, class_ = start, "-9", "end", f"step {kind}"
        else:
            x, dx, anchor, class_ = end, "-9", "end", f"inside {'up' if step.amount > 0 else 'down'}"
        written = signed_points(step.amount)
        marks.append(_tag("text", written, x=_across(x), y=middle + 4.5, dx=dx, text_anchor=anchor, class_=class_))
        marks.append(_text(_shortened(step.label), "-10", middle + 4.5, "end", f"step {kind}"))
    return _picture(label, height + LABEL_DROP, "chart-steps", *marks)


def _range_of_levels(levels: Sequence[float]) -> Scale:
    """A range of scores; on the way from one to the other the sum may leave it."""
    scale = Scale.of_scores(levels)
    return scale if scale.holds(*levels) else Scale.around(levels)


def _level(level: float, step: Step) -> float:
    return step.amount if step.is_total else level + step.amount


def _shortened(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1].rstrip() + "…"


# Amounts -----------------------------------------------------------------------------------------------------------


def bar(parts: Sequence[Part], label: str, has_shares: bool = True) -> Markup:
    """The parts of a whole as one bar, each with its share where there is room. A negative part has no length."""
    total = sum(max(part.amount, 0.0) for part in parts)
    height, start = 30.0, 0.0
    marks: list[Markup] = []
    for part in parts:
        width = max(part.amount, 0.0) / total if total else 0.0
        if not width:
            continue
        marks.append(
            _tag(
                "rect",
                x=_across(start),
                y="0",
                width=_across(width),
                height=height,
                class_=f"part {part.key}",
            )
        )
        if has_shares and width >= ROOM_FOR_SHARE:
            marks.append(
                _text(share(width, 0), _across(start + width / 2), height / 2 + 4.5, "middle", f"inside {part.key}")
            )
        start += width
    return _picture(label, height, "chart-bar", *marks)


def stacked_columns(stacks: Sequence[Stack], label: str, height: float = 190) -> Markup:
    """Amounts of successive periods, each a column of its parts; what is negative hangs below zero."""
    tops = [sum(max(part.amount, 0.0) for part in stack.parts) for stack in stacks]
    depths = [sum(min(part.amount, 0.0) for part in stack.parts) for stack in stacks]
    scale = Scale.around([0.0, *tops, *depths], 4)
    slot = 1 / len(stacks)
    marks: list[Markup] = []
    for index, stack in enumerate(stacks):
        up = down = 0.0
        for part in stack.parts:
            base = up if part.amount >= 0 else down
            top, bottom = max(base, base + part.amount), min(base, base + part.amount)
            drawn = height * (scale.share(top) - scale.share(bottom))
            if part.amount >= 0:
                up += part.amount
            else:
                down += part.amount
            if drawn < 0.05:
                continue
            marks.append(
                _tag(
                    "rect",
                    x=_across((index + 0.14) * slot),
                    y=height * (1 - scale.share(top)),
                    width=_across(0.72 * slot),
                    height=drawn,
                    class_=f"part {part.key}",
                )
            )
    return _picture(
        label,
        height + 2 * LABEL_DROP,
        "chart-columns",
        *_grid(scale, height, short_money),
        *marks,
        *_period_labels([(stack.label, stack.second_label) for stack in stacks], height),
    )


def _period_labels(labels: Sequence[tuple[str, str]], height: float) -> Iterator[Markup]:
    for index, (label, second) in enumerate(labels):
        at = _across((index + 0.5) / len(labels))
        yield _text(label, at, height + 16, "middle", "tick")
        if second:
            yield _text(second, at, height + 31, "middle", "tick")


def score_range(scores: Sequence[Score]) -> Scale | None:
    """One scale for all the scores that are shown and their intervals."""
    ends = [end for score in scores if score.shown is not None for end in score.shown]
    return Scale.of_scores(ends) if ends else None


def trend_range(*series: Sequence[Day]) -> Scale | None:
    """One scale for several series, for their last days and all with enough answers: few answers do not set it."""
    scores = [day.score for days in series for day in days if day is days[-1] or not day.score.is_low_sample]
    return score_range(scores) or score_range([day.score for days in series for day in days])


def beyond(days: Sequence[Day], scale: Scale) -> int:
    """On how many days the interval reaches beyond the scale."""
    return sum(day.score.shown is not None and not scale.holds(*day.score.shown) for day in days)


def trend_label(what: str, days: Sequence[Day]) -> str:
    """The words of a trend: where it starts, where it ends, and its extremes."""
    shown = [(day.date, day.score.shown[0]) for day in days if day.score.shown is not None]
    if not shown:
        return f"{what}: no score is shown."
    lowest, highest = min(shown, key=lambda pair: pair[1]), max(shown, key=lambda pair: pair[1])
    return (
        f"{what}, line with 95 % interval. From {signed_points(shown[0][1])} on {shown[0][0]} "
        f"to {signed_points(shown[-1][1])} on {shown[-1][0]}; lowest {signed_points(lowest[1])} on {lowest[0]}, "
        f"highest {signed_points(highest[1])} on {highest[0]}."
    )
