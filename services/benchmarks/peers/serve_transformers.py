"""Replays the arrivals of `infra/scenario serving-load --save DIR` on Transformers' generate.

    python serve_transformers.py DIR [--batch 8] [--threads 1]

What a minimal server around `generate` would do: requests wait in a queue; as soon as the last batch is done, up to
--batch of those that have come are padded on the left and generated together, to the longest answer among them. A
request's first token is that of its batch's first step, and its answer is done at the step of its own last token. To
the peer's advantage nothing goes over HTTP, text is not put together from tokens, and a step's time is taken before its
token is drawn. Answers are never ended early, so that the work is that of the plan; ours may end at the model's own end
token. Weights are computed with as they are stored, as ours are.
"""

import argparse
import json
import math
import pathlib
import time

import torch
from transformers import AutoModelForCausalLM, LogitsProcessor, LogitsProcessorList, PreTrainedTokenizerFast


class Clock(LogitsProcessor):
    """Notes when each step has its logits."""

    def __init__(self):
        self.stamps = []

    def __call__(self, input_ids, scores):
        self.stamps.append(time.perf_counter())
        return scores


def percentile(values, share):
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else float("nan")


def show(what, values):
    for share in (0.5, 0.95, 0.99):
        print(f"        {what}, p{round(share * 100):<34} {percentile(values, share) * 1e3:14.4g} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(options.folder / "model", padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(options.folder / "model", dtype="auto").eval()
    model.generation_config.eos_token_id = None
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(0)
    lines = (options.folder / "arrivals.jsonl").read_text().splitlines()
    plan = [json.loads(line) for line in lines]
    for one in plan:
        one["prompt"] = tokenizer.apply_chat_template(
            [{"role": "user", "content": one["text"]}], tokenize=False, add_generation_prompt=True)

    first, gaps, whole, tokens = [], [], [], 0

    def serve(batch, begin):
        nonlocal tokens
        inputs = tokenizer(
            [one["prompt"] for one in batch],
            return_tensors="pt", padding=True, add_special_tokens=False, return_token_type_ids=False)
        clock = Clock()
        with torch.inference_mode():
            model.generate(
                **inputs, do_sample=True, temperature=1.0, top_k=0,
                pad_token_id=tokenizer.pad_token_id,
                max_new_tokens=max(one["max_tokens"] for one in batch),
                logits_processor=LogitsProcessorList([clock]))
        longest = max(one["max_tokens"] for one in batch)
        if len(clock.stamps) != longest:
            raise RuntimeError(f"generate made {len(clock.stamps)} steps, not {longest}")
        for one in batch:
            due = begin + one["at"]
            mine = clock.stamps[: one["max_tokens"]]
            first.append(mine[0] - due)
            gaps.extend(b - a for a, b in zip(mine, mine[1:]))
            whole.append(mine[-1] - due)
            tokens += len(mine)

    serve(plan[: options.batch], time.perf_counter())
    first, gaps, whole, tokens = [], [], [], 0
    begin = time.perf_counter()
    left = list(plan)
    while left:
        now = time.perf_counter() - begin
        come = [one for one in left[: options.batch] if one["at"] <= now]
        if not come:
            time.sleep(left[0]["at"] - now)
            continue
        left = left[len(come):]
        serve(come, begin)
    took = time.perf_counter() - begin
    print(f"        requests {len(whole)}, answer tokens {tokens / took:.4g} tokens/s")
    show("time to first token", first)
    show("between two tokens", gaps)
    show("whole answer", whole)


if __name__ == "__main__":
    main()
