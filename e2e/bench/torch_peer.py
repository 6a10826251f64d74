"""PyTorch as a peer of the bench: reads one case as JSON (a graph, see src/nas/graph.ts) and prints the median milliseconds of a run, one thread.

Blocks: forward and backward to the inputs and the parameters. Steps: forward, backward, SGD with momentum. Evaluations: statistics of some batches,
then inference on the rest. Values are random: only time is asked for.
"""

import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F


def parameter(spec):
    shape = spec["shape"]
    if spec["role"] == "conv":
        shape = [shape[3], shape[2], shape[0], shape[1]]
    elif spec["role"] == "depthwise":
        shape = [shape[2], 1, shape[0], shape[1]]
    if spec["init"]["kind"] == "constant":
        return torch.full(shape, float(spec["init"]["value"]), requires_grad=True)
    return (torch.randn(shape) * spec["init"]["std"]).requires_grad_()


def norm(x, a, params, fixed, seen):
    gamma = params[a["gamma"]] if "gamma" in a else None
    beta = params[a["beta"]] if "beta" in a else None
    if fixed is not None:
        mean, var = fixed[a["stats"]]
        return F.batch_norm(x, mean, var, gamma, beta, False, 0.0, a["eps"])
    if seen is None:
        return F.batch_norm(x, None, None, gamma, beta, True, 0.0, a["eps"])
    mean, var = torch.zeros(x.shape[1]), torch.zeros(x.shape[1])
    y = F.batch_norm(x, mean, var, gamma, beta, True, 1.0, a["eps"])
    seen[a["stats"]] = (mean, var)
    return y


def mix(xs, a, params):
    p = params[a["weights"]].reshape(-1)[a["begin"] : a["begin"] + a["count"]]
    if a["soft"]:
        p = torch.softmax(p, 0)
    return sum(p[i] * x for i, x in zip(a["index"], xs))


def apply(node, xs, params, fixed, seen):
    a, op, x = node["attrs"], node["attrs"]["op"], xs[0]
    if op == "conv":
        bias = params[a["bias"]] if "bias" in a else None
        return F.conv2d(x, params[a["weight"]], bias, a["stride"], a["pad"], 1, a["groups"])
    if op == "depthwise":
        return F.conv2d(x, params[a["weight"]], None, a["stride"], a["pad"], a["dilation"], x.shape[1])
    if op == "batchNorm":
        return norm(x, a, params, fixed, seen)
    if op == "relu":
        return F.relu(x)
    if op == "relu6":
        return F.relu6(x)
    if op == "maxPool":
        return F.max_pool2d(x, a["k"], a["stride"], a["pad"])
    if op == "avgPool":
        return F.avg_pool2d(x, a["k"], a["stride"], a["pad"], count_include_pad=a.get("countPads", True))
    if op == "globalAvgPool":
        return x.mean((2, 3))
    if op == "linear":
        y = x @ params[a["weight"]]
        return y + params[a["bias"]] if "bias" in a else y
    if op == "add":
        return sum(xs[1:], x)
    if op == "mix":
        return mix(xs, a, params)
    if op == "concat":
        return torch.cat(xs, 1)
    if op == "slice":
        return x[:, a["begin"] : a["begin"] + a["size"]]
    if op == "stridedSlice":
        return x[:, a["begin"] :: a["step"]]
    if op == "shift":
        return F.pad(x[:, :, a["by"] :, a["by"] :], (0, a["by"], 0, a["by"]))
    if op == "shuffle":
        b, c, h, w = x.shape
        return x.reshape(b, a["groups"], c // a["groups"], h, w).transpose(1, 2).reshape(b, c, h, w)
    raise ValueError(f"unknown op {op}")


def forward(case, inputs, params, fixed=None, seen=None):
    values, inputs = [], iter(inputs)
    for node in case["nodes"]:
        xs = [values[i] for i in node["inputs"]]
        values.append(next(inputs) if node["attrs"]["op"] == "input" else apply(node, xs, params, fixed, seen))
    return values[case["output"]]


def images(case):
    shapes = [n["shape"] for n in case["nodes"] if n["attrs"]["op"] == "input"]
    return [torch.randn(case["batch"], s[2], s[0], s[1]) for s in shapes]


def block(case, params):
    inputs = [x.requires_grad_() for x in images(case)]
    dy = torch.randn_like(forward(case, inputs, params))
    wanted = inputs + list(params.values())
    return lambda: torch.autograd.grad(forward(case, inputs, params), wanted, dy)


def step(case, params):
    inputs = images(case)
    labels = torch.randint(0, case["nodes"][case["output"]]["shape"][0], (case["batch"],))
    optimizer = torch.optim.SGD(params.values(), lr=0.01, momentum=0.9)

    def run():
        optimizer.zero_grad()
        F.cross_entropy(forward(case, inputs, params), labels).backward()
        optimizer.step()

    return run


def evaluation(case, params):
    sizes = case["evaluation"]
    first = [images(case) for _ in range(sizes["recalibrationBatches"])]
    rest = [images(case) for _ in range(sizes["images"] // case["batch"])]

    @torch.no_grad()
    def run():
        total = {}
        for inputs in first:
            seen = {}
            forward(case, inputs, params, None, seen)
            for name, (mean, var) in seen.items():
                old = total.get(name, (0, 0))
                total[name] = (old[0] + mean / len(first), old[1] + var / len(first))
        return [forward(case, inputs, params, total).argmax(1) for inputs in rest]

    return run


def main():
    if "--version" in sys.argv:
        print(torch.__version__)
        return
    samples = int(sys.argv[sys.argv.index("--samples") + 1])
    torch.set_num_threads(1)
    case = json.load(sys.stdin)
    params = {spec["name"]: parameter(spec) for spec in case["params"]}
    run = {"block": block, "step": step, "evaluation": evaluation}[case["kind"]](case, params)
    for _ in range(2):
        run()
    began = time.perf_counter()
    run()
    times = max(1, min(50, round(0.1 / max(1e-5, time.perf_counter() - began))))
    found = []
    for _ in range(samples):
        began = time.perf_counter()
        for _ in range(times):
            run()
        found.append((time.perf_counter() - began) * 1000 / times)
    print(statistics.median(found))


main()
