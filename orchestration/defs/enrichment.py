"""What is made of raw tables before dbt runs, and kept from night to night: comments read, accounts as they were."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.comments import enrichment, names
from orchestration.comments.enrichment import enrich
from orchestration.comments.names import land_named_comments
from orchestration.company.project import reference_file
from orchestration.defs.project import MANIFEST, asset_key
from orchestration.defs.resources import POOL, Build, explained
from orchestration.files import file_hash
from orchestration.raw.tables import RAW_SCHEMA
from orchestration.release.warehouse import open_build
from orchestration.settings import Settings, now
from orchestration.transform import account_history
from orchestration.transform.account_history import keep_account_versions

KEYS = {(source["schema"], source["name"]): asset_key(unique_id) for unique_id, source in MANIFEST["sources"].items()}
COMMENTS = KEYS[enrichment.SCHEMA, enrichment.TABLE]
NAMED_COMMENTS = KEYS[enrichment.SCHEMA, names.TABLE]
COMMENT_THEMES = KEYS[enrichment.SCHEMA, enrichment.THEMES_TABLE]
ACCOUNT_VERSIONS = KEYS[account_history.SCHEMA, account_history.TABLE]


@dg.multi_asset(
    name="enrichment",
    specs=[
        dg.AssetSpec(
            COMMENTS,
            deps=[KEYS[RAW_SCHEMA, "survey_responses"]],
            group_name="enrichment",
            kinds={"python", "parquet"},
            description="Language, tone and redacted text of each distinct comment, read once and kept.",
        ),
        dg.AssetSpec(
            COMMENT_THEMES,
            deps=[KEYS[RAW_SCHEMA, "survey_responses"]],
            group_name="enrichment",
            kinds={"python", "parquet"},
            description="The themes of each distinct comment, searched once for each vocabulary and kept.",
        ),
        dg.AssetSpec(
            NAMED_COMMENTS,
            deps=[KEYS[RAW_SCHEMA, name] for name in names.SOURCES],
            group_name="enrichment",
            kinds={"python"},
            description="The comments that hold a name of their own record, without it.",
        ),
        dg.AssetSpec(
            ACCOUNT_VERSIONS,
            deps=[KEYS[RAW_SCHEMA, "crm_accounts"]],
            group_name="enrichment",
            kinds={"parquet"},
            description="Every version of an account that a night has seen, kept though a load overwrites it.",
        ),
    ],
    pool=POOL,
)
def enriched_tables(context: dg.AssetExecutionContext, build: dg.ResourceParam[Build]) -> Iterator[Any]:
    record, settings = build.record, build.settings
    with explained(settings), record.phase("enrichment"):
        raw_contents = record.section("raw")["contents"]
        named_before = record.read().get("enrichment", {}).get("named", {})
        record.invalidate("enrichment")
        with open_build(settings, record.say) as connection:
            # The seed's own file: a build reads comments before dbt loads its seeds.
            keywords = reference_file(settings, "theme_keywords")
            enriched = enrich(connection, settings.enrichment_folder, keywords)
            kept = file_hash(settings.enrichment_folder / enrichment.STORE)
            named_from = [names.VERSION, kept, *(raw_contents[name] for name in names.SOURCES)]
            # Nothing can be told of a source without a hash.
            is_left = None not in named_from and named_before.get("from") == named_from and names.is_landed(connection)
            named_hash = named_before["hash"] if is_left else land_named_comments(connection)
            n_added = keep_account_versions(
                connection, settings.history_folder, settings.as_of, now().date(), settings.fields.get("accounts", ())
            )
    record.write(
        "enrichment",
        {
            "comments": enriched.n_comments,
            "read": enriched.n_read,
            "searched": enriched.n_searched,
            "account_versions_added": n_added,
            "named": {"from": named_from, "hash": named_hash},
            "contents": {names.TABLE: named_hash},
        },
    )
    yield dg.MaterializeResult(
        COMMENTS, metadata={"dagster/row_count": enriched.n_comments, "read this time": enriched.n_read}
    )
    yield dg.MaterializeResult(COMMENT_THEMES, metadata={"searched this time": enriched.n_searched})
    yield dg.MaterializeResult(NAMED_COMMENTS)
    yield dg.MaterializeResult(ACCOUNT_VERSIONS, metadata={"seen for the first time": n_added})


def stores(settings: Settings) -> dict[str, Path]:
    """The file in which each of the tables is kept, by the name of its dbt source."""
    return {
        enrichment.TABLE: settings.enrichment_folder / enrichment.STORE,
        enrichment.THEMES_TABLE: settings.enrichment_folder / enrichment.STORE,
        account_history.TABLE: settings.history_folder / account_history.STORE,
    }
