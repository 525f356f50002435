"""The evaluation of several runs at once on a GPU, replayed where it was captured."""

from collections.abc import Sequence
from typing import Any

import torch

from .graphs import capture, synchronize


def capture_evaluation(training: Any) -> None:
    """Replay from now on the evaluation of a `step.GraphedTraining`, launched once before."""
    synchronize()
    work = [(training.evaluate_splits, training.stream)]
    training.evaluation_graph = capture(work, training.generators())


def evaluate_together(trainings: Sequence[Any]) -> list[dict]:
    """{split: (loss, correct)} of each `step.GraphedTraining`, computed at the same time."""
    current, evaluations = torch.cuda.current_stream(), []
    for training in trainings:
        training.stream.wait_stream(current)
        with torch.cuda.stream(training.stream):
            if training.evaluation_graph:
                training.evaluation_graph.replay()
            else:
                training.evaluate_splits()
            evaluations.append(training.evaluations)
    for training in trainings:
        current.wait_stream(training.stream)
    return [
        {split: (loss.item(), correct.cpu()) for split, (loss, correct) in splits.items()}
        for splits in evaluations
    ]
