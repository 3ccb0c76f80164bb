"""Writes the small checkpoints and adapters of every family that TransformersParityTest is held against.

Randomly initialised checkpoints and LoRA adapters, saved by Transformers and PEFT themselves, with the logits
they give and the losses of 20 training steps. Run by hand when the fixtures have to change, in services/model:

    pip install torch transformers peft
    mvn test -Dtest=FixtureWriter -Dtidemill.fixtures=$PWD/src/test/resources/transformers
    python src/test/python/make_transformers_fixture.py src/test/resources/transformers
    mvn test -Dtest=FixtureWriter -Dtidemill.fixtures=$PWD/src/test/resources/transformers
    python src/test/python/make_transformers_fixture.py src/test/resources/transformers target/exported

The first run of FixtureWriter writes the tokenizer; the second trains an adapter on each base, and exports each
base. The last command adds the logits that PEFT gives with those adapters, and checks that Transformers reads the
exported bases as the same models.
"""

import json
import pathlib
import shutil
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForCausalLM, GPT2Config, GenerationConfig, LlamaConfig, MistralConfig, PreTrainedTokenizerFast,
    Qwen2Config, Qwen3Config)

SHOWN = 2  # logits are kept for the last positions only: the fixtures stay small
TOKENS = dict(bos_token_id=1, eos_token_id=4, pad_token_id=0)
LLAMA = dict(
    vocab_size=320, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, head_dim=8, max_position_embeddings=128, rms_norm_eps=1e-5, initializer_range=0.08, **TOKENS)
NO_HEAD_DIM = {key: value for key, value in LLAMA.items() if key != "head_dim"}

CONFIGS = {
    "llama": LlamaConfig(**LLAMA, rope_theta=5000.0, tie_word_embeddings=True),
    "llama3": LlamaConfig(
        **LLAMA, tie_word_embeddings=False, rope_parameters={
            "rope_type": "llama3", "rope_theta": 5000.0, "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 32}),
    "mistral": MistralConfig(**LLAMA, sliding_window=8, tie_word_embeddings=False),
    "qwen2": Qwen2Config(
        **NO_HEAD_DIM, use_sliding_window=True, sliding_window=12, max_window_layers=1, tie_word_embeddings=True),
    "qwen3": Qwen3Config(**{**LLAMA, "head_dim": 16}, tie_word_embeddings=True),
    "gpt2": GPT2Config(
        vocab_size=320, n_embd=32, n_layer=2, n_head=4, n_inner=96, n_positions=128, initializer_range=0.08,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, **TOKENS),
}
DTYPES = {"llama": torch.float32, "mistral": torch.float16, "gpt2": torch.float16}  # the others bf16
LORA = {
    "llama": dict(target_modules=["q_proj", "v_proj", "down_proj"]),
    "mistral": dict(target_modules="all-linear", use_rslora=True),
    "gpt2": dict(target_modules=["c_attn", "c_proj", "c_fc"]),
}
CHATML = (
    "{%- if messages[0].role == 'system' %}{{- '<|user|>system\\n' + messages[0].content + '<|end|>\\n' }}{%- endif %}"
    "{%- for message in messages if message.role != 'system' %}"
    "{{- '<|' ~ message.role ~ '|>' ~ '\\n' ~ message.content ~ '<|end|>' ~ '\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|>\\n' }}{%- endif %}")
TEMPLATES = {
    "llama": "{{ bos_token }}{% for message in messages %}{{ '<|user|>' + message['content'] + '<|end|>' }}{% endfor %}"
             "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}",
    "llama3": "{% for message in messages %}{% set content = '<|user|>' + message['role'] + '\\n\\n'"
              " + message['content'] | trim + '<|end|>' %}{% if loop.index0 == 0 %}"
              "{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
              "{% if add_generation_prompt %}{{ '<|assistant|>\\n\\n' }}{% endif %}",
    "mistral": "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'assistant' %}"
               "{{ message['content'] + eos_token }}{% else %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
               "{% endif %}{% endfor %}",
    "qwen2": CHATML,
    "qwen3": CHATML,
    "gpt2": "{% for message in messages %}{{ message.role ~ ': ' ~ message.content ~ '\\n' }}{% endfor %}assistant:",
}
CONVERSATION = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": " What does linger.ms do? "},
    {"role": "assistant", "content": "It waits."},
    {"role": "user", "content": "And acks?"},
]


def tokens(rows: int, length: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(5, 320, (rows, length), generator=generator)


def logits(model: torch.nn.Module, prompt: torch.Tensor) -> list[list[float]]:
    model.eval()
    with torch.no_grad():
        rows = model(prompt).logits[0, -SHOWN:].float().tolist()
    return [[round(value, 6) for value in row] for row in rows]


def training_losses(model: torch.nn.Module, steps: int) -> list[float]:
    trained = [p for p in model.parameters() if p.requires_grad]
    decayed = [p for p in trained if p.dim() > 1]
    others = [p for p in trained if p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
        lr=3e-3, betas=(0.9, 0.95), eps=1e-8)
    model.train()
    losses = []
    for step in range(steps):
        batch = tokens(4, 17, 100 + step % 4)
        labels = batch.clone()
        labels[:, 0] = -100  # behind virtual tokens PEFT would have the first token predicted too
        loss = model(input_ids=batch, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


def load(folder: pathlib.Path, dtype: torch.dtype = torch.float32) -> torch.nn.Module:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)


def make(root: pathlib.Path, family: str) -> None:
    folder = root / family
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(5)
    model = AutoModelForCausalLM.from_config(CONFIGS[family]).float()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:  # norms and biases that do something
                parameter.add_(torch.randn_like(parameter) * 0.2)
    if family == "qwen2":
        model.generation_config = GenerationConfig(
            do_sample=True, temperature=0.7, top_p=0.8, top_k=20, repetition_penalty=1.05, bos_token_id=1,
            eos_token_id=[4, 2], pad_token_id=0)
    shards = {"max_shard_size": "30KB"} if family == "qwen2" else {}
    model.to(DTYPES.get(family, torch.bfloat16)).save_pretrained(folder / "base", **shards)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(root / "tokenizer.json"), bos_token="<|bos|>", eos_token="<|end|>", pad_token="<|pad|>",
        chat_template=TEMPLATES[family])
    names = {key: getattr(tokenizer, key) for key in ("bos_token", "eos_token", "pad_token", "chat_template")}
    (folder / "base" / "tokenizer_config.json").write_text(json.dumps(names, indent=1) + "\n")

    prompt = tokens(1, 24, 1)
    chat = tokenizer.apply_chat_template(CONVERSATION, add_generation_prompt=True, return_dict=False)
    expected = {"prompt": prompt[0].tolist(), "conversation": CONVERSATION, "chat": chat}
    chat = torch.tensor([chat])
    model = load(folder / "base")
    expected["base_logits"] = logits(model, prompt)
    expected["chat_logits"] = logits(model, chat)
    half = load(folder / "base", torch.bfloat16)
    expected["bf16_logits"] = logits(half, prompt)
    expected["bf16_chat_logits"] = logits(half, chat)

    lora = LoraConfig(r=4, lora_alpha=8, lora_dropout=0.0, **LORA.get(family, {"target_modules": "all-linear"}))
    peft = get_peft_model(model, lora)
    with torch.no_grad():
        for name, parameter in peft.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.1)
    peft.save_pretrained(folder / "adapter")
    expected["adapter_logits"] = logits(peft, prompt)
    expected["batches"] = [tokens(4, 17, 100 + i).tolist() for i in range(4)]
    expected["adapter_losses"] = training_losses(peft, 20)
    expected["full_losses"] = training_losses(load(folder / "base"), 20)
    write(folder, expected)
    (folder / "adapter" / "README.md").unlink()
    if family != "qwen2":
        (folder / "base" / "generation_config.json").unlink()


def check(root: pathlib.Path, exported: pathlib.Path, family: str) -> None:
    folder = root / family
    expected = json.loads((folder / "expected.json").read_text())
    prompt = torch.tensor([expected["prompt"]])
    again = torch.tensor(logits(load(exported / family), prompt))
    apart = (again - torch.tensor(expected["base_logits"])).abs().max().item()
    print(f"{family}: the exported base is within {apart:.1e}")
    assert apart < 1e-5
    ours = PeftModel.from_pretrained(load(folder / "base"), folder / "ours")
    expected["ours_logits"] = logits(ours, prompt)
    write(folder, expected)


def write(folder: pathlib.Path, expected: dict) -> None:
    lines = ",\n".join(json.dumps(key) + ": " + json.dumps(value) for key, value in expected.items())
    (folder / "expected.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in CONFIGS:
        if len(sys.argv) > 2:
            check(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), name)
        else:
            make(pathlib.Path(sys.argv[1]), name)
