"""Int8: test accuracy after post-training quantisation, beside float32 of the same run.

Quantisation is torch's own way of now: `torch.export`, then PT2E of torchao with the static
configuration of `X86InductorQuantizer`. Weights are int8 for each output channel. What goes into
convolutions and linear layers is uint8 for the whole tensor. Ranges come from 1000 training images,
drawn at random. A batch norm is folded into the convolution before it, unless that feeds a shortcut
as well. Rounding is simulated, as torch's reference does, on the CPU. An activation needs a lookup
table where its definition is more than sums, products and cases: with exp, tanh or a division by x,
integers alone cannot compute it.
"""

title = "Int8 after training"
place = 30
needs_weights = True
packages = ("torchao",)
baseline = "float32"
columns = {
    "seed": ("int64", ""),
    "condition": ("string", "float32 or int8"),
    "accuracy": ("float64", "fraction of the test images"),
    "lookup_table": ("bool_", "whether it needs one; null without a definition"),
    "functions": ("string", "what in its definition integers cannot compute"),
    "refused": ("string", "why the network cannot be quantised"),
}
quantities = {
    "accuracy": ("Accuracy, %", "percent"),
    "change": ("Change from float32, pp", "points"),
    "lookup_table": ("Needs a lookup table", "number"),
    "refused": ("Not quantised", "number"),
}
BATCH = 250
CALIBRATION = 1000  # training images


def measure(trained):
    """A row of float32 and one of int8 for each seed."""
    from ._integer_arithmetic import functions_beyond_integers

    found = functions_beyond_integers(trained.cell.activation)
    about = {} if found is None else {"lookup_table": bool(found), "functions": ", ".join(found)}
    for seed in trained.seeds:
        network, normalise = trained.network(seed), trained.training(seed).normalise
        accuracy = _accuracy(network, *trained.data["test"], normalise)
        yield {"seed": seed, "condition": "float32", "accuracy": accuracy} | about
        yield {"seed": seed, "condition": "int8"} | _int8(trained, network, normalise) | about


def _int8(trained, network, normalise):
    """{accuracy} of the network in int8, or {refused} where it cannot be."""
    from ..runtime.errors import describe_error

    try:
        quantised = quantise(network, trained.data["train"][0], normalise)
        return {"accuracy": _accuracy(quantised, *trained.data["test"], normalise)}
    except Exception as error:  # torch's and torchao's own kinds
        return {"refused": describe_error(error)}


def quantise(network, images, normalise):
    """The network in int8, which takes batches of BATCH normalised images; ranges from `images`."""
    import torch
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
    from torchao.quantization.pt2e.quantizer import x86_inductor_quantizer as x86

    batches = [x for x, _ in _batches(draw_calibration(images), normalise)]
    exported = torch.export.export(network, (batches[0],)).module()
    keep_batch_norms(exported)
    quantiser = x86.X86InductorQuantizer()
    quantiser.set_global(x86.get_default_x86_inductor_quantization_config())
    prepared = prepare_pt2e(exported, quantiser)
    with torch.no_grad():
        for x in batches:
            prepared(x)
    return convert_pt2e(prepared)


def keep_batch_norms(exported):
    """Let batch norms that cannot be folded call `torch.batch_norm`, which computes the same.

    By ATen's name torchao folds each one that follows a convolution. Where a shortcut takes the
    convolution's numbers as well, another network comes out. And for each one that is left torchao
    searches 22 s of CPU for those of quantised training.
    """
    import torch

    name = torch.ops.aten.batch_norm.default
    for node in exported.graph.find_nodes(op="call_function", target=name):
        source = node.args[0]
        is_folded = str(source.target).startswith("aten.conv") and len(source.users) == 1
        if not is_folded:
            node.target = torch.batch_norm
    exported.recompile()


def draw_calibration(images):
    """CALIBRATION of the `images`, the same for all networks: a file may hold class after class."""
    import torch

    from ..train.randomness import generator

    order = torch.randperm(len(images), generator=generator("calibration", 0))
    return images[order[:CALIBRATION].to(images.device)]


def _batches(images, normalise):
    """(normalised images, how many of them count): the last batch is filled up, all are alike."""
    for part in images.split(BATCH):
        n = len(part)
        rows = [k % n for k in range(BATCH)]
        yield normalise(part[rows]), n


def _accuracy(network, images, labels, normalise):
    import torch

    with torch.no_grad():
        found = [network(x).argmax(1)[:n] for x, n in _batches(images, normalise)]
    return (torch.cat(found) == labels).double().mean().item()


def summarise(table):
    """Accuracies, their change, and what integers cannot compute."""
    from ..tables.measured import summarise_accuracies

    needs, functions = table["lookup_table"].iloc[0], table["functions"].iloc[0]
    text = "not known: no definition"
    if needs is not None and needs == needs:
        text = f"yes: {functions}" if needs else "no"
    refused = table["refused"].dropna().to_list()
    if refused:
        yield {"quantity": "refused", "text": refused[0], "n": len(refused)}
    yield from summarise_accuracies(table, baseline)
    yield {"quantity": "lookup_table", "text": text}
