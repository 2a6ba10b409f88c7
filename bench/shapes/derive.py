#!/usr/bin/env python3
"""Derives the layers of known networks from their definitions, and lists of matrix products.

derive.py          writes conv_<net>.txt, inner_product_networks.txt and gemm_*.txt beside this file
derive.py --check  exits with 1 if a file differs from what the definitions give
derive.py --compare DIR  exits with 1 if layers, geometries or multiplicities in DIR differ
"""
import collections
import pathlib
import re
import sys

BATCH = 8
HERE = pathlib.Path(__file__).resolve().parent


class Net:
    """Collects layers in the order of the forward pass; sizes are inferred from layer to layer."""

    def __init__(self, name, title):
        self.name, self.title, self.layers = name, title, []

    def conv(self, layer, ic, size, oc, kernel, stride=1, pad=0, groups=1):
        """size, kernel, pad: one number for all dimensions or a tuple (h, w) / (d, h, w)."""
        rank = next((len(x) for x in (size, kernel, pad) if isinstance(x, tuple)), 2)
        size, kernel, stride, pad = (
            x if isinstance(x, tuple) else (x,) * rank for x in (size, kernel, stride, pad))
        out = tuple((i + 2 * p - k) // s + 1 for i, k, s, p in zip(size, kernel, stride, pad))
        self.layers.append((layer, (groups, ic, oc, size, out, kernel, stride, pad)))
        return out

    def merged(self):
        """Merges layers of one geometry into one, with the first one's name and their number."""
        count = collections.Counter(geometry for _, geometry in self.layers)
        seen = set()
        for layer, geometry in self.layers:
            if geometry not in seen:
                seen.add(geometry)
                yield layer, geometry, count[geometry]

    def text(self, merge=True):
        layers = self.merged() if merge else [(n, g, 1) for n, g in self.layers]
        lines = [f"# {self.title}",
                 "# benchdnn notation; fields left out: w = h, stride 1, no padding, no dilation, "
                 "one group; name*K: K layers are alike"]
        return "\n".join(lines + [notation(self.name, *layer) for layer in layers]) + "\n"


def notation(net, layer, geometry, times):
    groups, ic, oc, size, out, kernel, stride, pad = geometry
    def field(letter, values, default=None):
        if all(v == default for v in values):
            return ""
        names = "dhw"[-len(values):]
        if len(set(values)) == 1 and len(values) == 2:
            names, values = "h", values[:1]
        return "".join(f"{letter}{n}{v}" for n, v in zip(names, values))
    parts = [f"g{groups}" if groups > 1 else "", f"mb{BATCH}", f"ic{ic}" + field("i", size),
             f"oc{oc}" + field("o", out), field("k", kernel), field("s", stride, 1),
             field("p", pad, 0)]
    times = f"*{times}" if times > 1 else ""
    return "_".join(p for p in parts if p) + f'_n"{net}:{layer}{times}"'


def alexnet():
    net = Net("alexnet", "AlexNet in the one-column form of Krizhevsky 2014 (\"one weird trick\")")
    net.conv("conv1", 3, 224, 64, 11, 4, 2)
    net.conv("conv2", 64, 27, 192, 5, pad=2)
    net.conv("conv3", 192, 13, 384, 3, pad=1)
    net.conv("conv4", 384, 13, 256, 3, pad=1)
    net.conv("conv5", 256, 13, 256, 3, pad=1)
    return net


def overfeat():
    net = Net("overfeat", "OverFeat, fast model (Sermanet et al. 2013, table 1)")
    net.conv("conv1", 3, 231, 96, 11, 4)
    net.conv("conv2", 96, 28, 256, 5)
    net.conv("conv3", 256, 12, 512, 3, pad=1)
    net.conv("conv4", 512, 12, 1024, 3, pad=1)
    net.conv("conv5", 1024, 12, 1024, 3, pad=1)
    return net


def vgg(name, title, depths):
    net = Net(name, title)
    ic, size = 3, 224
    for stage, (depth, oc) in enumerate(zip(depths, (64, 128, 256, 512, 512)), 1):
        for i in range(1, depth + 1):
            net.conv(f"conv{stage}_{i}", ic, size, oc, 3, pad=1)
            ic = oc
        size //= 2
    return net


def resnet50():
    net = Net("resnet50", "ResNet-50 (He et al. 2015), stride in a stage's first 1x1 convolutions")
    net.conv("conv1", 3, 224, 64, 7, 2, 3)
    ic, size = 64, 56
    for stage, (blocks, mid) in enumerate(zip((3, 4, 6, 3), (64, 128, 256, 512)), 2):
        for block in range(blocks):
            at = f"res{stage}{'abcdef'[block]}_branch"
            stride = 2 if stage > 2 and block == 0 else 1
            if block == 0:
                net.conv(at + "1", ic, size, 4 * mid, 1, stride)
            (size, _) = net.conv(at + "2a", ic, size, mid, 1, stride)
            net.conv(at + "2b", mid, size, mid, 3, pad=1)
            net.conv(at + "2c", mid, size, 4 * mid, 1)
            ic = 4 * mid
    return net


def inception_v3():
    net = Net("inception_v3", "Inception v3 (Szegedy et al. 2015) as published for TensorFlow")
    def chain(at, ic, size, *steps):
        """A tower of steps (oc, kernel[, stride[, pad]]); padding is \"same\" if not given."""
        for i, (oc, kernel, *rest) in enumerate(steps):
            stride = rest[0] if rest else 1
            k = kernel if isinstance(kernel, tuple) else (kernel, kernel)
            pad = rest[1] if len(rest) > 1 else tuple(x // 2 for x in k)
            size, ic = net.conv(f"{at}_{i}" if len(steps) > 1 else at, ic, size, oc, k, stride,
                                pad), oc
        return size
    chain("stem0", 3, 299, (32, 3, 2, 0), (32, 3, 1, 0), (64, 3))
    chain("stem1", 64, 73, (80, 1), (192, 3, 1, 0))
    for at, ic, pooled in (("35a", 192, 32), ("35b", 256, 64), ("35c", 288, 64)):
        chain(at + "_1x1", ic, 35, (64, 1))
        chain(at + "_5x5", ic, 35, (48, 1), (64, 5))
        chain(at + "_3x3dbl", ic, 35, (64, 1), (96, 3), (96, 3))
        chain(at + "_pool", ic, 35, (pooled, 1))
    chain("17r_3x3", 288, 35, (384, 3, 2, 0))
    chain("17r_3x3dbl", 288, 35, (64, 1), (96, 3), (96, 3, 2, 0))
    row, column = (1, 7), (7, 1)
    for at, c in (("17a", 128), ("17b", 160), ("17c", 160), ("17d", 192)):
        chain(at + "_1x1", 768, 17, (192, 1))
        chain(at + "_7x7", 768, 17, (c, 1), (c, row), (192, column))
        chain(at + "_7x7dbl", 768, 17, (c, 1), (c, column), (c, row), (c, column), (192, row))
        chain(at + "_pool", 768, 17, (192, 1))
    chain("8r_3x3", 768, 17, (192, 1), (320, 3, 2, 0))
    chain("8r_7x7x3", 768, 17, (192, 1), (192, row), (192, column), (192, 3, 2, 0))
    for at, ic in (("8a", 1280), ("8b", 2048)):
        chain(at + "_1x1", ic, 8, (320, 1))
        chain(at + "_3x3", ic, 8, (384, 1))
        chain(at + "_3x3dbl", ic, 8, (448, 1), (384, 3))
        for tower in ("_3x3", "_3x3dbl"):
            chain(at + tower + "_row", 384, 8, (384, (1, 3)))
            chain(at + tower + "_column", 384, 8, (384, (3, 1)))
        chain(at + "_pool", ic, 8, (192, 1))
    return net


def densenet121():
    net = Net("densenet121", "DenseNet-121 (Huang et al. 2016), growth 32, all layers listed")
    net.conv("conv0", 3, 224, 64, 7, 2, 3)
    channels, size = 64, 56
    for block, layers in enumerate((6, 12, 24, 16), 1):
        for layer in range(1, layers + 1):
            net.conv(f"b{block}_{layer}_1x1", channels, size, 128, 1)
            net.conv(f"b{block}_{layer}_3x3", 128, size, 32, 3, pad=1)
            channels += 32
        if block < 4:
            net.conv(f"t{block}", channels, size, channels // 2, 1)
            channels, size = channels // 2, size // 2
    return net


def gan3d():
    net = Net("gan3d", "3-D GAN for calorimeter showers (Khattak et al. 2018), the discriminator")
    ic, size = 1, (25, 25, 25)
    for layer, (oc, pad) in enumerate(((32, 2), (8, 2), (8, 2), (8, 1)), 1):
        size, ic = net.conv(f"disc_conv{layer}", ic, size, oc, 5, pad=pad), oc
    return net


def mobilenet_v1():
    net = Net("mobilenet_v1", "MobileNet v1, width 1, 224x224 (Howard et al. 2017, table 1)")
    size = net.conv("conv1", 3, 224, 32, 3, 2, 1)
    ic = 32
    for i, (oc, stride) in enumerate([(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] +
                                     [(512, 1)] * 5 + [(1024, 2), (1024, 1)], 2):
        size = net.conv(f"conv{i}_dw", ic, size, ic, 3, stride, 1, groups=ic)
        net.conv(f"conv{i}_pw", ic, size, oc, 1)
        ic = oc
    return net


def depthwise_of(net):
    part = Net(net.name + "_depthwise", net.title + ": the depthwise layers alone")
    part.layers = [layer for layer in net.layers if layer[1][0] > 1]
    return part


NETS = [alexnet(), overfeat(), vgg("vgg_a", "VGG-A (Simonyan and Zisserman 2014), 11 weight layers",
                                  (1, 1, 2, 2, 2)),
        vgg("vgg16", "VGG-16 (Simonyan and Zisserman 2014), configuration D", (2, 2, 3, 3, 3)),
        resnet50(), inception_v3(), densenet121(), gan3d(), mobilenet_v1(),
        depthwise_of(mobilenet_v1())]


def inner_products():
    """The fully connected layers of the same networks, from batch 1 to 256; each geometry once."""
    layers = (("alexnet:fc6", 256 * 6 * 6, 4096), ("alexnet:fc7", 4096, 4096),
              ("alexnet:fc8", 4096, 1000), ("overfeat:fc6", 1024 * 6 * 6, 3072),
              ("overfeat:fc7", 3072, 4096), ("vgg16:fc6", 512 * 7 * 7, 4096),
              ("resnet50:fc", 2048, 1000), ("densenet121:fc", 1024, 1000))
    lines = ["# fully connected layers; vgg16 and overfeat end in alexnet's fc7 and fc8, inception_v3 in",
             "# resnet50's"]
    return lines + [f'mb{batch}_ic{ic}oc{oc}_n"{name}_mb{batch}"' for name, ic, oc in layers
                    for batch in (1, 8, 32, 128, 256)]


def products():
    """Square matrix products, and all products of few rows, columns and summands."""
    def line(m, n, k):
        return f"{m}x{k}:{k}x{n}"
    squares = (64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
    small = (1, 2, 3, 4, 5, 7, 8, 12, 16, 24, 31, 32, 48)
    return (["# M = N = K"] + [line(s, s, s) for s in squares],
            ["# all of M, N and K from " + " ".join(map(str, small))] +
            [line(m, n, k) for m in small for n in small for k in small])


def files():
    """All lists: the file's name and its text."""
    for net in NETS:
        yield f"conv_{net.name}.txt", net.text(merge=net.name != "densenet121")
    squares, small = products()
    for name, lines in (("inner_product_networks", inner_products()), ("gemm_squares", squares),
                        ("gemm_small", small)):
        yield f"{name}.txt", "\n".join(lines) + "\n"


def layers_of(text):
    """The multiset of geometries in a list in benchdnn notation, without the names."""
    found = collections.Counter()
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        shape, _, name = line.partition('n"')
        fields = {k: int(v) for k, v in re.findall(r"([a-z]+)(\d+)", shape)}
        def triple(letter, default):
            h = fields.get(letter + "h", default)
            return fields.get(letter + "d", default if letter in "spk" else 1), h, \
                fields.get(letter + "w", h)
        flat = "id" not in fields
        geometry = tuple(triple(x, d)[flat:] for x, d in zip("iokspd", (1, 1, 1, 1, 0, 0)))
        times = re.search(r"\*(\d+)", name)
        found[fields.get("g", 1), fields["ic"], fields["oc"], geometry] += int(times[1]) if times else 1
    return found


def main():
    mode = sys.argv[1] if len(sys.argv) > 1 else "write"
    wrong = []
    for name, text in files():
        if mode == "write":
            (HERE / name).write_text(text)
        elif mode == "--check" and (HERE / name).read_text() != text:
            wrong.append(name)
        elif mode == "--compare" and name.startswith("conv_") and layers_of((pathlib.Path(sys.argv[2]) / name).read_text()) != \
                layers_of(text):
            wrong.append(name)
    if wrong:
        sys.exit("other layers than the networks' definitions give: " + " ".join(wrong))


if __name__ == "__main__":
    main()
