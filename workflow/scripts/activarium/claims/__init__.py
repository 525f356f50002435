"""Claims of the literature about activations, settled by published runs.

`read_claims` reads the register, one YAML file a claim. `settle_claims` holds each against the
studies that `published_studies.read_studies` reads. `read_settled` reads what the rule wrote.
"""

from .register import read_claims
from .settle import settle_claims
from .settled_tables import read_settled, write_settled

__all__ = ["read_claims", "read_settled", "settle_claims", "write_settled"]
