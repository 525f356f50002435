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
    read, page = snakemake.input, snakemake.output.page
    studies = read_studies({Path(file).parent for file in read.studies}, read.schema)
    settled, evidence = settle_claims(read_claims(Path(read.claims[0]).parent), studies)
    write_settled(settled, evidence, Path(page).parent)
    files.write_text(page, claims_page(settled, evidence))
