"""What the peer can be asked for: each function prepares its work and returns what is timed, run(iterations)."""

import torch

from crate import Crate, LabelSmoothing
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
            a @ b

    return run


def train_step(model, batch, precision, optimiser):
    net = Crate(**model)
    update = optimizer(optimiser, net.parameters(), lr=1e-4, weight_decay=0.05)
    loss_of = LabelSmoothing(0.1)
    side, channels, classes = model["image_size"], model["channels"], model["classes"]
    images, labels = torch.randn(batch, channels, side, side), torch.randint(classes, (batch,))

    def run(iterations):
        for _ in range(iterations):
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                loss = loss_of(net(images), labels)
            update.zero_grad()
            loss.backward()
            update.step()
            loss.item()

    return run


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
