"""CRATE in plain PyTorch, arranged as the authors' code arranges it or with the least work: the peer of bench/train-step.bench.ts."""

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    """MSSA: one projection serves as queries, keys and values; the n x n weights are formed, unless `fused`."""

    fused = False

    def __init__(self, dim, heads, head_dim):
        super().__init__()
        self.heads = heads
        self.scale = head_dim**-0.5
        self.qkv = nn.Linear(dim, heads * head_dim, bias=False)
        self.attend = nn.Softmax(dim=-1)
        self.to_out = nn.Linear(heads * head_dim, dim)

    def forward(self, x):
        b, n, _ = x.shape
        w = self.qkv(x).reshape(b, n, self.heads, -1).transpose(1, 2)  # rearrange b n (h d) -> b h n d
        if self.fused:
            out = F.scaled_dot_product_attention(w, w, w)
        else:
            dots = torch.matmul(w, w.transpose(-1, -2)) * self.scale
            out = torch.matmul(self.attend(dots), w)
        return self.to_out(out.transpose(1, 2).reshape(b, n, -1))  # rearrange b h n d -> b n (h d)


class Ista(nn.Module):
    """The sparsifying step with its three products of all tokens, or `merged` into one."""

    merged = False

    def __init__(self, dim, step=0.1, threshold=0.1):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(dim, dim))
        nn.init.kaiming_uniform_(self.weight)
        self.step, self.threshold = step, threshold

    def forward(self, x):
        if self.merged:
            gradient = self.weight.t() - self.weight.t() @ self.weight
            return F.relu(x + self.step * F.linear(x, gradient) - self.step * self.threshold)
        code = F.linear(x, self.weight)
        again = F.linear(code, self.weight.t())
        correlation = F.linear(x, self.weight.t())
        return F.relu(x + self.step * (correlation - again) - self.step * self.threshold)


def with_least_work():
    Attention.fused = Ista.merged = True


class Layer(nn.Module):
    def __init__(self, dim, heads, head_dim, threshold=0.1):
        super().__init__()
        self.norm1, self.mssa = nn.LayerNorm(dim), Attention(dim, heads, head_dim)
        self.norm2, self.ista = nn.LayerNorm(dim), Ista(dim, threshold=threshold)

    def forward(self, x):
        x = self.mssa(self.norm1(x)) + x
        return self.ista(self.norm2(x))


class Patches(nn.Module):
    """rearrange b c (h p) (w q) -> b (h w) (p q c)"""

    def __init__(self, patch):
        super().__init__()
        self.patch = patch

    def forward(self, x):
        b, c, height, width = x.shape
        p = self.patch
        cut = x.reshape(b, c, height // p, p, width // p, p).permute(0, 2, 4, 3, 5, 1)
        return cut.reshape(b, (height // p) * (width // p), p * p * c)


class Crate(nn.Module):
    def __init__(self, image_size, patch, channels, classes, dim, depth, heads, head_dim):
        super().__init__()
        pixels, count = patch * patch * channels, (image_size // patch) ** 2
        self.to_patch_embedding = nn.Sequential(
            Patches(patch), nn.LayerNorm(pixels), nn.Linear(pixels, dim), nn.LayerNorm(dim)
        )
        self.pos_embedding = nn.Parameter(torch.randn(1, count + 1, dim))
        self.cls_token = nn.Parameter(torch.randn(1, 1, dim))
        self.dropout = nn.Dropout(0.0)
        self.layers = nn.ModuleList([Layer(dim, heads, head_dim) for _ in range(depth)])
        self.mlp_head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, classes))

    def forward(self, image):
        x = self.to_patch_embedding(image)
        cls = self.cls_token.expand(x.shape[0], -1, -1)
        x = torch.cat((cls, x), dim=1)
        x += self.pos_embedding[:, : x.shape[1]]
        x = self.dropout(x)
        for layer in self.layers:
            x = layer(x)
        return self.mlp_head(x[:, 0])


class LabelSmoothing(nn.Module):
    """(1 - s) NLL + s times the mean of -log p over all classes."""

    def __init__(self, smoothing=0.1):
        super().__init__()
        self.smoothing = smoothing

    def forward(self, logits, labels):
        log_p = F.log_softmax(logits, dim=-1)
        nll = -log_p.gather(dim=-1, index=labels.unsqueeze(1)).squeeze(1)
        return ((1 - self.smoothing) * nll - self.smoothing * log_p.mean(dim=-1)).mean()
