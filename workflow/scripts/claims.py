"""Settle the claims of the literature by published studies."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from pathlib import Path

from activarium.claims import read_claims, settle_claims, write_settled
from activarium.claims.claims_page import claims_page
from activarium.claims.published_studies import read_studies
from activarium.runtime import files
from activarium.runtime.errors import open_log

with open_log(snakemake.log[0]):
    claims = read_claims(snakemake.params.claims)
    studies = read_studies(
        {Path(f).parent for f in snakemake.input.studies}, snakemake.input.schema
    )
    settled, evidence = settle_claims(claims, studies)
    out = snakemake.output
    write_settled(settled, evidence, Path(out.page).parent)
    files.write_text(out.page, claims_page(settled, evidence))
