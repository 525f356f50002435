"""ONNX: whether an activation and its network export, and how far ONNX Runtime's numbers are off.

`torch.onnx.export` with `dynamo=True` exports the first trained run, and the first activation in
it, on test images and on what the activation gets of them. ONNX Runtime computes on the CPU. The
difference is the largest over all numbers that come out.
"""

title = "ONNX export"
place = 40
needs_weights = True
packages = ("onnx", "onnxscript", "onnxruntime")
columns = {
    "subject": ("string", "activation or network"),
    "seed": ("int64", ""),
    "exports": ("bool_", ""),
    "operators": ("string", "ONNX operators, without constants; others than ONNX's with domain"),
    "opset": ("int32", "version of the operators"),
    "runs": ("bool_", "in ONNX Runtime"),
    "largest_difference": ("float64", "from torch, in size"),
    "refused": ("string", "why it does not export or run"),
}
quantities = {
    "activation": ("Activation, largest difference", "number"),
    "network": ("Network, largest difference", "number"),
    "operators": ("Operators of the activation", "number"),
}
IMAGES = 64


def measure(trained):
    """A row of the activation and one of the network, of the first seed that did not diverge."""
    from ._trained_cell import activations_of, largest_input

    for seed in trained.seeds[:1]:
        network = trained.network(seed)
        images = trained.training(seed).normalise(trained.data["test"][0][:IMAGES]).contiguous()
        first = next(activations_of(network))
        inputs = {"activation": largest_input(network, first, images), "network": images}
        for subject, module in (("activation", first), ("network", network)):
            yield {"subject": subject, "seed": seed} | export(module, inputs[subject])


def export(module, x):
    """The columns of a table's row from `exports` on, of a module and its input."""
    import torch

    from ..runtime.errors import describe_error

    try:
        program = torch.onnx.export(module, (x,), dynamo=True, verbose=False)
    except Exception as error:  # torch's and onnxscript's own kinds, which only wrap the reason
        refused = describe_error(_root_cause(error))
        return {"exports": False, "runs": False, "refused": refused}
    model = program.model_proto
    names = {_operator(node) for node in model.graph.node} - {"Constant"}
    row = {
        "exports": True,
        "operators": ", ".join(sorted(names)),
        "opset": next((o.version for o in model.opset_import if not o.domain), None),
    }
    try:
        return row | {"runs": True, "largest_difference": _difference(module, model, x)}
    except Exception as error:  # ONNX Runtime's own kinds
        return row | {"runs": False, "refused": describe_error(error)}


def _root_cause(error):
    while error.__cause__:
        error = error.__cause__
    return error


def _operator(node):
    return f"{node.domain}::{node.op_type}" if node.domain else node.op_type


def _difference(module, model, x):
    import numpy as np
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers)
    (theirs,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    with torch.no_grad():
        ours = module(x).numpy()
    return float(np.abs(ours - theirs).max())


def summarise(table):
    """The differences, and the operators; what does not export or run says so."""
    rows = {row["subject"]: row for row in table.to_dict("records")}
    for subject, row in rows.items():
        text = None if row["runs"] else f"no: {row['refused']}"
        yield {"quantity": subject, "value": row["largest_difference"], "text": text}
    if "activation" in rows:
        row = rows["activation"]
        text = f"{row['operators']} (opset {row['opset']:.0f})" if row["exports"] else None
        yield {"quantity": "operators", "text": text}
