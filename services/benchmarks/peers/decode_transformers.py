"""Transformers' generate on a base: prints `tokens/s FIGURE`, the tokens it draws a second when the
time of the prompt is taken off. Called by the scenario decode-speed, with the same allocator.

usage: decode_transformers.py BASE BATCH PROMPT TOKENS THREADS
"""

import sys
import time

import torch
from transformers import AutoModelForCausalLM

base, batch, prompt, tokens, threads = sys.argv[1], *map(int, sys.argv[2:])
torch.set_num_threads(threads)
torch.manual_seed(1)
model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16).eval()
inputs = torch.randint(5, model.config.vocab_size, (batch, prompt))


def seconds(new):
    begin = time.perf_counter()
    with torch.inference_mode():
        out = model.generate(
            inputs,
            attention_mask=torch.ones_like(inputs),
            do_sample=False,
            min_new_tokens=new,
            max_new_tokens=new,
            pad_token_id=0,
        )
    assert out.shape[1] == prompt + new, out.shape
    return time.perf_counter() - begin


seconds(3)
best = min(seconds(tokens + 1) - seconds(1) for _ in range(3))
print("tokens/s", batch * tokens / best)
