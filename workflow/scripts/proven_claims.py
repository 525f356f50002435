"""Settle by proof what is claimed of activations: properties, duplicates, distances."""

from activarium.runtime import interrupt

interrupt.end_on_sigint()

from activarium import activations
from activarium.certify import initial_state
from activarium.proven_claims import prove_claims
from activarium.runtime import files
from activarium.runtime.errors import open_log

with open_log(snakemake.log[0]):
    declared = snakemake.params.activations.items()
    specs = [activations.ActivationSpec.from_declared(name, said) for name, said in declared]
    loaded = {spec.name: activations.load(spec) for spec in specs}
    drawn = [name for name, file in loaded.items() if initial_state.is_random(file)]
    found = prove_claims({name: file.definition for name, file in loaded.items()}, drawn)
    files.write_json(snakemake.output[0], found)
