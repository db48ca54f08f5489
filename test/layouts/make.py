"""Writes the fixtures of this folder: small networks of random weights as Hugging Face's library and timm save them, with
the hidden states and the attention of every layer and the output as those libraries compute them.

    python test/layouts/make.py [FOLDER]       # torch, transformers 5.18, timm 1.0, safetensors
"""

import json
import sys
import tempfile
from functools import partial
from pathlib import Path


import torch
import transformers as hf
from safetensors.torch import load_file, save_file
from timm.layers import QuickGELU
from timm.models.vision_transformer import VisionTransformer

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
D, DEPTH, HEADS, PATCH, SIZE, HIDDEN, VOCABULARY = 16, 2, 2, 4, 12, 64, 11
IMAGES = torch.randn(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(7))
WORDS = torch.randint(VOCABULARY, (2, 6), generator=torch.Generator().manual_seed(1))


def drawn(model, seed):
    """Weights of deviation 0.3, near 1 where they scale: those of a fresh network are too small to tell errors from zero."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, w in model.named_parameters():
            scales = w.dim() == 1 and not name.endswith(("bias", "class_embedding"))
            w.copy_(torch.randn(w.shape, generator=g) * 0.3 + scales)
    return model.eval()


def write(name, model, inputs, layers, run, save):
    """layers: what gives out each hidden state; run(inputs) gives output and attention; save(folder) writes the weights."""
    hidden = []
    enter = lambda _, args, named: hidden.append(args[0] if args else named["hidden_states"])
    leave = lambda _, __, out: hidden.append(out[0] if isinstance(out, tuple) else out)
    hooks = [layers[0].register_forward_pre_hook(enter, with_kwargs=True)]
    hooks += [layer.register_forward_hook(leave) for layer in layers]
    with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        output, attention = run(inputs)
        save(folder)
        weights = load_file(f"{folder}/model.safetensors")
        config = json.loads(Path(folder, "config.json").read_text())
    for hook in hooks:
        hook.remove()
    tensors = {f"model/{key}": value for key, value in weights.items()} | {"input": inputs, "output": output}
    tensors |= {f"hidden/{l}": value for l, value in enumerate(hidden)}
    tensors |= {f"attention/{l}": value for l, value in enumerate(attention)}
    tensors = {key: value.contiguous().clone() for key, value in tensors.items()}
    save_file(tensors, FOLDER / f"{name}.safetensors", {"config": json.dumps(config)})


def hugging_face(name, seed, model, inputs, layers, read, base=lambda model: model, older=None):
    """base: the part that is run; read(result): the output; older(weights): as the first releases of the library saved them."""
    drawn(model, seed).set_attn_implementation("eager")

    def run(x):
        result = base(model)(x, output_attentions=True)
        return read(result), result.attentions

    def save(folder):
        model.save_pretrained(folder)
        if older is not None:
            save_file(older(load_file(f"{folder}/model.safetensors")), f"{folder}/model.safetensors")

    write(name, model, inputs, layers(model), run, save)


sizes = dict(hidden_size=D, num_hidden_layers=DEPTH, num_attention_heads=HEADS, intermediate_size=HIDDEN)
vit = sizes | dict(image_size=SIZE, patch_size=PATCH)
first = lambda result: result.last_hidden_state[:, 0]
logits = lambda result: result.logits


def blocks(model):
    """The list of layers, wherever the library keeps it."""
    lists = [m for m in model.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == DEPTH]
    return lists[0]


hugging_face("hf-vit", 1, hf.ViTForImageClassification(hf.ViTConfig(**vit, num_labels=5)), IMAGES, blocks, logits)

decoder = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
decoder = {f"decoder_{key}": value for key, value in decoder.items()}
mae = hf.ViTMAEForPreTraining(hf.ViTMAEConfig(**vit, **decoder, mask_ratio=0.0))
in_order = lambda x: torch.arange(x.shape[1]).expand(x.shape[:2])
# all patches, in their order: the library shuffles them
mae.vit.embeddings.random_masking = lambda x, noise=None: (x, torch.zeros(x.shape[:2]), in_order(x))
hugging_face("hf-vit-mae", 2, mae, IMAGES, lambda m: blocks(m.vit), first, lambda m: m.vit)

dinov2 = hf.Dinov2ForImageClassification(hf.Dinov2Config(**vit, num_labels=5))
hugging_face("hf-dinov2", 3, dinov2, IMAGES, blocks, first, lambda m: m.dinov2)
registers = hf.Dinov2WithRegistersModel(hf.Dinov2WithRegistersConfig(**vit, num_register_tokens=3))
hugging_face("hf-dinov2-registers", 4, registers, IMAGES, blocks, first)

tokens = dict(vocab_size=VOCABULARY, bos_token_id=0, eos_token_id=1, pad_token_id=1)
pooled = lambda result: result.pooler_output
text = dict(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8) | tokens
with_ids = lambda w: w | {"vision_model.embeddings.position_ids": torch.arange((SIZE // PATCH) ** 2 + 1)[None]}
clip = hf.CLIPModel(hf.CLIPConfig(vision_config=vit, text_config=text, projection_dim=8))
hugging_face("hf-clip", 5, clip, IMAGES, lambda m: blocks(m.vision_model), pooled, lambda m: m.vision_model, with_ids)
hugging_face("hf-clip-vision", 6, hf.CLIPVisionModel(hf.CLIPVisionConfig(**vit)), IMAGES, blocks, pooled)

gpt2 = hf.GPT2LMHeadModel(hf.GPT2Config(n_embd=D, n_layer=DEPTH, n_head=HEADS, n_positions=8, **tokens))
masks = {f"h.{l}.attn.bias": torch.ones(8, 8).tril()[None, None] for l in range(DEPTH)}
bare = lambda w: {key.removeprefix("transformer."): value for key, value in w.items()} | masks
hugging_face("hf-gpt2", 7, gpt2, WORDS, blocks, logits)
hugging_face("hf-gpt2-older", 7, gpt2, WORDS, blocks, logits, older=bare)

sizes |= dict(vocab_size=VOCABULARY, max_position_embeddings=8, pad_token_id=0)
old_norm = lambda key: key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
renamed = lambda w: {old_norm(key): value for key, value in w.items()}
hugging_face("hf-bert", 8, hf.BertForMaskedLM(hf.BertConfig(**sizes)), WORDS, blocks, logits)
both = hf.BertForPreTraining(hf.BertConfig(**sizes))
hugging_face("hf-bert-older", 9, both, WORDS, blocks, lambda result: result.prediction_logits, older=renamed)


def with_timm(name, seed, architecture, **more):
    """A VisionTransformer by the arguments that timm gives it for `architecture`, of our small sizes."""
    model = VisionTransformer(img_size=SIZE, patch_size=PATCH, embed_dim=D, depth=DEPTH, num_heads=HEADS, **more)
    drawn(model, seed)
    attention = []
    for block in model.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda _, __, out: attention.append(out))

    def save(folder):
        save_file(model.state_dict(), f"{folder}/model.safetensors")
        config = dict(architecture=architecture, num_classes=model.num_classes)
        Path(folder, "config.json").write_text(json.dumps(config))

    write(name, model, IMAGES, list(model.blocks), lambda x: (model(x), attention), save)


with_timm("timm-vit", 10, "vit_tiny_patch16_224", num_classes=5)
registers = dict(reg_tokens=4, no_embed_class=True, init_values=1.0)
with_timm("timm-registers", 11, "vit_small_patch14_reg4_dinov2", num_classes=0, **registers)
clip = dict(pre_norm=True, norm_layer=partial(torch.nn.LayerNorm, eps=1e-5), act_layer=QuickGELU)
with_timm("timm-clip", 12, "vit_base_patch16_clip_quickgelu_224", num_classes=5, **clip)
