"""Writes the fixtures of this folder: small networks of random weights under the names of timm and of Hugging Face's
library, with the hidden states and the attention of every layer as PyTorch computes them by each model's description.

    python test/layouts/make.py        # torch and safetensors
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn.functional import conv2d, gelu, layer_norm, linear

D, DEPTH, HEADS, PATCH, SIZE, HIDDEN = 16, 2, 2, 4, 12, 64
N = (SIZE // PATCH) ** 2
here = Path(__file__).parent
quick_gelu = lambda x: x * torch.sigmoid(1.702 * x)
tanh_gelu = lambda x: gelu(x, approximate="tanh")


def draw(shapes, seed):
    """Random weights; those of norms near 1."""
    g = torch.Generator().manual_seed(seed)
    make = lambda name, shape: torch.randn(shape, generator=g) * 0.3 + (1 if is_scale(name) else 0)
    return {name: make(name, shape) for name, shape in shapes.items()}


def is_scale(name):
    return "norm" in name.lower() and name.endswith(("weight", "gamma")) or "ln_" in name and name.endswith("weight")


def pair(name, *shape):
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def attend(q, k, v, causal=False):
    """q, k, v [b, n, d] → mixed [b, n, d], weights [b, K, n, n]"""
    b, n, d = q.shape
    q, k, v = (x.reshape(b, n, HEADS, d // HEADS).transpose(1, 2) for x in (q, k, v))
    scores = q @ k.transpose(-1, -2) / (d // HEADS) ** 0.5
    if causal:
        scores = scores.masked_fill(torch.ones(n, n).tril() == 0, float("-inf"))
    A = scores.softmax(-1)
    return (A @ v).transpose(1, 2).reshape(b, n, d), A


def norm(w, name, x, eps, gain="weight", shift="bias"):
    return layer_norm(x, (x.shape[-1],), w[f"{name}.{gain}"], w[f"{name}.{shift}"], eps)


def dense(w, name, x):
    return linear(x, w[f"{name}.weight"], w.get(f"{name}.bias"))


def write(name, w, config, inputs, hidden, attention, **more):
    tensors = {f"model/{key}": value for key, value in w.items()} | {"input": inputs} | more
    tensors |= {f"hidden/{l}": value for l, value in enumerate(hidden)}
    tensors |= {f"attention/{l}": value for l, value in enumerate(attention)}
    tensors = {key: value.contiguous() for key, value in tensors.items()}
    save_file(tensors, here / f"{name}.safetensors", {"config": json.dumps(config)})


def image(seed=7):
    return torch.randn(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))


def pre_norm_layers(w, x, names, eps, act=gelu, scales=None):
    """Layers with the norm first; names: where each part of layer l is, of one or of three projections."""
    hidden, maps = [x], []
    for l in range(DEPTH):
        at = {part: name.replace("*", str(l)) for part, name in names.items()}
        y = norm(w, at["norm1"], x, eps)
        q, k, v = dense(w, at["qkv"], y).chunk(3, -1) if "qkv" in at else (dense(w, at[p], y) for p in "qkv")
        mixed, A = attend(q, k, v)
        gamma = [w[s.replace("*", str(l))] for s in scales] if scales else [1, 1]
        x = x + gamma[0] * dense(w, at["out"], mixed)
        x = x + gamma[1] * dense(w, at["fc2"], act(dense(w, at["fc1"], norm(w, at["norm2"], x, eps))))
        hidden.append(x)
        maps.append(A)
    return hidden, maps


def layer_shapes(names):
    shapes = {}
    for l in range(DEPTH):
        for part, name in names.items():
            inner = {"fc1": (HIDDEN, D), "fc2": (D, HIDDEN), "qkv": (3 * D, D), "norm1": (D,), "norm2": (D,)}
            shapes |= pair(name.replace("*", str(l)), *inner.get(part, (D, D)))
    return shapes


def hf_names(base, norm1, norm2, fc1, fc2):
    at = f"{base}encoder.layer.*."
    maps = {p: f"{at}attention.attention.{n}" for p, n in zip("qkv", ("query", "key", "value"))}
    rest = dict(norm1=norm1, norm2=norm2, fc1=fc1, fc2=fc2, out="attention.output.dense")
    return maps | {part: at + name for part, name in rest.items()}


def hf_embeddings(w, base, x):
    """Class token and patches with positions."""
    patches = conv2d(
        x,
        w[f"{base}embeddings.patch_embeddings.projection.weight"],
        w[f"{base}embeddings.patch_embeddings.projection.bias"],
        stride=PATCH,
    )
    tokens = torch.cat([w[f"{base}embeddings.cls_token"].expand(len(x), -1, -1), patches.flatten(2).mT], 1)
    return tokens + w[f"{base}embeddings.position_embeddings"]


def hf_start(base):
    return {f"{base}embeddings.cls_token": (1, 1, D), f"{base}embeddings.position_embeddings": (1, N + 1, D)} | pair(
        f"{base}embeddings.patch_embeddings.projection", D, 3, PATCH, PATCH
    )


SIZES = dict(hidden_size=D, num_hidden_layers=DEPTH, num_attention_heads=HEADS, image_size=SIZE, patch_size=PATCH)


def hf_vit(name, seed, more, config, head=None):
    names = hf_names("vit.", "layernorm_before", "layernorm_after", "intermediate.dense", "output.dense")
    w = draw(hf_start("vit.") | layer_shapes(names) | pair("vit.layernorm", D) | more, seed)
    x = image()
    hidden, maps = pre_norm_layers(w, hf_embeddings(w, "vit.", x), names, 1e-12)
    out = norm(w, "vit.layernorm", hidden[-1], 1e-12)[:, 0]
    write(name, w, SIZES | config, x, hidden, maps, output=dense(w, head, out) if head else out)


def hf_dinov2(name, seed, registers):
    base = "" if registers else "dinov2."
    names = hf_names(base, "norm1", "norm2", "mlp.fc1", "mlp.fc2")
    scales = [f"{base}encoder.layer.*.layer_scale{i}.lambda1" for i in (1, 2)]
    shapes = hf_start(base) | layer_shapes(names) | pair(f"{base}layernorm", D) | {f"{base}embeddings.mask_token": (1, D)}
    shapes |= {s.replace("*", str(l)): (D,) for s in scales for l in range(DEPTH)}
    if registers:
        shapes |= {f"{base}embeddings.register_tokens": (1, registers, D)}
    w = draw(shapes, seed)
    x = image()
    tokens = hf_embeddings(w, base, x)
    if registers:
        r = w[f"{base}embeddings.register_tokens"].expand(len(x), -1, -1)
        tokens = torch.cat([tokens[:, :1], r, tokens[:, 1:]], 1)
    hidden, maps = pre_norm_layers(w, tokens, names, 1e-6, scales=scales)
    out = norm(w, f"{base}layernorm", hidden[-1], 1e-6)[:, 0]
    config = SIZES | dict(model_type="dinov2_with_registers" if registers else "dinov2", layer_norm_eps=1e-6)
    write(name, w, config, x, hidden, maps, output=out)


def hf_clip(name, seed):
    at = "vision_model.encoder.layers.*."
    names = {p: f"{at}self_attn.{p}_proj" for p in "qkv"}
    names |= dict(out=f"{at}self_attn.out_proj", norm1=f"{at}layer_norm1", norm2=f"{at}layer_norm2")
    names |= dict(fc1=f"{at}mlp.fc1", fc2=f"{at}mlp.fc2")
    e = "vision_model.embeddings."
    shapes = {f"{e}class_embedding": (D,), f"{e}patch_embedding.weight": (D, 3, PATCH, PATCH)}
    shapes |= {f"{e}position_embedding.weight": (N + 1, D), "visual_projection.weight": (8, D)}
    shapes |= pair("vision_model.pre_layrnorm", D) | pair("vision_model.post_layernorm", D) | layer_shapes(names)
    shapes |= {"text_model.embeddings.token_embedding.weight": (5, D), "logit_scale": ()}
    w = draw(shapes, seed)
    w[f"{e}position_ids"] = torch.arange(N + 1)[None]
    x = image()
    patches = conv2d(x, w[f"{e}patch_embedding.weight"], stride=PATCH).flatten(2).mT
    tokens = torch.cat([w[f"{e}class_embedding"].expand(len(x), 1, -1), patches], 1)
    tokens = norm(w, "vision_model.pre_layrnorm", tokens + w[f"{e}position_embedding.weight"], 1e-5)
    hidden, maps = pre_norm_layers(w, tokens, names, 1e-5, quick_gelu)
    out = norm(w, "vision_model.post_layernorm", hidden[-1], 1e-5)[:, 0]
    write(name, w, dict(model_type="clip", vision_config=SIZES | dict(hidden_act="quick_gelu")), x, hidden, maps, output=out)


def timm(name, seed, config, registers=0, clip=False):
    at = "blocks.*."
    names = dict(qkv=f"{at}attn.qkv", out=f"{at}attn.proj", fc1=f"{at}mlp.fc1", fc2=f"{at}mlp.fc2")
    names |= dict(norm1=f"{at}norm1", norm2=f"{at}norm2")
    shapes = {"cls_token": (1, 1, D), "pos_embed": (1, N if registers else N + 1, D)} | layer_shapes(names)
    shapes |= {"patch_embed.proj.weight": (D, 3, PATCH, PATCH)} | pair("norm", D)
    shapes |= pair("norm_pre", D) if clip else {"patch_embed.proj.bias": (D,)}
    scales = ["blocks.*.ls1.gamma", "blocks.*.ls2.gamma"] if registers else None
    if registers:
        shapes |= {"reg_token": (1, registers, D)} | {s.replace("*", str(l)): (D,) for s in scales for l in range(DEPTH)}
    if clip:
        shapes |= pair("head", 5, D)
    w = draw(shapes, seed)
    x = image()
    patches = conv2d(x, w["patch_embed.proj.weight"], w.get("patch_embed.proj.bias"), stride=PATCH).flatten(2).mT
    cls = w["cls_token"].expand(len(x), -1, -1)
    if registers:  # positions of patches alone
        tokens = torch.cat([cls, w["reg_token"].expand(len(x), -1, -1), patches + w["pos_embed"]], 1)
    else:
        tokens = torch.cat([cls, patches], 1) + w["pos_embed"]
    eps = 1e-5 if clip else 1e-6
    tokens = norm(w, "norm_pre", tokens, eps) if clip else tokens
    hidden, maps = pre_norm_layers(w, tokens, names, eps, quick_gelu if clip else gelu, scales)
    out = norm(w, "norm", hidden[-1], eps)[:, 0]
    write(name, w, config, x, hidden, maps, output=dense(w, "head", out) if clip else out)


def hf_gpt2(name, seed, V=11, n=8):
    shapes = {"wte.weight": (V, D), "wpe.weight": (n, D), "ln_f.weight": (D,), "ln_f.bias": (D,)}
    for l in range(DEPTH):
        at = f"h.{l}."
        shapes |= {f"{at}{x}.{y}": (D,) for x in ("ln_1", "ln_2") for y in ("weight", "bias")}
        for part, i, o in (("attn.c_attn", D, 3 * D), ("attn.c_proj", D, D), ("mlp.c_fc", D, HIDDEN), ("mlp.c_proj", HIDDEN, D)):
            shapes |= {f"{at}{part}.weight": (i, o), f"{at}{part}.bias": (o,)}
    w = draw(shapes, seed)
    tokens = torch.randint(V, (2, 6), generator=torch.Generator().manual_seed(1))
    conv1d = lambda part, x: x @ w[f"{part}.weight"] + w[f"{part}.bias"]
    x = w["wte.weight"][tokens] + w["wpe.weight"][:6]
    hidden, maps = [x], []
    for l in range(DEPTH):
        at = f"h.{l}."
        mixed, A = attend(*conv1d(f"{at}attn.c_attn", norm(w, f"{at}ln_1", x, 1e-5)).chunk(3, -1), causal=True)
        x = x + conv1d(f"{at}attn.c_proj", mixed)
        x = x + conv1d(f"{at}mlp.c_proj", tanh_gelu(conv1d(f"{at}mlp.c_fc", norm(w, f"{at}ln_2", x, 1e-5))))
        hidden.append(x)
        maps.append(A)
        w[f"{at}attn.bias"] = torch.ones(n, n).tril()[None, None]
    logits = norm(w, "ln_f", x, 1e-5) @ w["wte.weight"].T
    config = dict(model_type="gpt2", n_head=HEADS, n_embd=D, n_layer=DEPTH, activation_function="gelu_new")
    write(name, w, config, tokens, hidden, maps, output=logits)


def hf_bert(name, seed, V=11, n=8):
    old = dict(gain="gamma", shift="beta")
    e, norms = "bert.embeddings.", ["bert.embeddings.LayerNorm", "cls.predictions.transform.LayerNorm"]
    shapes = {f"{e}word_embeddings.weight": (V, D), f"{e}position_embeddings.weight": (n, D)}
    shapes |= {f"{e}token_type_embeddings.weight": (2, D), "cls.predictions.bias": (V,)}
    shapes |= pair("cls.predictions.transform.dense", D, D) | pair("bert.pooler.dense", D, D) | pair("cls.seq_relationship", 2, D)
    for l in range(DEPTH):
        at = f"bert.encoder.layer.{l}."
        norms += [f"{at}attention.output.LayerNorm", f"{at}output.LayerNorm"]
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= pair(at + part, D, D)
        shapes |= pair(f"{at}intermediate.dense", HIDDEN, D) | pair(f"{at}output.dense", D, HIDDEN)
    shapes |= {f"{x}.{y}": (D,) for x in norms for y in ("gamma", "beta")}
    w = draw(shapes, seed)
    tokens = torch.randint(V, (2, 6), generator=torch.Generator().manual_seed(1))
    x = w[f"{e}word_embeddings.weight"][tokens] + w[f"{e}position_embeddings.weight"][:6]
    x = norm(w, f"{e}LayerNorm", x + w[f"{e}token_type_embeddings.weight"][0], 1e-12, **old)
    hidden, maps = [x], []
    for l in range(DEPTH):
        at = f"bert.encoder.layer.{l}."
        mixed, A = attend(*(dense(w, f"{at}attention.self.{p}", x) for p in ("query", "key", "value")))
        x = norm(w, f"{at}attention.output.LayerNorm", x + dense(w, f"{at}attention.output.dense", mixed), 1e-12, **old)
        changed = dense(w, f"{at}output.dense", gelu(dense(w, f"{at}intermediate.dense", x)))
        x = norm(w, f"{at}output.LayerNorm", x + changed, 1e-12, **old)
        hidden.append(x)
        maps.append(A)
    t = norm(w, norms[1], gelu(dense(w, "cls.predictions.transform.dense", x)), 1e-12, **old)
    logits = t @ w[f"{e}word_embeddings.weight"].T + w["cls.predictions.bias"]
    config = dict(model_type="bert", num_attention_heads=HEADS, hidden_act="gelu")
    write(name, w, config, tokens, hidden, maps, output=logits)


hf_vit("hf-vit", 1, pair("classifier", 5, D), dict(model_type="vit"), head="classifier")
decoder = {"decoder.mask_token": (1, 1, 8), "decoder.decoder_pos_embed": (1, N + 1, 8)} | pair("decoder.decoder_embed", 8, D)
hf_vit("hf-vit-mae", 2, decoder, dict(model_type="vit_mae"))
hf_dinov2("hf-dinov2", 3, 0)
hf_dinov2("hf-dinov2-registers", 4, 3)
hf_clip("hf-clip", 5)
timm("timm-registers", 6, dict(architecture="vit_small_patch14_reg4_dinov2"), registers=4)
timm("timm-clip", 7, dict(architecture="vit_base_patch16_clip_quickgelu_224"), clip=True)
hf_gpt2("hf-gpt2", 8)
hf_bert("hf-bert", 9)
