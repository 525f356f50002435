"""How many published results one more run of ours could have given, in sentences."""

from .formatting import count
from .study_tables import StudyTables, label


def published_sentences(tables: StudyTables) -> str:
    """What became of the published accuracies, and of the differences among them."""
    found = tables.analysis["published"]
    rows = found["rows"]
    differences = [row["difference"] for row in rows if row["difference"]]
    inside = sum(row["verdict"] == "within" for row in rows)
    sentences = (
        f"{found['source']['name']} reports {count(len(rows), 'accuracy', 'accuracies')} of these "
        "activations on these images, in a net and a training of its own. One more run of ours "
        f"could have given {inside} of them."
    )
    if differences:
        agree = sum(row["verdict"] == "within" for row in differences)
        sentences += (
            f" One more pair of ours could have given {agree} of "
            f"{count(len(differences), 'published difference')} from {label(tables.control)}."
        )
    return sentences
