"""The statistics macros against scipy, R's NPS package and brute force, on the engine that the build runs on."""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import quickjs
from dbt.cli.main import dbtRunner
from scipy import stats

ORACLE = Path(__file__).parent / "oracles" / "nps_intervals_r.csv"
Z = 1.959963984540054

CompileSql = Callable[[str], str]
Matrix = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def compile_sql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CompileSql]:
    """SQL with the project's macros filled in. The project is parsed once; no build is needed."""
    folder = tmp_path_factory.mktemp("compiled")
    project = Path(__file__).parent.parent / "dbt_project"
    common = ["--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(folder / "target")]
    common += ["--log-path", str(folder / "logs"), "--quiet"]
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("NPS_BUILD_FILE", str(folder / "empty.duckdb"))
    manifest: Any = dbtRunner().invoke(["parse", *common]).result
    runner = dbtRunner(manifest=manifest)

    @functools.cache
    def compile_one(sql: str) -> str:
        answer: Any = runner.invoke(["compile", "--inline", sql, "--no-introspect", *common])
        assert answer.success, answer.exception
        return str(answer.result.results[0].node.compiled_code)

    yield compile_one
    monkeypatch.undo()


@pytest.mark.parametrize("probability", [0.975, 0.8])
def test_t_quantile_equals_scipy_over_its_whole_range(compile_sql: CompileSql, probability: float) -> None:
    degrees = np.concatenate([np.geomspace(1, 1e9, 20_000), np.arange(1, 2_000), np.linspace(1, 12, 5_000)])
    cases = pd.DataFrame({"df": degrees})
    query = compile_sql(f"select df, {{{{ t_quantile('df', '{probability}') }}}} as quantile from cases")

    result = run(query, cases=cases)

    # The fits are documented to 8e-12, and scipy's own last digits move by some of it.
    assert np.max(np.abs(result["quantile"] - stats.t.ppf(probability, result["df"]))) < 1e-11


def test_wald_and_adjusted_wald_equal_r_on_every_row_of_the_oracle(compile_sql: CompileSql) -> None:
    cases = pd.read_csv(ORACLE)
    query = compile_sql(
        """
        select
            wald_lo, wald_hi, aw_lo, aw_hi,
            {{ wald_interval('promoters', 'passives', 'detractors', -1) }} as wald_low,
            {{ wald_interval('promoters', 'passives', 'detractors', 1) }} as wald_high,
            {{ wald_interval('promoters', 'passives', 'detractors', -1, pseudo_answers=3) }} as adjusted_low,
            {{ wald_interval('promoters', 'passives', 'detractors', 1, pseudo_answers=3) }} as adjusted_high,
            {{ adjusted_wald_interval('promoters', 'passives', 'detractors', -1) }} as clipped_low,
            {{ adjusted_wald_interval('promoters', 'passives', 'detractors', 1) }} as clipped_high
        from cases
        """
    )

    result = run(query, cases=cases)

    assert len(result) == 70
    for ours, theirs in [
        ("wald_low", "wald_lo"),
        ("wald_high", "wald_hi"),
        ("adjusted_low", "aw_lo"),
        ("adjusted_high", "aw_hi"),
    ]:
        assert np.max(np.abs(result[ours] - result[theirs])) < 1e-9, ours
    assert np.allclose(result["clipped_low"], result["aw_lo"].clip(lower=-100), rtol=0, atol=1e-9)
    assert np.allclose(result["clipped_high"], result["aw_hi"].clip(upper=100), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("promoters", "passives", "detractors", "low", "high"),
    [
        (60, 20, 20, 23.38, 54.29),
        (50, 40, 10, 25.93, 51.74),
        (10, 0, 0, 47.50, 100.00),
        (18, 11, 2, 25.51, 68.61),
        (300, 100, 100, 32.77, 46.75),
    ],
)
def test_adjusted_wald_gives_the_golden_intervals(
    compile_sql: CompileSql, promoters: int, passives: int, detractors: int, low: float, high: float
) -> None:
    cases = pd.DataFrame({"p": [promoters], "n": [passives], "d": [detractors]})
    query = compile_sql(
        "select {{ adjusted_wald_interval('p', 'n', 'd', -1) }} as low, "
        "{{ adjusted_wald_interval('p', 'n', 'd', 1) }} as high from cases"
    )

    result = run(query, cases=cases).iloc[0]

    assert (round(result["low"], 2), round(result["high"], 2)) == (low, high)


def clusters_of_every_kind() -> dict[str, list[tuple[float, float]]]:
    """Cells of (numerator, denominator) pairs, one per cluster, of the shapes that the marts meet."""
    rng = np.random.default_rng(20260701)

    def scores(n_clusters: int, most: int) -> list[tuple[float, float]]:
        sizes = rng.integers(1, most + 1, n_clusters)
        return [(float(rng.choice([100, 0, -100], size).sum()), float(size)) for size in sizes]

    def money(n_clusters: int) -> list[tuple[float, float]]:
        base = np.exp(rng.normal(9, 1.5, n_clusters))
        return [(float(b * g), float(b)) for b, g in zip(base, rng.normal(1.05, 0.3, n_clusters), strict=True)]

    return {
        "two_accounts": [(100.0, 2.0), (-100.0, 1.0)],
        "ten_accounts": scores(10, 6),
        "thousand_accounts": scores(1_000, 4),
        "independent_answers": scores(200, 1),
        "one_dominant_account": [*scores(40, 2), (3_000.0, 90.0)],
        "revenue_heavy_tailed": money(300),
        "net_losses": [(-a, b) for a, b in money(50)],
    }


# How clusters are handed over: those alike in both are counted, or those alike in the denominator are summed.
CLASSES = {
    "alike": (
        "select cell, numerator, denominator, count(*) as n_clusters from cases group by cell, numerator, denominator",
        "",
    ),
    "of one denominator": (
        "select cell, denominator, sum(numerator) as numerator, var_pop(numerator) * count(*) as spread, "
        "count(*) as n_clusters from cases group by cell, denominator",
        ", spread='spread'",
    ),
    "summed before": (
        "select cell, numerator, denominator, count(*) as n_clusters from cases group by cell, numerator, denominator",
        ", sums='(select cell, sum(n_clusters) as n_clusters, max(denominator) as largest_denominator, "
        "sum(numerator * n_clusters) as numerator_total, sum(denominator * n_clusters) as denominator_total "
        "from classes group by cell) as summed'",
    ),
}


@pytest.mark.parametrize("classes", CLASSES)
def test_jackknife_equals_a_brute_force_delete_one_loop(compile_sql: CompileSql, classes: str) -> None:
    cells = clusters_of_every_kind()
    cases = pd.DataFrame(
        [(cell, a, b) for cell, pairs in cells.items() for a, b in pairs], columns=["cell", "numerator", "denominator"]
    )
    grouped, told = CLASSES[classes]
    query = compile_sql(
        f"""
        with classes as (
            {grouped}
        )

        select *, {{{{ t_quantile('degrees_of_freedom') }}}} as quantile
        from {{{{ jackknife_ratio('classes', ['cell']{told}) }}}}
        """
    )

    found = run(query, cases=cases).set_index("cell")

    assert sorted(found.index) == sorted(cells)
    for cell, pairs in cells.items():
        expected = deleted_one_by_one(pairs)
        for column, value in expected.items():
            # Relative to 1e-9: money cells are millions, scores are tens.
            assert math.isclose(float(found[column][cell]), value, rel_tol=1e-9, abs_tol=1e-12), (cell, column)


def deleted_one_by_one(pairs: list[tuple[float, float]]) -> dict[str, float]:
    """The ratio, its jackknife error by deleting each cluster in turn, CRV1, effective clusters and the t quantile."""
    a, b = np.array(pairs).T
    n, theta = len(pairs), a.sum() / b.sum()
    without = np.array([np.delete(a, i).sum() / np.delete(b, i).sum() for i in range(n)])
    shares = b / b.sum()
    effective = 1 / (shares**2).sum()
    degrees = max(effective - 1, 1)
    return {
        "n_clusters": n,
        "estimate": theta,
        "std_error": math.sqrt((n - 1) / n * ((without - theta) ** 2).sum()),
        "std_error_crv1": math.sqrt(n / (n - 1) * (((a - theta * b) / b.sum()) ** 2).sum()),
        "effective_clusters": effective,
        "degrees_of_freedom": degrees,
        "quantile": float(stats.t.ppf(0.975, degrees)),
    }


def test_a_heavy_tail_leaves_no_more_degrees_of_freedom_than_one_over_the_largest_share(
    compile_sql: CompileSql,
) -> None:
    """A ratio, and a sum of two, over ten accounts of which one is nine times as large, and over ten that are alike."""
    rng = np.random.default_rng(13)
    kinds = {"heavy": [9.0] + [1.0] * 9, "even": [1.0] * 10}
    cases = pd.DataFrame(
        [
            {"cell": kind, "part": part, "account": account, "denominator": b, "coefficient": c, "n_clusters": 1}
            for kind, sizes in kinds.items()
            for part, c, order in ((0, 0.25, 1), (1, 0.5, -1))
            for account, b in enumerate(sizes[::order])
        ]
    )
    cases["numerator"] = cases["denominator"] * rng.normal(1, 0.1, len(cases))
    one = compile_sql("select * from {{ jackknife_ratio('cases', ['cell'], heavy_tailed=true) }}")
    both = compile_sql(
        "select * from {{ jackknife_ratio('cases', ['cell'], part='part', cluster='account', heavy_tailed=true) }}"
    )

    by_ratio = run(one, cases=cases[cases["part"] == 0]).set_index("cell")["degrees_of_freedom"]
    by_sum = run(both, cases=cases).set_index("cell")["degrees_of_freedom"]

    # Of the ratio the large account has 9 of 18, and 1 / sum h^2 - 1 would be 2.6. Of the sum it has half of one part,
    # with coefficient .5, and a small account's share of the other.
    assert by_ratio.to_dict() == pytest.approx({"heavy": 2.0, "even": 9.0})
    assert by_sum.to_dict() == pytest.approx({"heavy": 0.75 / (0.5 * 0.5 + 0.25 / 18), "even": 9.0})


def test_a_jackknife_finds_the_parts_of_a_cluster_by_the_columns_that_are_named(compile_sql: CompileSql) -> None:
    """Two differences that share the middle of three groups: once with a row for each part, once with a row a group."""
    rng = np.random.default_rng(14)
    groups = pd.DataFrame({"account": np.arange(60), "name": np.repeat(["low", "middle", "high"], 20), "n_clusters": 1})
    groups["denominator"] = rng.uniform(1, 5, 60)
    groups["numerator"] = groups["denominator"] * rng.normal(1, 0.2, 60)
    ends = pd.DataFrame(
        {"cell": [1, 1, 2, 2], "name": ["low", "middle", "middle", "high"], "coefficient": [-1.0, 1.0, -1.0, 1.0]}
    )
    ends["part"] = ends["coefficient"]
    parts = groups.merge(ends, on="name")
    sums = parts.groupby(["cell", "name", "coefficient", "part"], as_index=False).agg(
        n_clusters=("account", "size"),
        largest_denominator=("denominator", "max"),
        numerator_total=("numerator", "sum"),
        denominator_total=("denominator", "sum"),
    )
    written = "['cell'], part='part', cluster='account'"
    by_part = compile_sql(f"select * from {{{{ jackknife_ratio('parts', {written}) }}}} order by cell")
    by_group = compile_sql(
        f"select * from {{{{ jackknife_ratio('groups', {written}, sums='sums', matched_by=['name']) }}}} order by cell"
    )

    wanted, found = run(by_part, parts=parts), run(by_group, groups=groups, sums=sums)

    assert len(found) == 2
    # Sums of pandas are rounded otherwise than those of the query, by some 1e-16.
    np.testing.assert_allclose(found.to_numpy(dtype=float), wanted.to_numpy(dtype=float), rtol=1e-12)


def test_jackknife_keeps_its_digits_where_each_of_many_accounts_changes_next_to_nothing(
    compile_sql: CompileSql,
) -> None:
    rng = np.random.default_rng(20260702)
    b = rng.uniform(500, 5_000, 400_000)
    cases = pd.DataFrame(
        {"cell": 1, "numerator": b * rng.normal(1e-3, 4e-3, len(b)), "denominator": b, "n_clusters": 1}
    )
    query = compile_sql("select * from {{ jackknife_ratio('cases', ['cell']) }}")

    result = run(query, cases=cases).iloc[0]

    theta = cases["numerator"].sum() / b.sum()
    deleted = (cases["numerator"] - theta * b) / (b.sum() - b)
    expected = math.sqrt((len(b) - 1) / len(b) * (deleted**2).sum())
    # A squared change is 1e-17 here: to the 18 decimals of a sum it would be right to 3e-5 only.
    assert math.isclose(float(result["std_error"]), expected, rel_tol=1e-9)


def test_a_cell_of_one_cluster_has_no_error(compile_sql: CompileSql) -> None:
    cases = pd.DataFrame({"cell": ["alone"], "numerator": [200.0], "denominator": [3.0], "n_clusters": [1]})
    query = compile_sql("select * from {{ jackknife_ratio('cases', ['cell']) }}")

    result = run(query, cases=cases).iloc[0]

    assert result["estimate"] == pytest.approx(200 / 3, abs=1e-12)
    assert pd.isna(result["std_error"]) and pd.isna(result["std_error_crv1"])


def test_t_p_value_equals_scipy_over_its_whole_range(compile_sql: CompileSql) -> None:
    rng = np.random.default_rng(11)
    cases = pd.DataFrame(
        {
            "t": np.concatenate([rng.normal(0, 3, 20_000), np.geomspace(1e-8, 1e3, 5_000), [0.0]]),
            "df": np.concatenate([rng.permutation(np.geomspace(1, 1e7, 25_000)), [1.0]]),
        }
    )
    query = compile_sql(
        "select t, df, {{ t_p_value('y', 'df') }} as p from (select *, {{ t_as_normal('t', 'df') }} as y from cases)"
    )

    result = run(query, cases=cases)

    expected = 2 * stats.t.sf(result["t"].abs(), result["df"])
    assert np.max(np.abs(result["p"] - expected)) < 1e-8
    # Also where it is small, as far as anybody reads it.
    assert np.max(np.abs(result["p"] / expected - 1)[expected > 1e-12]) < 1e-8


def test_jackknife_of_parts_equals_deleting_accounts_one_by_one(compile_sql: CompileSql) -> None:
    """A standardised gap: two groups in three strata; some accounts are in both groups, or in two strata."""
    rng = np.random.default_rng(5)
    mix = np.array([0.5, 0.3, 0.2])
    accounts, parts = rng.integers(0, 60, 200), rng.integers(0, 6, 200)
    base = np.exp(rng.normal(8, 1, 200))
    rows = pd.DataFrame(
        {
            "cell": "gap",
            "account": accounts,
            "part": parts,
            "coefficient": np.where(parts < 3, 1, -1) * mix[parts % 3],
            "numerator": base * rng.normal(1, 0.3, 200),
            "denominator": base,
        }
    )
    rows = rows.groupby(["cell", "account", "part", "coefficient"], as_index=False).sum().assign(n_clusters=1)
    query = compile_sql("select * from {{ jackknife_ratio('cases', ['cell'], part='part', cluster='account') }}")

    def gap(kept: pd.DataFrame) -> float:
        sums = kept.groupby("part")[["numerator", "denominator"]].sum()
        return float((np.array([*mix, *-mix]) * sums["numerator"] / sums["denominator"]).sum())

    result = run(query, cases=rows).iloc[0]

    estimate, names = gap(rows), sorted(set(accounts))
    without = np.array([gap(rows[rows["account"] != name]) for name in names])
    sides = []
    for side in (rows[rows["coefficient"] > 0], rows[rows["coefficient"] < 0]):
        shares = side["coefficient"].abs() * side["denominator"] / side.groupby("part")["denominator"].transform("sum")
        sides.append(1 / (shares.groupby(side["account"]).sum() ** 2).sum())
    g = len(names)
    assert result["n_clusters"] == g
    assert result["estimate"] == pytest.approx(estimate, rel=1e-9)
    assert result["std_error"] == pytest.approx(math.sqrt((g - 1) / g * ((without - estimate) ** 2).sum()), rel=1e-9)
    assert result["effective_clusters"] == pytest.approx(min(sides), rel=1e-9)


def test_jackknife_with_leverage_equals_estimating_a_balanced_panel_without_each_account(
    compile_sql: CompileSql,
) -> None:
    """Accounts of unlike, constant weight: deleting one moves the period effects too."""
    rng = np.random.default_rng(9)
    weights = np.exp(rng.normal(0, 1, 40))
    x, y = rng.normal(0, 50, (40, 6)), rng.normal(0, 1, (40, 6))

    def residuals(values: np.ndarray, w: np.ndarray) -> np.ndarray:
        centred = values - values.mean(axis=1, keepdims=True)
        return np.asarray(centred - (w[:, None] * centred).sum(axis=0) / w.sum())

    def slope(kept: np.ndarray) -> float:
        u, v, w = residuals(x[kept], weights[kept]), residuals(y[kept], weights[kept]), weights[kept][:, None]
        return float((w * u * v).sum() / (w * u * u).sum())

    u, v = residuals(x, weights), residuals(y, weights)
    cases = pd.DataFrame(
        {
            "cell": "panel",
            "numerator": weights * (u * v).sum(axis=1),
            "denominator": weights * (u * u).sum(axis=1),
            "n_clusters": 1,
            "leverage": weights / weights.sum(),
        }
    )
    query = compile_sql("select * from {{ jackknife_ratio('cases', ['cell'], leverage='leverage') }}")

    result = run(query, cases=cases).iloc[0]

    everybody = np.arange(40)
    without = np.array([slope(np.delete(everybody, i)) for i in everybody])
    expected = math.sqrt(39 / 40 * ((without - slope(everybody)) ** 2).sum())
    assert result["std_error"] == pytest.approx(expected, rel=1e-9)


PANELS = ["connected", "two_parts", "a_period_of_nobody", "weights_far_apart"]


@pytest.mark.parametrize("panel", PANELS)
def test_period_effects_solve_the_normal_equations(compile_sql: CompileSql, panel: str) -> None:
    couplings, sides = normal_equations(panel)
    cases = pd.DataFrame({"matrix": [np.hstack([couplings, sides]).tolist()]})
    query = compile_sql("select {{ solved_couplings('matrix', '8') }} as solution from cases")

    solution = np.array([list(line) for line in run(query, cases=cases)["solution"][0]])[:, 8:]

    assert_solved(solution, couplings, sides)
    assert panel != "a_period_of_nobody" or (solution[5] == 0).all()


@pytest.mark.parametrize("panel", PANELS)
def test_warehouses_with_a_script_solve_them_too(compile_sql: CompileSql, panel: str) -> None:
    couplings, sides = normal_equations(panel)
    script = compile_sql("{{ _couplings_script() }}")
    solve = quickjs.Function("solve", f"function solve(solved, n) {{ {script} return solved; }}")

    solution = np.array(solve(np.hstack([couplings, sides]).tolist(), 8))[:, 8:]

    assert_solved(solution, couplings, sides)
    assert panel != "a_period_of_nobody" or (solution[5] == 0).all()


def normal_equations(panel: str) -> tuple[Matrix, Matrix]:
    """The couplings of eight periods of a small panel, and right sides that the equations can have."""
    rng = np.random.default_rng(3)
    weights = rng.random((30, 8)) * (rng.random((30, 8)) < 0.6)
    if panel == "two_parts":
        weights[:15, 4:], weights[15:, :4] = 0, 0
    elif panel == "a_period_of_nobody":
        weights[:, 5] = 0
    elif panel == "weights_far_apart":
        weights *= 10.0 ** rng.integers(-6, 7, (30, 1))
    weights = weights[weights.sum(axis=1) > 0]
    couplings = (weights / weights.sum(axis=1, keepdims=True)).T @ weights
    # Sums of deviations from the accounts' means.
    return couplings, laplacian(couplings) @ rng.normal(0, 1, (8, 3))


def laplacian(couplings: Matrix) -> Matrix:
    return np.asarray(np.diag(couplings.sum(axis=1)) - couplings)


def assert_solved(solution: Matrix, couplings: Matrix, sides: Matrix) -> None:
    # Relative to what flows through each period; the last digits of the sides themselves are rounded.
    scale = np.maximum(couplings.sum(axis=1, keepdims=True), 1e-300)
    assert np.max(np.abs(laplacian(couplings) @ solution - sides) / np.maximum(np.abs(sides), scale)) < 1e-9


def test_exact_sum_does_not_depend_on_the_order_of_rows(compile_sql: CompileSql) -> None:
    rng = np.random.default_rng(7)
    values = rng.normal(0, 1, 100_000) * 10.0 ** rng.integers(-8, 8, 100_000)
    query = compile_sql("select {{ exact_sum('x') }} as total from cases")

    totals = {run(query, cases=pd.DataFrame({"x": rng.permutation(values)}))["total"][0] for _ in range(5)}

    assert len(totals) == 1
    assert totals.pop() == pytest.approx(math.fsum(values), rel=1e-12)


def test_exact_sum_holds_the_squares_of_sums_of_money(compile_sql: CompileSql) -> None:
    """A sum of money reaches 10^18, and a standard error squares what an account does to it."""
    rng = np.random.default_rng(8)
    values = rng.choice([-1.0, 1.0], 1_000) * 10.0 ** rng.integers(0, 35, 1_000) * rng.random(1_000)
    query = compile_sql("select {{ exact_sum('x') }} as total from cases")

    totals = {run(query, cases=pd.DataFrame({"x": rng.permutation(values)}))["total"][0] for _ in range(5)}

    assert len(totals) == 1
    assert totals.pop() == pytest.approx(math.fsum(values), rel=1e-12)


def test_exact_sum_of_small_terms_is_exact_and_refuses_a_large_one(compile_sql: CompileSql) -> None:
    rng = np.random.default_rng(9)
    values = rng.choice([-1.0, 1.0], 100_000) * 10.0 ** rng.integers(-8, 18, 100_000) * rng.random(100_000)
    query = compile_sql("select {{ exact_sum('x', is_small=true) }} as total from cases")

    totals = {run(query, cases=pd.DataFrame({"x": rng.permutation(values)}))["total"][0] for _ in range(5)}

    assert totals == {math.fsum(values)}
    with pytest.raises(duckdb.ConversionException, match="out of range"):
        run(query, cases=pd.DataFrame({"x": [1.0, 1e19]}))


def test_exact_sum_of_whole_numbers_is_whole(compile_sql: CompileSql) -> None:
    """Sums through wide decimals alone gave 542000.0000000001, by which slices no longer added up to the total."""
    wholes = pd.DataFrame({"x": [float(100 * n) for n in range(1, 20_001)]})
    query = compile_sql("select x, {{ exact_sum('x') }} as total from cases group by x")

    result = run(query, cases=wholes)

    assert (result["total"] == result["x"]).all()


@pytest.mark.parametrize(
    ("promoters", "passives", "detractors", "is_one_answer_each", "std_error", "method", "reportable", "reason"),
    [
        (0, 0, 0, True, None, None, False, "no_answers"),
        (4, 0, 0, True, 0.0, None, False, "suppressed"),
        (20, 5, 4, True, 9.0, "adjusted_wald", False, "low_sample"),
        (20, 5, 5, True, 9.0, "adjusted_wald", True, None),
        (20, 5, 5, False, 9.0, "account_jackknife", True, None),
        (30, 0, 0, False, 0.0, "adjusted_wald_effective", True, None),
        (30, 5, 5, False, None, None, False, "one_account"),
    ],
)
def test_each_cell_names_its_method_or_its_refusal(
    compile_sql: CompileSql,
    promoters: int,
    passives: int,
    detractors: int,
    is_one_answer_each: bool,
    std_error: float | None,
    method: str | None,
    reportable: bool,
    reason: str | None,
) -> None:
    n = promoters + passives + detractors
    cases = pd.DataFrame(
        {
            "n_scored": [n],
            "n_promoters": [promoters],
            "n_passives": [passives],
            "n_detractors": [detractors],
            "nps": [100 * (promoters - detractors) / n if n else None],
            "is_one_answer_each": [is_one_answer_each],
            "std_error": pd.array([std_error], dtype="Float64"),
            "degrees_of_freedom": [12.5],
            "effective_clusters": [13.5],
        }
    )
    query = compile_sql("select nps, {{ score_interval_columns() }} from cases")

    result = run(query, cases=cases).iloc[0]

    assert result["ci_method"] == method or (method is None and pd.isna(result["ci_method"]))
    assert bool(result["is_reportable"]) is reportable
    assert result["suppression_reason"] == reason or (reason is None and pd.isna(result["suppression_reason"]))
    if method is None:
        assert pd.isna(result["ci_low"]) and pd.isna(result["ci_high"])
    else:
        assert -100 <= result["ci_low"] <= result["nps"] <= result["ci_high"] <= 100
    if method == "account_jackknife":
        assert result["margin_of_error"] == pytest.approx(9.0 * stats.t.ppf(0.975, 12.5), abs=1e-9)
    if method == "adjusted_wald_effective":
        # 13.5 promoters and nobody else, by the formula in domain terms: n + 3 answers, three quarters to each end.
        mean, variance = 13.5 / 16.5, 15 / 16.5 - (13.5 / 16.5) ** 2
        assert result["ci_low"] == pytest.approx(100 * (mean - Z * math.sqrt(variance / 16.5)), abs=1e-9)


def test_the_oracle_is_r_s_and_whole() -> None:
    with ORACLE.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))

    assert all(int(r["n"]) == int(r["promoters"]) + int(r["passives"]) + int(r["detractors"]) for r in rows)


def run(query: str, **tables: pd.DataFrame) -> pd.DataFrame:
    with duckdb.connect() as connection:
        for name, frame in tables.items():
            connection.register(name, frame)
        return connection.sql(query).df()


def test_clusters_that_are_alike_may_go_by_one_name(compile_sql: CompileSql) -> None:
    """A change between two periods: each account listed or accounts of a kind counted, the same to the last digits."""
    kinds = [((2, 200), (1, -100), 3), ((1, 0), (1, 100), 5), ((1, -100), None, 4), (None, (2, 0), 2)]
    listed, counted = [], []
    for kind, (before, after, n_alike) in enumerate(kinds):
        for side, sums in ((-1, before), (1, after)):
            if sums is not None:
                row = {"cell": 1, "side": side, "coefficient": side, "denominator": sums[0], "numerator": sums[1]}
                counted.append(row | {"cluster": kind, "n_clusters": n_alike})
                listed += [row | {"cluster": 100 * kind + n, "n_clusters": 1} for n in range(n_alike)]
    query = compile_sql(
        "select * from {{ jackknife_ratio('classes', ['cell'], part='side', cluster='cluster') }} as estimates"
    )

    by_account, by_kind = (run(query, classes=pd.DataFrame(rows)).iloc[0] for rows in (listed, counted))

    for column in ("n_clusters", "estimate", "std_error", "std_error_crv1", "effective_clusters"):
        assert by_kind[column] == pytest.approx(by_account[column], rel=1e-12), column
