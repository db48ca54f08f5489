"""CRATE as a causal language model in plain eager PyTorch, with its fused attention: the peer of bench/gpt-step.bench.ts."""

import torch
import torch.nn.functional as F
from torch import nn

from crate import Ista


class CausalAttention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.c_attn, self.c_proj = nn.Linear(dim, dim, bias=False), nn.Linear(dim, dim)

    def forward(self, x):
        b, n, d = x.shape
        w = self.c_attn(x).view(b, n, self.heads, d // self.heads).transpose(1, 2)
        y = F.scaled_dot_product_attention(w, w, w, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(b, n, d))


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(dim), CausalAttention(dim, heads)
        self.norm2, self.ista = nn.LayerNorm(dim), Ista(dim)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return self.ista(self.norm2(x))


class CrateGpt(nn.Module):
    def __init__(self, vocabulary, context, dim, depth, heads):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, dim), nn.Embedding(context, dim)
        self.blocks = nn.ModuleList([Block(dim, heads) for _ in range(depth)])
        self.head = nn.Linear(dim, vocabulary, bias=False)
        self.head.weight = self.tokens.weight
        nn.init.normal_(self.tokens.weight, std=0.02)

    def forward(self, inputs, targets):
        x = self.tokens(inputs) + self.positions(torch.arange(inputs.shape[1], device=inputs.device))
        for block in self.blocks:
            x = block(x)
        logits = self.head(x)
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.view(-1))
