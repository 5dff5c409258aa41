"""The data and the build: what became of every row, what was checked, and what made these numbers."""

from __future__ import annotations

from orchestration.report import charts
from orchestration.report.document import (
    Block,
    Cell,
    Chart,
    Column,
    Facts,
    Figure,
    Figures,
    Legend,
    Links,
    Messages,
    Page,
    Refusal,
    Row,
    Section,
    Source,
    Table,
)
from orchestration.report.numbers import NOTHING, count, counted, long_date, phrase, ratio, share
from orchestration.report.release import Build, Release

VERDICTS = (
    Legend("accepted", "Accepted"),
    Legend("superseded", "Superseded by a newer version"),
    Legend("deleted", "Deleted by the source"),
    Legend("quarantined", "Quarantined"),
)
NOT_RECORDED = "not recorded"
# What is published beside report/index.html, by its path from there.
BESIDE = (
    ("../validation/index.html", "Validation", "every rule that was checked, with the rows that broke it"),
    ("../nps.duckdb", "nps.duckdb", "the published tables, for BI tools and SQL"),
    ("../build.json", "build.json", "the record of this build"),
)


def page(release: Release, build: Build) -> Page:
    return Page(
        "data",
        "Data and checks",
        [_checks(build), _arrived(release), _rows(release), _quarantine(release), _published(build), _build(build)],
    )


def _checks(build: Build) -> Section:
    checks = build.mapping("checks")
    warned, failed = int(checks.get("warned", 0)), int(checks.get("failed", 0))
    warnings = build.texts("warnings")
    figures = Figures(
        [
            Figure("Checks passed", count(int(checks.get("passed", 0))), tone="good"),
            Figure("Warned", count(warned), tone="warn" if warned else ""),
            Figure("Failed", count(failed), tone="bad" if failed else "", note="a failed check stops publication"),
            Figure("Ignored in the raw files", count(len(warnings)), tone="warn" if warnings else ""),
        ],
        source=Source("build.json", "checks, warned, warnings"),
    )
    blocks: list[Block] = [
        figures,
        Messages("What warned", build.texts("warned"), "No check warned."),
        Messages("What was ignored", warnings, "Every raw file and every column was known."),
        Links(BESIDE),
    ]
    return Section(
        "checks",
        "What was checked",
        blocks,
        lead="Rules that block have to hold before anything is published; rules that warn are for you to judge.",
    )


def _arrived(release: Release) -> Section:
    slug, title = "arrived", "What arrived"
    rows = release.rows(
        "select * from marts.source_checks "
        "order by case verdict when 'failed' then 1 when 'warned' then 2 else 3 end, raw_table, check_name, subject"
    )
    source = Source("marts.source_checks")
    seen = [row for row in rows if row["verdict"] != "passed"]
    lead = (
        f"{counted(len(rows), 'check')} looked at surveys, amounts, ids and dates; "
        f"{count(len(rows) - len(seen))} passed. What fails is withheld: the survey, or every estimate in money."
    )
    if not seen:
        return Section(slug, title, [Messages("What was seen", [], "Nothing arrived that should not.")], lead=lead)
    columns = [
        Column("Raw table", "code"),
        Column("About", "code"),
        Column("Check"),
        Column("Verdict"),
        Column("Rows", "number", note="flagged"),
        Column("Share", "number", note="of the rows"),
        Column("Amount", "number", note="share of all"),
        Column("What was seen, and what to do"),
    ]
    table_rows = [
        Row(
            [
                Cell(str(row["raw_table"])),
                Cell(str(row["subject"])),
                Cell(phrase(row["check_name"])),
                Cell("Withheld" if row["verdict"] == "failed" else "Warned"),
                Cell(count(row["n_flagged"])),
                Cell(share(row["share_flagged"], 1)),
                Cell(NOTHING if row["share_of_amount"] is None else share(row["share_of_amount"], 1)),
                Cell(str(row["message"])),
            ]
        )
        for row in seen
    ]
    return Section(slug, title, [Table("Checks of what arrived", columns, table_rows, source=source)], lead=lead)


def _rows(release: Release) -> Section:
    slug, title = "rows", "What became of every row"
    rows = release.rows("select * from marts.row_reconciliation order by n_raw desc, raw_table")
    source = Source("marts.row_reconciliation", "", "raw = accepted + superseded + deleted + quarantined")
    total = {key: sum(row[f"n_{key}"] for row in rows) for key in ("raw", *(verdict.key for verdict in VERDICTS))}
    if not total["raw"]:
        return Section(slug, title, [Refusal("No row arrived.", source=source)])
    parts = [charts.Part(verdict.key, verdict.label, float(total[verdict.key])) for verdict in VERDICTS]
    words = ", ".join(f"{verdict.label} {count(total[verdict.key])}" for verdict in VERDICTS)
    columns = [
        Column("Raw table", "code"),
        Column("Rows", "number"),
        Column("Accepted", "number"),
        Column("Superseded", "number"),
        Column("Deleted", "number"),
        Column("Quarantined", "number"),
        Column("Share", "number", note="quarantined"),
    ]
    table_rows = [
        Row(
            [
                Cell(str(row["raw_table"])),
                Cell(count(row["n_raw"])),
                *(Cell(count(row[f"n_{key.key}"]), is_quiet=row[f"n_{key.key}"] == 0) for key in VERDICTS),
                Cell(share(ratio(row["n_quarantined"], row["n_raw"]), 2), is_quiet=row["n_quarantined"] == 0),
            ]
        )
        for row in rows
    ]
    table_rows.append(
        Row(
            [
                Cell("All tables"),
                Cell(count(total["raw"])),
                *(Cell(count(total[verdict.key])) for verdict in VERDICTS),
                Cell(share(ratio(total["quarantined"], total["raw"]), 2)),
            ],
            is_total=True,
        )
    )
    return Section(
        slug,
        title,
        [
            Chart("Share of rows", charts.bar(parts, f"Rows: {words}"), legend=VERDICTS),
            Table("Rows by raw table", columns, table_rows, source=source),
        ],
        lead=f"{counted(total['raw'], 'row')} arrived. None is lost: each has one verdict, and the verdicts add up.",
    )


def _quarantine(release: Release) -> Section:
    slug, title = "quarantine", "What was set aside, and why"
    rows = release.rows("select * from marts.quarantine_summary order by raw_table, n_rows desc, reason")
    source = Source("marts.quarantine_summary")
    if not rows:
        return Section(slug, title, [Refusal("No row was quarantined.", source=source)])
    columns = [
        Column("Raw table", "code"),
        Column("Reason"),
        Column("Rows", "number"),
        Column("Example key", "code"),
        Column("First seen"),
    ]
    table_rows = [
        Row(
            [
                Cell(str(row["raw_table"])),
                Cell(phrase(row["reason"])),
                Cell(count(row["n_rows"])),
                Cell(row["example_key"] or NOTHING, is_quiet=not row["example_key"]),
                Cell(long_date(row["first_seen"]) if row["first_seen"] else NOTHING, is_quiet=not row["first_seen"]),
            ]
        )
        for row in rows
    ]
    return Section(
        slug,
        title,
        [Table("Quarantined rows by reason", columns, table_rows, source=source)],
        lead="These rows are in no number of this report. They are kept whole, with their file, in "
        "quality.quarantined_rows of the build file: mend them at the source and they come in with the next build.",
    )


def _published(build: Build) -> Section:
    slug, title = "published", "What is published"
    rows_out = build.mapping("rows_out")
    source = Source("build.json", "rows_out")
    if not rows_out:
        return Section(slug, title, [Refusal("The build has not recorded its tables.", source=source)])
    rows = [Row([Cell(table), Cell(count(int(n_rows)))]) for table, n_rows in sorted(rows_out.items())]
    rows.append(Row([Cell("All tables"), Cell(count(sum(int(n_rows) for n_rows in rows_out.values())))], is_total=True))
    columns = [Column("Table", "code"), Column("Rows", "number")]
    return Section(slug, title, [Table("Tables of nps.duckdb", columns, rows, source=source)])


def _build(build: Build) -> Section:
    versions = ", ".join(f"{package} {version}" for package, version in build.mapping("versions").items())
    facts = [
        ("Build", build.fact("build_id")),
        ("As of", long_date(build.as_of)),
        ("Time zone", build.fact("timezone")),
        ("Currency", build.fact("currency")),
        ("Started", build.fact("started_at")),
        ("Revision", build.fact("git_revision")),
        ("Made with", versions),
    ]
    return Section(
        "build",
        "What made these numbers",
        [Facts([(fact, value or NOT_RECORDED) for fact, value in facts], source=Source("build.json"))],
    )
