"""Write the atlas: one static site of all published studies, and a card for each activation."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from pathlib import Path

from activarium.atlas import read_evidence, site
from activarium.claims import read_settled
from activarium.runtime import files
from activarium.runtime.errors import open_log
from activarium.study.suite_file import read_suite

read = snakemake.input
with open_log(snakemake.log[0]):
    claims = read_settled(Path(read.claims[0]).parent)
    profiles = [*read.profiles, *read.stated]
    suite = read_suite(read.suite, [Path(file).parent.name for file in read.analyses])
    evidence = read_evidence.read(
        suite, read.analyses, read.questions, profiles, read.numerics, read.proven, claims
    )
    for path, content in site.build_site(evidence).items():
        files.write_bytes(f"{snakemake.output[0]}/{path}", content)
