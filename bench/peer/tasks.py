"""What the peer can be asked for: each function prepares its work and returns what is timed, run(iterations)."""

import torch

from crate import Crate, LabelSmoothing, with_least_work
from crate_gpt import CrateGpt
from crate_mae import CrateMae
from optimizers import optimizer


def operator_call():
    a, b = torch.ones(4), torch.ones(4)

    def run(iterations):
        for _ in range(iterations):
            a + b

    return run


def matmul(size, precision):
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    a, b = torch.randn(size, size).to(dtype), torch.randn(size, size).to(dtype)

    def run(iterations):
        for _ in range(iterations):
            product = a @ b
        product[0, 0].item()  # waits for the device

    return run


def steps(build, loss_of, precision, form, optimiser="adamw"):
    """Training steps of the network that build() makes, by `form`: "coded" or "least work", eager or compiled."""
    if "least work" in form:
        with_least_work()
    net = build()
    update = optimizer(
        optimiser,
        [p for p in net.parameters() if p.requires_grad],
        lr=1e-4,
        weight_decay=0.05,
        fused="least work" in form,
    )
    device = next(net.parameters()).device.type
    call = torch.compile(net, dynamic=False) if "compiled" in form else net

    def run(iterations):
        for _ in range(iterations):
            with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
                loss = loss_of(call)
            update.zero_grad()
            loss.backward()
            update.step()
            loss.item()

    return run


def train_step(model, batch, precision, optimiser="adamw", form="coded"):
    side, channels, classes = model["image_size"], model["channels"], model["classes"]
    images, labels = torch.randn(batch, channels, side, side), torch.randint(classes, (batch,))
    smoothed = LabelSmoothing(0.1)
    return steps(lambda: Crate(**model), lambda net: smoothed(net(images), labels), precision, form, optimiser)


def mae_step(model, batch, precision, form="coded"):
    side = model["image_size"]
    images = torch.randn(batch, model["channels"], side, side)
    return steps(lambda: CrateMae(**model), lambda net: net(images), precision, form)


def gpt_step(model, batch, precision, form="coded"):
    rows = torch.randint(model["vocabulary"], (batch, model["context"] + 1))
    return steps(
        lambda: CrateGpt(**model), lambda net: net(rows[:, :-1], rows[:, 1:].reshape(-1)), precision, form
    )


def coding_rate(batch, n, d):
    """1/2 logdet(I + d / (n eps^2) Z^T Z), eps = 1/2, with the d x d matrix."""
    tokens = torch.randn(batch, n, d, requires_grad=True)
    alpha, identity = d / (n * 0.25), torch.eye(d)

    def run(iterations):
        for _ in range(iterations):
            rate = torch.logdet(identity + alpha * tokens.mT @ tokens) / 2
            tokens.grad = None
            rate.sum().backward()

    return run


def mcr2(n, d, classes):
    """MCR² as its authors train it: memberships as diagonals [K, n, n], and autograd through logdet; eps^2 = 1/2."""
    features = torch.nn.functional.normalize(torch.randn(n, d)).requires_grad_()
    memberships = torch.diag_embed(torch.nn.functional.one_hot(torch.randint(classes, (n,)), classes).float().T.contiguous())
    identity = torch.eye(d)

    def run(iterations):
        for _ in range(iterations):
            w, compression = features.T, 0.0
            for member in memberships:
                count = torch.trace(member) + 1e-8
                scalar = d / (count * 0.5)
                compression = compression + torch.logdet(identity + scalar * w.matmul(member).matmul(w.T)) * count / n
            expansion = torch.logdet(identity + d / (n * 0.5) * w.matmul(w.T))
            loss = (compression - expansion) / 2
            features.grad = None
            loss.backward()

    return run


def ctrl_loss(form, n, d, classes):
    """The closed loop's loss in the two forms of its authors: 3K + 2 log-determinants, or 5K + 2; eps^2 = 1/2."""
    normal = lambda: torch.nn.functional.normalize(torch.randn(n, d)).requires_grad_()
    z, zhat, labels = normal(), normal(), torch.randint(classes, (n,))

    def logdet(columns, scalar):
        return torch.logdet(torch.eye(columns.shape[0]) + (scalar * columns).matmul(columns.T))

    def logdets(features, labels, classes):
        n = features.shape[0]
        whole = logdet(features.T, d / (n * 0.5)) / 2
        chosen = torch.nn.functional.one_hot(labels, classes).bool()
        parts, total = [], 0.0
        for k in range(classes):
            mask = chosen[:, k]
            columns, count = features.T[:, mask], mask.sum() + 1e-8
            value = logdet(columns, d / (count * 0.5))
            parts.append((columns, value))
            total = total + value * count / (2 * n)
        whole.item(), total.item()  # the authors return both parts as numbers
        return whole - total, parts

    def short():
        (first, a), (second, b) = logdets(z, labels, classes), logdets(zhat, labels, classes)
        loss = first + second
        for (mine, value), (other, transcribed) in zip(a, b):
            both = torch.cat((mine, other), dim=1)
            loss = loss + logdet(both, d / (both.shape[1] * 0.5)) / 2 - value / 4 - transcribed / 4
        return loss

    def long():
        loss = logdets(z, labels, classes)[0] + logdets(zhat, labels, classes)[0]
        for k in range(classes):
            a, b = z[labels == k], zhat[labels == k]
            sides = torch.cat((torch.zeros(len(a)), torch.ones(len(b)))).long()
            loss = loss + logdets(torch.cat((a, b)), sides, 2)[0]
        return loss

    loss_of = {"short": short, "long": long}[form]

    def run(iterations):
        for _ in range(iterations):
            z.grad = zhat.grad = None
            loss_of().backward()

    return run


def attention(batch, heads, n, p):
    """Softmax attention of tokens that are queries, keys and values at once, forward and backward."""
    w = torch.randn(batch, n, heads, p, requires_grad=True)
    outer = torch.randn(batch, n, heads, p)

    def run(iterations):
        for _ in range(iterations):
            rows = w.transpose(1, 2)
            weights = torch.softmax(torch.matmul(rows, rows.transpose(-1, -2)) * p**-0.5, dim=-1)
            out = torch.matmul(weights, rows).transpose(1, 2)
            w.grad = None
            out.backward(outer)

    return run


def cpp_loss(n, d):
    """CPP's main loss through Sinkhorn's five half-steps, all n weighted Grams at once, by autograd; eps^2 = 0.1."""
    normal = lambda: torch.nn.functional.normalize(torch.randn(n, d)).requires_grad_()
    features, clusters, identity = normal(), normal(), torch.eye(d)
    eta, target = 0.175, -torch.log(torch.tensor(float(n)))

    def membership(affinity):
        u, v = torch.zeros(n, 1), torch.zeros(1, n)
        for half in range(5):
            if half % 2 == 0:
                u = eta * (target - torch.logsumexp((affinity + v) / eta, 1, keepdim=True))
            else:
                v = (eta * (target - torch.logsumexp((affinity + u) / eta, 0, keepdim=True))).detach()
        return n * torch.exp((affinity + u + v) / eta)

    def run(iterations):
        for _ in range(iterations):
            w, pi = features.T, membership((clusters @ clusters.T).abs())
            mass = pi.sum(0) + 1e-8
            grams = (w.unsqueeze(0) * pi.T.unsqueeze(1)) @ w.T
            scaled = identity + grams * (d / (mass * 0.1)).reshape(-1, 1, 1)
            compression = (mass * torch.logdet(scaled)).sum() / (2 * n)
            expansion = torch.logdet(identity + d / (n * 0.1) * w @ w.T) / 2
            loss = compression - expansion + 0.05 / 2 * pi.square().sum()
            features.grad = clusters.grad = None
            loss.backward()

    return run


def input(workers, batch, size, root=None):
    from loader import loader  # torchvision, which the others do not need

    batches = loader(workers, batch, size, root)

    def run(iterations):
        for _ in range(iterations):
            for _ in batches:
                pass

    return run
