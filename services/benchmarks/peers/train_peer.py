"""One training run of a peer (Transformers + PEFT, TRL) for the scenario training-speed.

    python train_peer.py MODE WORK --threads N

WORK holds `base` (a Hugging Face folder), `adapter` (PEFT's files: both sides start from the same one) and
`data.json`. MODE is one of

    causal      Transformers + PEFT, plain loop: causal-LM loss on equal batches, bf16 autocast
    causal-bf16 the same with the adapter in bf16 too, which needs no casts
    sft         TRL's SFTTrainer as it comes
    sft-packed  TRL's SFTTrainer in the fastest configuration that runs on a CPU: packed, the loss in chunks
    sft-sorted  TRL's SFTTrainer, batches of like length, the loss in chunks
    dpo         TRL's DPOTrainer as it comes
    dpo-cached  TRL's DPOTrainer with the reference computed once, before training

Prints one line of JSON: seconds of the measured steps, real tokens in them, and the loss of the examples of
`data.json` afterwards, measured the same way on both sides.
"""

import argparse
import json
import logging
import pathlib
import time
import warnings

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, TrainerCallback

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)


def load(work: pathlib.Path, keep: bool):
    """PEFT keeps trained matrices in fp32 beside a bf16 base, for autocast, unless told otherwise."""
    model = AutoModelForCausalLM.from_pretrained(work / "base", dtype=torch.bfloat16, attn_implementation="sdpa")
    model = PeftModel.from_pretrained(model, work / "adapter", is_trainable=True, autocast_adapter_dtype=not keep)
    return model.to(torch.bfloat16) if keep else model


def held_loss(model, data) -> float:
    """Mean loss of the labelled tokens, one example at a time."""
    model.eval()
    total = count = 0.0
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        for example in data["held"]:
            tokens = torch.tensor([example["input_ids"]])
            logits = model(tokens).logits[0, :-1].float()
            mask = torch.tensor(example["completion_mask"][1:], dtype=torch.bool)
            total += torch.nn.functional.cross_entropy(logits[mask], tokens[0, 1:][mask], reduction="sum").item()
            count += int(mask.sum())
    return total / count


class Clock(TrainerCallback):
    """Time between the ends of the warm-up and of the last step."""

    def __init__(self, warm: int):
        self.warm, self.steps, self.start, self.end = warm, 0, time.perf_counter(), 0.0

    def on_step_end(self, args, state, control, **kwargs):
        self.steps += 1
        self.end = time.perf_counter()
        if self.steps == self.warm:
            self.start = self.end


def causal(mode, model, data):
    warm, rate = data["warm"], data["learning_rate"]
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=rate, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.01, fused=True)
    model.train()
    tokens = 0
    start = time.perf_counter()
    for i, rows in enumerate(data["batches"]):
        batch = torch.tensor(rows)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mode == "causal"):
            loss = model(input_ids=batch, labels=batch).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        tokens += batch.numel()
        if i + 1 == warm:
            start, tokens = time.perf_counter(), 0
    return time.perf_counter() - start, tokens


def shared_arguments(work, data) -> dict:
    return dict(
        output_dir=str(work / "out"), use_cpu=True, bf16=True, learning_rate=data["learning_rate"],
        lr_scheduler_type="constant", weight_decay=0.01, adam_beta2=0.95, max_grad_norm=1.0, report_to=[],
        logging_strategy="no", save_strategy="no", num_train_epochs=1, dataloader_num_workers=0,
        gradient_checkpointing=False, max_length=512, seed=1, disable_tqdm=True, optim="adamw_torch_fused")


def tokenizer(work: pathlib.Path):
    return PreTrainedTokenizerFast(
        tokenizer_file=str(work / "base" / "tokenizer.json"), bos_token="<|bos|>", eos_token="<|end|>",
        pad_token="<|pad|>")


def sft(mode, model, work, data):
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    examples = data["examples"]
    options = dict(per_device_train_batch_size=data["batch"])
    if mode == "sft-packed":
        # Rows of 512 positions, as many at a time as there are positions in our batches.
        options = dict(
            per_device_train_batch_size=data["positions"] // 512, packing=True, packing_strategy="bfd",
            padding_free=True, loss_type="chunked_nll")
    elif mode == "sft-sorted":
        options.update(
            train_sampling_strategy="group_by_length", loss_type="chunked_nll",
            per_device_train_batch_size=data["batch"])
    arguments = SFTConfig(
        **shared_arguments(work, data), completion_only_loss=True, **options)
    clock = Clock(data["warm"])
    trainer = SFTTrainer(
        model=model, args=arguments, processing_class=tokenizer(work), callbacks=[clock],
        train_dataset=Dataset.from_list(examples))
    return run(trainer, clock, real_tokens)


def real_tokens(inputs) -> int:
    if "attention_mask" in inputs:
        return int(inputs["attention_mask"].sum())
    return inputs["input_ids"].numel()


def dpo(mode, model, work, data):
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    arguments = DPOConfig(
        **shared_arguments(work, data), beta=0.1, per_device_train_batch_size=data["batch"],
        precompute_ref_log_probs=mode == "dpo-cached")
    clock = Clock(data["warm"])

    class Tokenized(DPOTrainer):
        """The pairs are tokens already, the same that the other side trains on."""

        def _prepare_dataset(self, dataset, *args, **kwargs):
            return dataset

    began = time.perf_counter()
    trainer = Tokenized(
        model=model, args=arguments, processing_class=tokenizer(work), callbacks=[clock],
        train_dataset=Dataset.from_list(data["pairs"]))
    setup = time.perf_counter() - began
    seconds, tokens = run(trainer, clock, real_tokens)
    if mode == "dpo-cached":  # the reference is part of the work: its share for the measured steps
        seconds += setup * tokens / trainer.tokens_of_all_steps
    return seconds, tokens, setup


def run(trainer, clock, count):
    counts = []
    compute = trainer.compute_loss

    def counted(model, inputs, *args, **kwargs):
        counts.append(count(inputs))
        return compute(model, inputs, *args, **kwargs)

    trainer.compute_loss = counted
    trainer.train()
    trainer.tokens_of_all_steps = sum(counts)
    return clock.end - clock.start, sum(counts[clock.warm:])


def peak_mib() -> float:
    status = pathlib.Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("mode")
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    data = json.loads((options.work / f"{options.mode.split('-')[0]}.json").read_text())
    model = load(options.work, options.mode == "causal-bf16")
    before = held_loss(model, data)
    if options.mode.startswith("causal"):
        result = causal(options.mode, model, data)
    elif options.mode.startswith("sft"):
        result = sft(options.mode, model, options.work, data)
    else:
        result = dpo(options.mode, model, options.work, data)
    print(json.dumps({
        "mode": options.mode, "seconds": result[0], "tokens": result[1], "setup": result[2] if len(result) > 2 else 0,
        "before": before, "after": held_loss(model, data),
        "peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()
