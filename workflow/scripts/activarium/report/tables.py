"""What a report is made from: the study's tables as DataFrames, and the analysis."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass
class Tables:
    """runs, epochs, costs, summaries and contrasts as `activarium.tables` has them; `analysis`."""

    runs: pd.DataFrame
    epochs: pd.DataFrame
    costs: pd.DataFrame
    summaries: pd.DataFrame
    contrasts: pd.DataFrame
    analysis: dict

    @classmethod
    def read(cls, parquets, analysis):
        """Read them from their files; a Parquet file's name is its table's."""
        frames = {Path(p).stem: pd.read_parquet(p) for p in parquets}
        return cls(**frames, analysis=json.loads(Path(analysis).read_text()))
