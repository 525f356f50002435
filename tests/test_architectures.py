"""The networks are those of their papers: other people's code gives the same numbers."""

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F
from torchvision.models import convnext, mobilenetv2, vision_transformer

from activarium import networks
from activarium.report.training_summary import describe_networks
from activarium.runtime.errors import UserError
from activarium.study.name_checks import network_with_defaults
from activarium.train import describe
from activarium.train.initialisation import initialise, weighted_layers

SIZE, CLASSES = 32, 10


def built(name, activation=nn.ReLU, channels=3, classes=CLASSES, size=SIZE, **parameters):
    make = lambda *_, **__: activation()  # noqa: E731 - it is told of channels
    return networks.load(name).build(make, channels, classes, size, **parameters)


def randomised(network):
    """Every number of a network drawn, also those that start at 0 or 1."""
    g = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, value in [*network.named_parameters(), *network.named_buffers()]:
            if value.is_floating_point():
                noise = torch.randn(value.shape, generator=g, dtype=value.dtype)
                value.copy_(noise.abs() + 0.5 if name.endswith("var") else 0.2 * noise)
    return network.double().eval()


def with_weights_of(ours, theirs):
    """`theirs` with the numbers of `ours`, matched in the order in which both state them."""
    given = [v for k, v in ours.state_dict().items() if not k.endswith("num_batches_tracked")]
    wanted = {k: v for k, v in theirs.state_dict().items() if not k.endswith("num_batches_tracked")}
    assert len(given) == len(wanted)
    pairs = zip(wanted.items(), given, strict=True)
    theirs.load_state_dict({k: v.reshape(w.shape) for (k, w), v in pairs}, strict=False)
    return theirs.double().eval()


def count(network):
    return sum(p.numel() for p in network.parameters())


def same_values(ours, theirs, size=SIZE):
    x = torch.randn(
        3, 3, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )
    torch.testing.assert_close(ours(x), theirs(x), rtol=1e-9, atol=1e-9)


def test_resnet18_is_torchvision_s_with_a_small_stem():
    ours, theirs = built("resnet18"), torchvision.models.resnet18(num_classes=CLASSES)
    theirs.conv1, theirs.maxpool = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity()
    assert count(ours) == count(theirs) == 11_173_962
    same_values(randomised(ours), with_weights_of(ours, theirs))


class OptionA(nn.Module):
    """A shortcut as He et al. draw it: every other pixel, zeros for new channels."""

    def __init__(self, planes):
        super().__init__()
        self.planes = planes

    def forward(self, x):
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.planes // 4, self.planes // 4))


@pytest.mark.parametrize("blocks, millions", [(3, 0.27), (5, 0.46), (7, 0.66), (9, 0.85)])
def test_resnet_has_the_sizes_of_table_6(blocks, millions):
    assert round(count(built("resnet", blocks=blocks)) / 1e6, 2) == millions


def test_resnet_is_made_of_torchvision_s_blocks():
    basic = torchvision.models.resnet.BasicBlock
    layers = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    for before, after in ((16, 16), (16, 16), (16, 16), (16, 32), (32, 32), (32, 32), (32, 64),
                          (64, 64), (64, 64)):  # fmt: skip
        new = before != after
        layers.append(basic(before, after, 1 + new, OptionA(after) if new else None))
    theirs = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, CLASSES))
    ours = randomised(built("resnet"))
    same_values(ours, with_weights_of(ours, theirs))


def test_vit_is_torchvision_s():
    options = {"num_layers": 3, "num_heads": 3, "hidden_dim": 48, "mlp_dim": 192}
    theirs = vision_transformer.VisionTransformer(SIZE, 4, num_classes=CLASSES, **options)
    ours = randomised(built("vit", nn.GELU, width=48, depth=3))
    assert count(ours) == count(theirs)
    named = dict(theirs.named_parameters())
    with torch.no_grad():
        named["class_token"].copy_(ours.token)
        named["encoder.pos_embedding"].copy_(ours.positions)
        theirs.conv_proj.load_state_dict(ours.patches.state_dict())
        for block, other in zip(ours.blocks, theirs.encoder.layers, strict=True):
            other.ln_1.load_state_dict(block.norm1.state_dict())
            other.ln_2.load_state_dict(block.norm2.state_dict())
            other.self_attention.in_proj_weight.copy_(block.attention.qkv.weight)
            other.self_attention.in_proj_bias.copy_(block.attention.qkv.bias)
            other.self_attention.out_proj.load_state_dict(block.attention.out.state_dict())
            other.mlp[0].load_state_dict(block.feed_forward.first.state_dict())
            other.mlp[3].load_state_dict(block.feed_forward.last.state_dict())
        theirs.encoder.ln.load_state_dict(ours.norm.state_dict())
        theirs.heads[0].load_state_dict(ours.head.state_dict())
    same_values(ours, theirs.double().eval())


def test_a_convolutional_stem_is_torchvision_s():
    stem = [vision_transformer.ConvStemConfig(out, 3, 2) for out in (24, 48)]
    options = {"num_layers": 1, "num_heads": 3, "hidden_dim": 48, "mlp_dim": 192}
    theirs = vision_transformer.VisionTransformer(SIZE, 4, conv_stem_configs=stem, **options)
    for layer in theirs.conv_proj:  # Conv2dNormActivation(conv, norm, ReLU), and the last layer
        assert isinstance(layer, nn.Conv2d) or isinstance(layer[2], nn.ReLU)
    ours = randomised(built("vit", width=48, depth=1, conv_stem=True)).patches
    same_values(ours, with_weights_of(ours, theirs.conv_proj))


@pytest.mark.parametrize("size, places", [(32, 64), (33, 81), (3, 1), ((16, 30), 32)])
def test_a_convolutional_stem_sees_every_pixel(size, places):
    net = built("vit", nn.Tanh, size=size, width=48, depth=1, conv_stem=True).train()
    height, width = size if isinstance(size, tuple) else (size, size)
    x = torch.randn(4, 3, height, width, requires_grad=True)
    net.positions.data.normal_()
    net(x).square().sum().backward()
    assert net.positions.shape[1] == 1 + places and (x.grad != 0).any(1).all()


def test_a_gate_makes_a_glu_of_two_thirds_the_width():
    net = randomised(built("vit", nn.SiLU, width=48, depth=1, gated=True)).blocks[0].feed_forward
    x = torch.randn(2, 5, 48, dtype=torch.float64)
    w1, w3, w2 = net.first, net.gate, net.last
    assert w1.out_features == w3.out_features == 128
    swiglu = F.silu(x @ w1.weight.T + w1.bias) * (x @ w3.weight.T + w3.bias)
    torch.testing.assert_close(net(x), swiglu @ w2.weight.T + w2.bias)
    plain = count(built("vit", width=48, depth=1).blocks[0].feed_forward)
    assert abs(count(net) / plain - 1) < 0.02


def test_mixer_is_the_paper_s_equations():
    net = randomised(built("mixer", nn.GELU, width=32, depth=2))
    x = torch.randn(2, 3, SIZE, SIZE, dtype=torch.float64)
    kernel = net.patches.weight.reshape(32, -1)
    tokens = F.unfold(x, 4, stride=4).transpose(1, 2) @ kernel.T + net.patches.bias
    for block in net.blocks:
        # arXiv 2105.01601, equation 1: the columns of X, then its rows.
        for norm, part, spec in ((block.norm1, block.across_places, "hp,npc->nhc"),
                                 (block.norm2, block.across_channels, "hc,npc->nph")):  # fmt: skip
            z = F.layer_norm(tokens, (32,), norm.weight, norm.bias)
            places = spec.startswith("hp")
            bias = part.first.bias[:, None] if places else part.first.bias
            h = F.gelu(torch.einsum(spec, part.first.weight, z) + bias)
            back = "ph,nhc->npc" if places else "ch,nph->npc"
            bias = part.last.bias[:, None] if places else part.last.bias
            tokens = tokens + torch.einsum(back, part.last.weight, h) + bias
    y = F.layer_norm(tokens, (32,), net.norm.weight, net.norm.bias).mean(1)
    torch.testing.assert_close(net(x), y @ net.head.weight.T + net.head.bias)


def test_convnext_is_torchvision_s_in_three_stages():
    setting = [convnext.CNBlockConfig(32, 64, 2), convnext.CNBlockConfig(64, 128, 2)]
    setting.append(convnext.CNBlockConfig(128, None, 2))
    theirs = convnext.ConvNeXt(setting, num_classes=CLASSES)
    theirs.features[0][0] = nn.Conv2d(3, 32, 2, 2)
    ours = randomised(built("convnext", nn.GELU))
    assert count(ours) == count(theirs)
    states = iter(states_in_torchvisions_order(ours))
    theirs.load_state_dict(
        {k: next(states).reshape(v.shape) for k, v in theirs.state_dict().items()}
    )
    same_values(ours, theirs.double().eval())


def states_in_torchvisions_order(ours):
    """torchvision states a block's scale before its layers."""
    for part in ours:
        state = part.state_dict()
        if "scale" in state:
            yield state.pop("scale")
        yield from state.values()


def test_mobilenet_is_made_of_torchvision_s_inverted_residuals():
    inverted = mobilenetv2.InvertedResidual
    layers = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU6()]
    for before, after, stride in ((16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2),
                                  (64, 64, 1)):  # fmt: skip
        layers.append(inverted(before, after, stride, 6))
    layers += [nn.Conv2d(64, 256, 1, bias=False), nn.BatchNorm2d(256), nn.ReLU6()]
    theirs = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, CLASSES))
    ours = randomised(built("mobilenet", nn.ReLU6))
    assert count(ours) == count(theirs)
    same_values(ours, with_weights_of(ours, theirs))


def test_fast_is_what_its_file_says():
    net = randomised(built("fast", nn.ReLU))
    x = torch.randn(2, 3, SIZE, SIZE, dtype=torch.float64)
    convs = [m for m in net if isinstance(m, nn.Conv2d)]
    norms = iter([m for m in net if isinstance(m, nn.BatchNorm2d)])
    assert [c.out_channels for c in convs] == [16, 32, 32, 64, 64, 64, 64]

    def norm(y):
        n = next(norms)
        y = (y - n.running_mean[:, None, None]) / (n.running_var[:, None, None] + n.eps).sqrt()
        return (y * n.weight[:, None, None] + n.bias[:, None, None]).clamp(min=0)

    y = norm(F.conv2d(x, convs[0].weight, padding=1))
    for first, second in zip(convs[1::2], convs[2::2], strict=True):
        y = norm(F.max_pool2d(F.conv2d(y, first.weight, padding=1), 2))
        y = norm(F.conv2d(y, second.weight, padding=1))
    torch.testing.assert_close(net(x), net[-1](y.amax((2, 3))))


@pytest.mark.parametrize(
    ("name", "start"), [("vit", {}), ("mixer", {}), ("convnext", {}), ("vit", {"start": "xavier"})]
)
def test_a_network_may_draw_its_weights_itself_and_says_how(name, start):
    net = built(name, **start)
    initialise(net, 0)
    for layer in weighted_layers(net):
        fan_out, fan_in = layer.weight.flatten(1).shape
        xavier = 2 / (fan_in + fan_out) if isinstance(layer, nn.Linear) else 1 / fan_in
        error = (2 / layer.weight.numel()) ** 0.5
        expected = pytest.approx(xavier if start else 0.02**2, rel=4 * error)
        assert layer.weight.square().mean().item() == expected
        assert layer.bias is None or (layer.bias == 0).all()
    stated = {"net": {"file": name, "parameters": networks.parameters(name) | start}}
    text = describe_networks(describe.describe_networks(stated, ("digits",)))
    words = "truncated normal with standard deviation 0.02, biases 0"
    if start:
        words = "Xavier uniform in linear layers and LeCun normal in convolutions, biases 0"
    assert f"Weights start {words}." in text


@pytest.mark.parametrize("width", [48, 96])
def test_from_xavier_an_activation_in_vit_has_inputs_of_one_size_at_every_width(width):
    seen = []

    class Watch(nn.Module):
        def forward(self, x):
            seen.append(x.std().item())
            return F.gelu(x)

    net = built("vit", Watch, width=width, depth=2, conv_stem=True, start="xavier").train()
    initialise(net, 0)
    net(torch.randn(32, 3, SIZE, SIZE))
    assert seen == [pytest.approx(0.63, abs=0.06)] * 2  # √(2/5), and the stem has none


@pytest.mark.parametrize(
    ("name", "size", "parameters", "reason"),
    [
        ("vit", 32, {"width": 64}, "width 64 is no multiple of heads 3"),
        ("vit", 3, {}, "images of 3 pixels hold no patch of 4; set patch"),
        ("vit", 32, {"patch": 6, "conv_stem": True}, "conv_stem takes a patch of 2, 4, 8, … whose"),
        ("vit", 32, {"patch": 1, "conv_stem": True}, "whose half divides width 96"),
        ("vit", 64, {"patch": 64, "conv_stem": True, "width": 48}, "half divides width 48"),
        ("vit", 32, {"start": "he"}, "start 'he' is none of truncated_normal, xavier"),
        ("mixer", 3, {}, "images of 3 pixels hold no patch of 4; set patch"),
        ("convnext", 7, {}, "images of 7 pixels are less than 4 patches of 2; set patch"),
    ],
)
def test_what_a_network_cannot_be_built_for_is_said_in_words(name, size, parameters, reason):
    with pytest.raises(ValueError, match=reason):
        built(name, size=size, **parameters)


def test_a_gate_is_true_or_false_in_a_study():
    given = {"name": "glu", "file": "vit", "gated": True}
    assert network_with_defaults(given)[1]["parameters"]["gated"] is True
    with pytest.raises(UserError, match="^config: networks: glu: gated: 1 is not true or false$"):
        network_with_defaults(given | {"gated": 1})
