"""Writes the small Llama and adapter that TransformersParityTest is held against.

A randomly initialised checkpoint and a LoRA adapter, saved by Transformers and PEFT themselves, with the
logits they give and the losses of 20 training steps. Run by hand when the fixture has to change:

    pip install torch transformers peft
    python make_transformers_fixture.py ../resources/transformers
"""

import json
import pathlib
import sys

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

SHOWN = 4  # logits are kept for the last positions only: the fixture stays small


def tokens(rows: int, length: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(5, 320, (rows, length), generator=generator)


def training_losses(model: torch.nn.Module, steps: int) -> list[float]:
    trained = [p for p in model.parameters() if p.requires_grad]
    decayed = [p for p in trained if p.dim() > 1]
    others = [p for p in trained if p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
        lr=3e-3, betas=(0.9, 0.95), eps=1e-8)
    losses = []
    for step in range(steps):
        batch = tokens(4, 17, 100 + step % 4)
        loss = model(input_ids=batch, labels=batch).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


def main(folder: pathlib.Path) -> None:
    torch.manual_seed(5)
    torch.set_num_threads(1)
    config = LlamaConfig(
        vocab_size=320, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=8, max_position_embeddings=128,
        rms_norm_eps=1e-5, rope_theta=5000.0, tie_word_embeddings=True, initializer_range=0.2,
        bos_token_id=1, eos_token_id=4, pad_token_id=0)
    model = LlamaForCausalLM(config).float().eval()
    model.save_pretrained(folder / "base")
    prompt = tokens(1, 24, 1)
    expected = {"prompt": prompt[0].tolist()}
    with torch.no_grad():
        expected["base_logits"] = model(prompt).logits[0, -SHOWN:].tolist()

    lora = LoraConfig(r=4, lora_alpha=8, lora_dropout=0.0, target_modules=["q_proj", "v_proj", "down_proj"])
    peft = get_peft_model(model, lora)
    with torch.no_grad():
        for name, parameter in peft.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.2)
    peft.save_pretrained(folder / "adapter")
    peft.eval()
    with torch.no_grad():
        expected["adapter_logits"] = peft(prompt).logits[0, -SHOWN:].tolist()
    expected["batches"] = [tokens(4, 17, 100 + i).tolist() for i in range(4)]
    expected["adapter_losses"] = training_losses(peft, 20)

    full = LlamaForCausalLM.from_pretrained(folder / "base", dtype=torch.float32)
    expected["full_losses"] = training_losses(full, 20)
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")
    for extra in (folder / "adapter" / "README.md", folder / "base" / "generation_config.json"):
        extra.unlink(missing_ok=True)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
