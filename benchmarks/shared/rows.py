"""The measurements of engines.py as rows: which, in what order, beside what, and the verdicts."""

from dataclasses import dataclass
from itertools import product

PLAIN, EAGER = "plain loop", "eager"  # what the others stand beside
NO_GPU = "needs CUDA"


@dataclass
class Row:
    """One measurement: asked for, then filled. A missing number is None."""

    candidate: str
    width: int
    precision: str
    k: int
    check: bool = False
    images_per_second: float | None = None
    low: float | None = None
    high: float | None = None
    setup_seconds: float | None = None
    memory_gib: float | None = None
    independent: bool | None = None
    hash: str | None = None
    same_as_eager: bool | None = None
    of_floor: float | None = None
    times_plain: float | None = None
    problem: str | None = None

    @property
    def where(self):
        """What rates may be compared within."""
        return self.width, self.precision

    def fill(self, found, images):
        """Take over what a measurement gave, of epochs of so many `images`."""
        seconds = sorted(found.get("seconds") or [])
        if seconds:
            self.images_per_second = images / seconds[len(seconds) // 2]
            self.low, self.high = images / seconds[-1], images / seconds[0]
        self.setup_seconds, self.memory_gib = found.get("setup"), found.get("memory")
        self.hash, self.independent = found.get("hash"), found.get("independent")

    def __str__(self):
        """What, how fast, at what cost, with which bits."""
        said = {None: "-", True: "yes", False: "no"}
        parts = [f"{self.width:3} {self.precision:8} {self.candidate:25} K={self.k:<2}"]
        parts.append(f"{_number(self.images_per_second, 9, '.0f')} img/s")
        parts.append(f"{_number(self.times_plain, 6, '.2f')} x plain")
        parts.append(f"{_number(self.of_floor, 5, '.1%')} of floor")
        parts.append(f"setup {_number(self.setup_seconds, 5, '.1f')} s")
        parts.append(f"{_number(self.memory_gib, 5, '.1f')} GiB")
        parts.append(f"independent {said[self.independent]:3}")
        parts.append(f"as eager {said[self.same_as_eager]:3}")
        return "  ".join([*parts, self.problem or ""]).rstrip()


def _number(value, width, form):
    return f"{'-' if value is None else format(value, form):>{width}}"


def plan(options, candidates):
    """All rows, the most telling first, and the main K: 8, or the largest below.

    The plain loop; every candidate in turn at the main K on the narrow net and the wide one, so
    that neither is left out where the time ends; then the other Ks. The bits of packs are
    compared at the main K.
    """
    main = max((k for k in options.packs if k <= 8), default=options.packs[0])
    others = [k for k in (1, 16, 4, 2, 8) if k in options.packs and k != main]
    named = [c for c in candidates if c.name == EAGER or (options.only or "") in c.name]
    places = list(product(options.widths, options.precisions))
    rows = [Row(PLAIN, w, p, 1) for w, p in places]
    for c in named:
        k = main if c.any_size else 1
        rows += [Row(c.name, w, p, k, check=True) for w, p in places]
    for w in options.widths:
        for k in others:
            for c in (c for c in named if c.any_size):
                rows += [Row(c.name, w, p, k) for p in options.precisions]
    return [row for row in rows if not any(name in row.candidate for name in options.skip)], main


def compare(row, rows, floor):
    """Set a row beside the eager engine, the plain loop and the floor (seconds an image)."""
    beside = {r.candidate: r for r in rows if r.where == row.where and (r.check or r.k == 1)}
    eager, plain = beside.get(EAGER), beside.get(PLAIN)
    if row.hash and eager and eager.hash:
        row.same_as_eager = row.hash == eager.hash
    if row.images_per_second and floor:
        row.of_floor = row.images_per_second * floor
    if row.images_per_second and plain and plain.images_per_second:
        row.times_plain = row.images_per_second / plain.images_per_second


def failed_before(row, rows):
    """The problem that the same candidate had with no more seeds than this row's, or None."""
    same = [r for r in rows if (r.candidate, r.where) == (row.candidate, row.where)]
    found = [r.problem for r in same if r.problem and r.k <= row.k and r is not row]
    return next((problem for problem in found if problem != NO_GPU), None)


def missing(rows):
    """A line for each problem, with the rows that it left without a rate."""
    for problem in dict.fromkeys(row.problem for row in rows if row.problem):
        of = [f"{r.candidate} {r.width} {r.precision} K={r.k}" for r in rows
              if r.problem == problem]  # fmt: skip
        yield f"{problem}: {len(of)} ({'; '.join(of[:3])}{'; …' if len(of) > 3 else ''})"


def verdict(rows, width, precision):
    """Which candidate whose runs do not depend on their pack is the fastest."""
    here = [r for r in rows if r.where == (width, precision)]
    sure = {r.candidate for r in here if r.independent}
    fast = [r for r in here if r.images_per_second and r.candidate in sure]
    if not fast:
        return f"width {width}, {precision}: nothing independent of the pack was measured"
    best = max(fast, key=lambda r: r.images_per_second)
    plain = "no plain loop beside it"
    if best.times_plain:
        plain = f"{best.times_plain:.2f} x the plain loop"
    return (
        f"width {width}, {precision}: fastest independent of the pack: {best.candidate} at "
        f"K={best.k}, {best.images_per_second:.0f} img/s, {plain}"
    )
