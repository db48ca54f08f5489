"""CRATE's masked autoencoder in plain eager PyTorch, mask tokens in the encoder: the peer of bench/mae-step.bench.ts."""

import torch
from torch import nn

from crate import Attention, Layer


class DecoderLayer(nn.Module):
    """A linear map without a skip, then minus attention."""

    def __init__(self, dim, heads, head_dim):
        super().__init__()
        self.norm1, self.linear = nn.LayerNorm(dim), nn.Linear(dim, dim, bias=False)
        self.norm2, self.mssa = nn.LayerNorm(dim), Attention(dim, heads, head_dim)

    def forward(self, x):
        y = self.linear(self.norm1(x))
        return y - self.mssa(self.norm2(y))


class CrateMae(nn.Module):
    def __init__(self, image_size, patch, channels, dim, depth, heads, head_dim):
        super().__init__()
        self.patch, self.count = patch, (image_size // patch) ** 2
        self.embedding = nn.Conv2d(channels, dim, patch, patch)
        self.cls_token, self.mask_token = (nn.Parameter(torch.randn(1, 1, dim) * 0.02) for _ in range(2))
        self.positions = nn.Parameter(torch.randn(1, self.count + 1, dim), requires_grad=False)
        self.blocks = nn.ModuleList([Layer(dim, heads, head_dim, threshold=0.5) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.decoder = nn.ModuleList([DecoderLayer(dim, heads, head_dim) for _ in range(depth)])
        self.decoder_norm = nn.LayerNorm(dim, eps=1e-6)
        self.prediction = nn.Linear(dim, patch * patch * channels)

    def patches(self, images):
        b, c, height, width = images.shape
        p = self.patch
        cut = images.reshape(b, c, height // p, p, width // p, p)
        return torch.einsum("nchpwq->nhwpqc", cut).reshape(b, self.count, p * p * c)

    def mask(self, x, ratio):
        """Keeps the tokens of least noise, then puts mask tokens where the others were."""
        b, n, d = x.shape
        kept = int(n * (1 - ratio))
        shuffle = torch.argsort(torch.rand(b, n, device=x.device), dim=1)
        restore = torch.argsort(shuffle, dim=1)
        visible = torch.gather(x, 1, shuffle[:, :kept].unsqueeze(-1).repeat(1, 1, d))
        mask = torch.ones(b, n, device=x.device)
        mask[:, :kept] = 0
        cls = self.cls_token.expand(b, -1, -1)
        hidden = self.mask_token.repeat(b, n - kept, 1)
        whole = torch.cat([visible, hidden], dim=1)
        whole = torch.gather(whole, 1, restore.unsqueeze(-1).repeat(1, 1, d))
        return torch.cat([cls, whole], dim=1), torch.gather(mask, 1, restore)

    def forward(self, images, ratio=0.75):
        x, mask = self.mask(self.embedding(images).flatten(2).transpose(1, 2), ratio)
        x = x + self.positions
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        for block in self.decoder:
            x = block(x)
        prediction = self.prediction(self.decoder_norm(x))[:, 1:]
        errors = ((prediction - self.patches(images)) ** 2).mean(dim=-1)
        return (errors * mask).sum() / mask.sum()
