"""Writes what PEFT and TRL compute with tuning methods and objectives, for MethodsParityTest.

It takes the checkpoints that make_transformers_fixture.py made, and writes beside them adapters that PEFT drew
(`prefix`, `prompt`), the logits they give and the losses of 20 training steps, and the losses of TRL's KTO trainer.
Run by hand when the fixtures have to change, in services/model:

    pip install torch transformers peft trl
    python src/test/python/make_methods_fixture.py src/test/resources/transformers
    mvn test -Dtest=MethodsFixtureWriter -Dtidemill.fixtures=$PWD/src/test/resources/transformers
    python src/test/python/make_methods_fixture.py src/test/resources/transformers check

MethodsFixtureWriter trains adapters of ours; the last command adds the logits that PEFT gives with those.
"""

import json
import pathlib
import sys
import tempfile

import torch
from make_transformers_fixture import CONFIGS, load, logits, tokens, training_losses
from peft import LoraConfig, PeftModel, PrefixTuningConfig, PromptTuningConfig, TaskType, get_peft_model
from transformers import PreTrainedTokenizerFast

METHODS = ("prefix", "prompt")
KTO_BATCH = 4
# label, prompt, completion; the second batch is of good answers alone
RATED = [
    (True, "linger.ms?", " It waits for a batch."), (False, "acks?", " The fetch setting."),
    (True, "What does acks do?", " It tells how many replicas."), (False, "fetch.min.bytes", " naïve café"),
    (True, "producer", " consumer"), (True, "The acks setting", " of the producer"),
    (True, "Grüße", " an die Welt"), (True, "wait", " for a batch to fill."),
    (False, "How long?", " 日本語"), (False, "least", " at least"),
    (True, "replicas", " must have the record."), (False, "records?", " a batch"),
]


def config(method: str, base: torch.nn.Module):
    shared = dict(task_type=TaskType.CAUSAL_LM, num_virtual_tokens=5)
    if method == "prompt":
        return PromptTuningConfig(**shared)
    heads = getattr(base.config, "num_key_value_heads", None) or base.config.num_attention_heads
    width = getattr(base.config, "head_dim", None) or base.config.hidden_size // base.config.num_attention_heads
    return PrefixTuningConfig(**shared, num_attention_heads=heads, token_dim=heads * width)


def make(root: pathlib.Path, family: str) -> None:
    folder = root / family
    prompt = tokens(1, 24, 1)
    expected = {}
    for method in METHODS:
        torch.manual_seed(7)
        base = load(folder / "base")
        peft = get_peft_model(base, config(method, base))
        peft.save_pretrained(folder / method)
        (folder / method / "README.md").unlink()
        expected[f"{method}_logits"] = logits(peft, prompt)
        expected[f"{method}_losses"] = training_losses(peft, 20)
    if family == "llama":
        expected["kto"] = kto(root)
    write(folder, expected)


def kto(root: pathlib.Path) -> dict:
    """Steps of TRL's trainer from a LoRA adapter of PEFT's, whose start is the reference."""
    from datasets import Dataset
    from trl import KTOConfig, KTOTrainer

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(root / "tokenizer.json"), bos_token="<|bos|>", eos_token="<|end|>", pad_token="<|pad|>")
    torch.manual_seed(3)
    model = get_peft_model(load(root / "llama" / "base"), LoraConfig(
        r=4, lora_alpha=8, lora_dropout=0.0, target_modules=["q_proj", "v_proj", "down_proj"]))
    model.save_pretrained(root / "llama" / "kto")
    (root / "llama" / "kto" / "README.md").unlink()
    data = Dataset.from_list([dict(label=label, prompt=prompt, completion=answer) for label, prompt, answer in RATED])
    with tempfile.TemporaryDirectory() as work:
        trainer = KTOTrainer(
            model=model, processing_class=tokenizer, train_dataset=data,
            args=KTOConfig(
                output_dir=work, per_device_train_batch_size=KTO_BATCH, train_sampling_strategy="sequential",
                num_train_epochs=2, learning_rate=1e-2, lr_scheduler_type="constant", beta=0.5, desirable_weight=1.0,
                undesirable_weight=1.5, max_grad_norm=1.0, weight_decay=0.0, adam_beta1=0.9, adam_beta2=0.95,
                adam_epsilon=1e-8, logging_steps=1, report_to=[], save_strategy="no", use_cpu=True, seed=1, bf16=False,
                gradient_checkpointing=False, optim="adamw_torch", disable_tqdm=True, logging_nan_inf_filter=False))
        trainer.train()
        rows = [
            dict(good=row["label"], prompt=row["prompt_ids"], answer=row["completion_ids"])
            for row in trainer.train_dataset]
        steps = [entry for entry in trainer.state.log_history if "loss" in entry]
    return dict(
        rows=rows, batch=KTO_BATCH, beta=0.5, undesirable_weight=1.5, learning_rate=1e-2,
        losses=[entry["loss"] for entry in steps], kl=[entry["kl"] for entry in steps])


def check(root: pathlib.Path, family: str) -> None:
    folder = root / family
    expected = json.loads((folder / "methods.json").read_text())
    for method in METHODS:
        peft = PeftModel.from_pretrained(load(folder / "base"), folder / f"our_{method}")
        expected[f"our_{method}_logits"] = logits(peft, tokens(1, 24, 1))
    write(folder, expected)


def write(folder: pathlib.Path, expected: dict) -> None:
    lines = ",\n".join(json.dumps(key) + ": " + json.dumps(value) for key, value in expected.items())
    (folder / "methods.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in CONFIGS:
        (check if len(sys.argv) > 2 else make)(pathlib.Path(sys.argv[1]), name)
