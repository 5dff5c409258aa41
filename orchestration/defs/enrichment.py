"""What is read from the comments, each once: language, tone, and the text without personal data."""

from typing import Any

import dagster as dg

from orchestration.comments.enrichment import SCHEMA, enrich
from orchestration.defs.project import MANIFEST, asset_key
from orchestration.defs.resources import POOL, Build, explained
from orchestration.raw_tables import RAW_SCHEMA
from orchestration.warehouse import open_build

KEYS = {(source["schema"], source["name"]): asset_key(unique_id) for unique_id, source in MANIFEST["sources"].items()}


@dg.asset(
    key=KEYS[SCHEMA, "comments"],
    deps=[KEYS[RAW_SCHEMA, "survey_responses"]],
    group_name="enrichment",
    kinds={"python", "parquet"},
    description="Language, tone and redacted text of each distinct comment, read once and kept from night to night.",
    pool=POOL,
)
def comments(context: dg.AssetExecutionContext, build: dg.ResourceParam[Build]) -> dg.MaterializeResult[Any]:
    record, settings = build.record, build.settings
    with explained(), record.phase("enrichment"):
        record.section("raw")
        record.invalidate("enrichment")
        with open_build(settings) as connection:
            enriched = enrich(connection, settings.enrichment_folder)
    record.write("enrichment", {"comments": enriched.n_comments, "read": enriched.n_read})
    return dg.MaterializeResult(metadata={"dagster/row_count": enriched.n_comments, "read this time": enriched.n_read})
