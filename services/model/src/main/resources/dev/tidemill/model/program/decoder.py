# The decoder of every family, as a TorchScript program in the dialect that libtorch serialises. It is
# packed at start-up (ProgramArchive.java) and holds no weights: `w` is the base (under the names of
# Llama's tensors), `a` the adapter (a pair that is present is applied). What a family switches on are
# attributes. Shapes are in the names: B sequences, L positions, T = B*L,
# D width, N heads, K key-value heads, H head width, S labelled positions, V vocabulary.
# `dtype` is what linears and attention compute in (6 fp32, 15 bf16); the residual stream, norms, losses
# and trained parameters are fp32 always. `c` is the base cast for that.
class Decoder(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  layers : int
  heads : int
  kv_heads : int
  head_dim : int
  eps : float
  rotary : bool
  theta : float
  rope_factor : float
  rope_low : float
  rope_high : float
  rope_original : float
  layer_norm : bool
  gated : bool
  fused : bool
  biased : bool
  qk_norm : bool
  window : int
  window_from : int
  tied : bool
  dtype : int
  dropout : float
  beta1 : float
  beta2 : float
  adam_eps : float
  weight_decay : float
  clip_norm : float

  # Cosines and sines of the first n positions, [n, H] each. The first half of the sines is negated, so
  # that rotating is x * cos + roll(x) * sin. Scaled as Llama 3 does, a frequency that turns less than
  # `rope_low` times within the original context is divided by the factor, one above `rope_high` stays.
  def rope(self: __torch__.Decoder, like: Tensor) -> List[Tensor]:
    n = torch.size(like, 0)
    half = torch.floordiv(self.head_dim, 2)
    exponents = torch.div(torch.to(torch.arange(0, self.head_dim, 2), 6), torch.mul(1.0, self.head_dim))
    frequencies = torch.reciprocal(torch.pow(self.theta, exponents))
    if torch.ne(self.rope_factor, 1.0):
      turns = torch.mul(frequencies, torch.div(self.rope_original, 6.2831853071795862))
      kept = torch.clamp(torch.div(torch.sub(turns, self.rope_low), torch.sub(self.rope_high, self.rope_low)), 0.0, 1.0)
      frequencies = torch.mul(frequencies, torch.add(torch.div(torch.rsub(kept, 1.0), self.rope_factor), kept))
    positions = torch.to(torch.arange(n), 6)
    angles = torch.mul(torch.unsqueeze(positions, 1), torch.unsqueeze(frequencies, 0))
    cos = torch.cos(angles)
    sin = torch.sin(angles)
    return [torch.cat([cos, cos], 1), torch.cat([torch.neg(sin), sin], 1)]

  def rotate(self: __torch__.Decoder, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    y = x
    if self.rotary:
      turned = torch.roll(x, [torch.floordiv(self.head_dim, 2)], [-1])
      y = torch.addcmul(torch.mul(x, cos), turned, sin)
    return y

  def norm(self: __torch__.Decoder, x: Tensor, name: str, w: Dict[str, Tensor]) -> Tensor:
    weight = w[torch.add(name, ".weight")]
    if self.layer_norm:
      y = torch.layer_norm(x, torch.size(weight), weight, w[torch.add(name, ".bias")], self.eps)
    else:
      y = torch.rms_norm(x, torch.size(weight), weight, self.eps)
    return torch.to(y, self.dtype)

  # The matrices in the dtype of computing; the same tensors when they have it already.
  def cast(self: __torch__.Decoder, w: Dict[str, Tensor]) -> Dict[str, Tensor]:
    if torch.eq(self.dtype, 6):
      return w
    c = annotate(Dict[str, Tensor], {})
    for name in torch.keys(w):
      if torch.gt(torch.dim(w[name]), 1):
        torch._set_item(c, name, torch.to(w[name], self.dtype))
      else:
        torch._set_item(c, name, w[name])
    return c

  def project(self: __torch__.Decoder, x: Tensor, name: str, c: Dict[str, Tensor], a: Dict[str, Tensor], train: bool) -> Tensor:
    weight = c[torch.add(name, ".weight")]
    if self.biased:
      bias = torch.add(name, ".bias")
      if torch.__contains__(c, bias):
        y = torch.linear(x, weight, torch.to(c[bias], self.dtype))
      else:
        y = torch.linear(x, weight)
    else:
      y = torch.linear(x, weight)
    key = torch.add(name, ".lora_A.weight")
    if torch.__contains__(a, key):
      x_in = x
      if train and torch.gt(self.dropout, 0.0):
        x_in = torch.dropout(x, self.dropout, True)
      low = torch.linear(x_in, a[key])
      high = torch.linear(low, a[torch.add(name, ".lora_B.weight")])
      y = torch.add(y, torch.mul(high, a["scale"]))
    return y

  # Queries [.., N, H], keys and values [.., K, H] of normed inputs, not yet rotated.
  def attention_inputs(self: __torch__.Decoder, x: Tensor, layer: str, w: Dict[str, Tensor], c: Dict[str, Tensor], a: Dict[str, Tensor], train: bool) -> List[Tensor]:
    if self.fused:
      width = torch.mul(self.heads, self.head_dim)
      kv_width = torch.mul(self.kv_heads, self.head_dim)
      qkv = torch.split_with_sizes(self.project(x, torch.add(layer, "self_attn.qkv_proj"), c, a, train), [width, kv_width, kv_width], -1)
      q = qkv[0]
      k = qkv[1]
      v = qkv[2]
    else:
      q = self.project(x, torch.add(layer, "self_attn.q_proj"), c, a, train)
      k = self.project(x, torch.add(layer, "self_attn.k_proj"), c, a, train)
      v = self.project(x, torch.add(layer, "self_attn.v_proj"), c, a, train)
    q_NH = torch.unflatten(q, -1, [self.heads, self.head_dim])
    k_KH = torch.unflatten(k, -1, [self.kv_heads, self.head_dim])
    v_KH = torch.unflatten(v, -1, [self.kv_heads, self.head_dim])
    if self.qk_norm:
      q_NH = self.norm(torch.to(q_NH, 6), torch.add(layer, "self_attn.q_norm"), w)
      k_KH = self.norm(torch.to(k_KH, 6), torch.add(layer, "self_attn.k_norm"), w)
    return [q_NH, k_KH, v_KH]

  def feed_forward(self: __torch__.Decoder, x: Tensor, layer: str, w: Dict[str, Tensor], c: Dict[str, Tensor], a: Dict[str, Tensor], train: bool) -> Tensor:
    x_n = self.norm(x, torch.add(layer, "post_attention_layernorm"), w)
    if self.gated:
      gate = self.project(x_n, torch.add(layer, "mlp.gate_proj"), c, a, train)
      up = self.project(x_n, torch.add(layer, "mlp.up_proj"), c, a, train)
      inner = torch.mul(torch.silu(gate), up)
    else:
      inner = torch.gelu(self.project(x_n, torch.add(layer, "mlp.up_proj"), c, a, train), approximate="tanh")
    return self.project(inner, torch.add(layer, "mlp.down_proj"), c, a, train)

  # What is added to scores so that a position sees those before it, and itself, alone: [1, L, L].
  def causal(self: __torch__.Decoder, l: int) -> Tensor:
    return torch.to(torch.unsqueeze(torch.triu(torch.full([l, l], -inf), 1), 0), self.dtype)

  # The same where a position sees no further back than its window.
  def windowed(self: __torch__.Decoder, l: int) -> Tensor:
    out = torch.tril(torch.full([l, l], -inf), torch.neg(self.window))
    return torch.add(self.causal(l), torch.to(torch.unsqueeze(out, 0), self.dtype))

  def head(self: __torch__.Decoder, x: Tensor, c: Dict[str, Tensor]) -> Tensor:
    weight = c["model.embed_tokens.weight"]
    if torch.__not__(self.tied):
      weight = c["lm_head.weight"]
    return torch.to(torch.linear(x, weight), 6)

  # Causal attention over whole sequences; `mask_1LL` is needed where a window cuts them, and for the
  # products. For short bf16 sequences plain products are three times as
  # fast on a CPU, forward and backward, as the fused kernel.
  def attend(self: __torch__.Decoder, q_BNLH: Tensor, k_BNLH: Tensor, v_BNLH: Tensor, mask_1LL: Tensor, cut: bool) -> Tensor:
    b = torch.size(q_BNLH, 0)
    l = torch.size(q_BNLH, 2)
    if torch.eq(self.dtype, 6) or torch.gt(l, 256):
      if cut:
        o = torch.scaled_dot_product_attention(q_BNLH, k_BNLH, v_BNLH, torch.squeeze(mask_1LL, 0))
      else:
        o = torch.scaled_dot_product_attention(q_BNLH, k_BNLH, v_BNLH, None, 0.0, True)
    else:
      flat = [torch.mul(b, self.heads), l, self.head_dim]
      q = torch.reshape(q_BNLH, flat)
      k = torch.reshape(k_BNLH, flat)
      scores = torch.baddbmm(mask_1LL, q, torch.transpose(k, 1, 2), beta=1, alpha=torch.pow(self.head_dim, -0.5))
      o_flat = torch.bmm(torch.softmax(scores, -1), torch.reshape(v_BNLH, flat))
      o = torch.view(o_flat, [b, self.heads, l, self.head_dim])
    return o

  # Hidden states of whole sequences, [B*L, D]. Padding is to the right, where causal attention never
  # looks.
  def trunk(self: __torch__.Decoder, tokens_BL: Tensor, cos: Tensor, sin: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], a: Dict[str, Tensor], train: bool) -> Tensor:
    b = torch.size(tokens_BL, 0)
    l = torch.size(tokens_BL, 1)
    cos_L = torch.to(torch.narrow(cos, 0, 0, l), self.dtype)
    sin_L = torch.to(torch.narrow(sin, 0, 0, l), self.dtype)
    groups = torch.floordiv(self.heads, self.kv_heads)
    causal_1LL = self.causal(l)
    windowed_1LL = causal_1LL
    long = torch.gt(l, self.window)
    if long:
      windowed_1LL = self.windowed(l)
    x = torch.embedding(w["model.embed_tokens.weight"], tokens_BL)
    if torch.__not__(self.rotary):
      x = torch.add(x, torch.narrow(w["model.embed_positions.weight"], 0, 0, l))
    for i in range(self.layers):
      layer = torch.add(torch.add("model.layers.", torch.str(i)), ".")
      x_n = self.norm(x, torch.add(layer, "input_layernorm"), w)
      qkv = self.attention_inputs(x_n, layer, w, c, a, train)
      q_BNLH = self.rotate(torch.transpose(qkv[0], 1, 2), cos_L, sin_L)
      k_BKLH = self.rotate(torch.transpose(qkv[1], 1, 2), cos_L, sin_L)
      v_BKLH = torch.transpose(qkv[2], 1, 2)
      if torch.gt(groups, 1):
        k_BKLH = torch.repeat_interleave(k_BKLH, groups, 1)
        v_BKLH = torch.repeat_interleave(v_BKLH, groups, 1)
      cut = False
      mask_1LL = causal_1LL
      if long and torch.ge(i, self.window_from):
        cut = True
        mask_1LL = windowed_1LL
      o = self.attend(q_BNLH, k_BKLH, v_BKLH, mask_1LL, cut)
      o_BLD = torch.reshape(torch.transpose(o, 1, 2), [b, l, torch.mul(self.heads, self.head_dim)])
      x = torch.add(x, self.project(o_BLD, torch.add(layer, "self_attn.o_proj"), c, a, train))
      x = torch.add(x, self.feed_forward(x, layer, w, c, a, train))
    x = self.norm(x, "model.norm", w)
    return torch.view(x, [torch.mul(b, l), torch.size(x, 2)])

  # Loss at each labelled position, [S]. `positions` counts through B*L: the position whose next token
  # is the target.
  def losses(self: __torch__.Decoder, tokens_BL: Tensor, positions_S: Tensor, targets_S: Tensor, cos: Tensor, sin: Tensor, w: Dict[str, Tensor], a: Dict[str, Tensor], train: bool) -> Tensor:
    c = self.cast(w)
    x_TD = self.trunk(tokens_BL, cos, sin, w, c, self.cast(a), train)
    logits_SV = self.head(torch.index_select(x_TD, 0, positions_S), c)
    return torch.cross_entropy_loss(logits_SV, targets_S, None, 0)

  def evaluate(self: __torch__.Decoder, tokens_BL: Tensor, positions_S: Tensor, targets_S: Tensor, cos: Tensor, sin: Tensor, w: Dict[str, Tensor], a: Dict[str, Tensor]) -> Tensor:
    return self.losses(tokens_BL, positions_S, targets_S, cos, sin, w, a, False)

  # Every logit of whole sequences, [B, L, V]: what the cached path is checked against.
  def logits(self: __torch__.Decoder, tokens_BL: Tensor, cos: Tensor, sin: Tensor, w: Dict[str, Tensor], a: Dict[str, Tensor]) -> Tensor:
    c = self.cast(w)
    x_TD = self.trunk(tokens_BL, cos, sin, w, c, self.cast(a), False)
    return torch.view(self.head(x_TD, c), [torch.size(tokens_BL, 0), torch.size(tokens_BL, 1), -1])

  def leaves(self: __torch__.Decoder, params: Dict[str, Tensor], names: List[str]) -> Dict[str, Tensor]:
    fresh = annotate(Dict[str, Tensor], {})
    for name in names:
      torch._set_item(fresh, name, torch.requires_grad_(torch.detach(params[name]), True))
    return fresh

  # Gradient, clipping and AdamW. Returns the loss and the gradient norm, [2]; when either is not
  # finite nothing is changed. `p`, `m`, `v` and `steps` are in the order of the sorted names; `decayed`
  # are those of `p` that decay.
  def update(self: __torch__.Decoder, loss: Tensor, leaf: List[Tensor], lr: Tensor, p: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], decayed: List[Tensor]) -> Tensor:
    maybe = torch.grad([loss], leaf, None, None, False, True)
    grads = annotate(List[Tensor], [])
    for i in range(torch.len(maybe)):
      g = maybe[i]
      if torch.__isnot__(g, None):
        torch.append(grads, unchecked_cast(Tensor, g))
      else:
        torch.append(grads, torch.zeros_like(p[i]))
    norm = torch.norm(torch.stack(torch._foreach_norm(grads, 2)))
    report = torch.stack([torch.detach(loss), norm])
    if torch.Bool(torch.all(torch.isfinite(report))):
      too_large = torch.clamp_min(torch.div(torch.add(norm, 9.9999999999999995e-07), self.clip_norm), 1.0)
      torch._foreach_add_(steps, 1)
      if torch.gt(self.weight_decay, 0.0):
        torch._foreach_mul_(decayed, torch.rsub(torch.mul(lr, self.weight_decay), 1.0))
      torch._fused_adamw_(p, grads, m, v, annotate(List[Tensor], []), steps, lr=lr, beta1=self.beta1, beta2=self.beta2, weight_decay=0.0, eps=self.adam_eps, amsgrad=False, maximize=False, grad_scale=too_large)
    return report

  def step_full(self: __torch__.Decoder, tokens_BL: Tensor, positions_S: Tensor, targets_S: Tensor, weights_S: Tensor, cos: Tensor, sin: Tensor, lr: Tensor, w: Dict[str, Tensor], p: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], decayed: List[Tensor]) -> Tensor:
    names = torch.sorted(torch.keys(w))
    leaf = self.leaves(w, names)
    ce_S = self.losses(tokens_BL, positions_S, targets_S, cos, sin, leaf, annotate(Dict[str, Tensor], {}), True)
    loss = torch.div(torch.dot(ce_S, weights_S), torch.sum(weights_S))
    ordered = annotate(List[Tensor], [])
    for name in names:
      torch.append(ordered, leaf[name])
    return self.update(loss, ordered, lr, p, m, v, steps, decayed)

  def step_lora(self: __torch__.Decoder, tokens_BL: Tensor, positions_S: Tensor, targets_S: Tensor, weights_S: Tensor, cos: Tensor, sin: Tensor, lr: Tensor, scale: Tensor, w: Dict[str, Tensor], a: Dict[str, Tensor], p: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], decayed: List[Tensor]) -> Tensor:
    names = torch.sorted(torch.keys(a))
    leaf = self.leaves(a, names)
    ordered = annotate(List[Tensor], [])
    for name in names:
      torch.append(ordered, leaf[name])
    torch._set_item(leaf, "scale", scale)
    ce_S = self.losses(tokens_BL, positions_S, targets_S, cos, sin, w, leaf, True)
    loss = torch.div(torch.dot(ce_S, weights_S), torch.sum(weights_S))
    return self.update(loss, ordered, lr, p, m, v, steps, decayed)

  # Reads a prompt of n tokens into an empty cache [layers, 2, K, capacity, H] and returns the logits
  # after it, [1, V].
  def prefill(self: __torch__.Decoder, tokens: List[int], cache: Tensor, cos: Tensor, sin: Tensor, w: Dict[str, Tensor], a: Dict[str, Tensor]) -> Tensor:
    tokens_L = torch.tensor(tokens, dtype=4)
    l = torch.len(tokens)
    cos_L = torch.narrow(cos, 0, 0, l)
    sin_L = torch.narrow(sin, 0, 0, l)
    groups = torch.floordiv(self.heads, self.kv_heads)
    long = torch.gt(l, self.window)
    x = torch.embedding(w["model.embed_tokens.weight"], tokens_L)
    if torch.__not__(self.rotary):
      x = torch.add(x, torch.narrow(w["model.embed_positions.weight"], 0, 0, l))
    for i in range(self.layers):
      layer = torch.add(torch.add("model.layers.", torch.str(i)), ".")
      x_n = self.norm(x, torch.add(layer, "input_layernorm"), w)
      qkv = self.attention_inputs(x_n, layer, w, w, a, False)
      q_NLH = self.rotate(torch.transpose(qkv[0], 0, 1), cos_L, sin_L)
      k_KLH = self.rotate(torch.transpose(qkv[1], 0, 1), cos_L, sin_L)
      v_KLH = torch.transpose(qkv[2], 0, 1)
      layer_cache = torch.narrow(torch.select(cache, 0, i), 2, 0, l)
      torch.copy_(torch.select(layer_cache, 0, 0), k_KLH)
      torch.copy_(torch.select(layer_cache, 0, 1), v_KLH)
      if torch.gt(groups, 1):
        k_KLH = torch.repeat_interleave(k_KLH, groups, 0)
        v_KLH = torch.repeat_interleave(v_KLH, groups, 0)
      q_1NLH = torch.unsqueeze(q_NLH, 0)
      k_1NLH = torch.unsqueeze(k_KLH, 0)
      v_1NLH = torch.unsqueeze(v_KLH, 0)
      if long and torch.ge(i, self.window_from):
        o = torch.scaled_dot_product_attention(q_1NLH, k_1NLH, v_1NLH, torch.squeeze(self.windowed(l), 0))
      else:
        o = torch.scaled_dot_product_attention(q_1NLH, k_1NLH, v_1NLH, None, 0.0, True)
      o_LD = torch.reshape(torch.transpose(torch.squeeze(o, 0), 0, 1), [l, torch.mul(self.heads, self.head_dim)])
      x = torch.add(x, self.project(o_LD, torch.add(layer, "self_attn.o_proj"), w, a, False))
      x = torch.add(x, self.feed_forward(x, layer, w, w, a, False))
    last = torch.narrow(x, 0, torch.sub(l, 1), 1)
    return self.head(self.norm(last, "model.norm", w), w)

  # One token for each of B sequences, whose caches hold `positions` tokens: [B, V]. The linears see
  # all of them at once; attention goes sequence by sequence, its query groups folded into the query
  # length.
  def decode(self: __torch__.Decoder, tokens: List[int], positions: List[int], caches: List[Tensor], cos: Tensor, sin: Tensor, w: Dict[str, Tensor], a: Dict[str, Tensor]) -> Tensor:
    b = torch.len(tokens)
    tokens_B = torch.tensor(tokens, dtype=4)
    positions_B = torch.tensor(positions, dtype=4)
    cos_B = torch.unsqueeze(torch.index_select(cos, 0, positions_B), 1)
    sin_B = torch.unsqueeze(torch.index_select(sin, 0, positions_B), 1)
    groups = torch.floordiv(self.heads, self.kv_heads)
    width = torch.mul(self.heads, self.head_dim)
    x = torch.embedding(w["model.embed_tokens.weight"], tokens_B)
    if torch.__not__(self.rotary):
      x = torch.add(x, torch.index_select(w["model.embed_positions.weight"], 0, positions_B))
    for i in range(self.layers):
      layer = torch.add(torch.add("model.layers.", torch.str(i)), ".")
      x_n = self.norm(x, torch.add(layer, "input_layernorm"), w)
      qkv = self.attention_inputs(x_n, layer, w, w, a, False)
      q_BNH = self.rotate(qkv[0], cos_B, sin_B)
      k_BKH = self.rotate(qkv[1], cos_B, sin_B)
      v_BKH = qkv[2]
      outs = annotate(List[Tensor], [])
      for j in range(b):
        position = positions[j]
        layer_cache = torch.select(caches[j], 0, i)
        k_KCH = torch.select(layer_cache, 0, 0)
        v_KCH = torch.select(layer_cache, 0, 1)
        torch.copy_(torch.select(k_KCH, 1, position), torch.select(k_BKH, 0, j))
        torch.copy_(torch.select(v_KCH, 1, position), torch.select(v_BKH, 0, j))
        first = 0
        seen = torch.add(position, 1)
        if torch.gt(seen, self.window) and torch.ge(i, self.window_from):
          first = torch.sub(seen, self.window)
          seen = self.window
        q_1KGH = torch.reshape(torch.select(q_BNH, 0, j), [1, self.kv_heads, groups, self.head_dim])
        k_1KTH = torch.unsqueeze(torch.narrow(k_KCH, 1, first, seen), 0)
        v_1KTH = torch.unsqueeze(torch.narrow(v_KCH, 1, first, seen), 0)
        o = torch.scaled_dot_product_attention(q_1KGH, k_1KTH, v_1KTH)
        torch.append(outs, torch.reshape(o, [1, width]))
      o_BD = outs[0]
      if torch.gt(b, 1):
        o_BD = torch.cat(outs, 0)
      x = torch.add(x, self.project(o_BD, torch.add(layer, "self_attn.o_proj"), w, a, False))
      x = torch.add(x, self.feed_forward(x, layer, w, w, a, False))
    return self.head(self.norm(x, "model.norm", w), w)

  # The same cache with room for more positions.
  def grow(self: __torch__.Decoder, cache: Tensor, capacity: int) -> Tensor:
    size = torch.size(cache)
    larger = torch.zeros([size[0], size[1], size[2], capacity, size[4]])
    torch.copy_(torch.narrow(larger, 3, 0, size[3]), cache)
    return larger

  # One step of direct preference optimization. The first half of the rows are the chosen answers, the
  # second the rejected; `rows_S` tells the row of each labelled position, `reference_B` the
  # log-probability of each row under the reference.
  def step_preference(self: __torch__.Decoder, tokens_BL: Tensor, positions_S: Tensor, targets_S: Tensor, rows_S: Tensor, reference_B: Tensor, weights_P: Tensor, beta: Tensor, cos: Tensor, sin: Tensor, lr: Tensor, scale: Tensor, w: Dict[str, Tensor], a: Dict[str, Tensor], p: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], decayed: List[Tensor]) -> Tensor:
    names = torch.sorted(torch.keys(a))
    leaf = self.leaves(a, names)
    ordered = annotate(List[Tensor], [])
    for name in names:
      torch.append(ordered, leaf[name])
    torch._set_item(leaf, "scale", scale)
    ce_S = self.losses(tokens_BL, positions_S, targets_S, cos, sin, w, leaf, True)
    gain_B = torch.sub(torch.index_add(torch.zeros_like(reference_B), 0, rows_S, torch.neg(ce_S)), reference_B)
    pairs = torch.size(weights_P, 0)
    margin_P = torch.mul(torch.sub(torch.narrow(gain_B, 0, 0, pairs), torch.narrow(gain_B, 0, pairs, pairs)), beta)
    loss = torch.div(torch.dot(torch.softplus(torch.neg(margin_P)), weights_P), torch.sum(weights_P))
    return self.update(loss, ordered, lr, p, m, v, steps, decayed)
