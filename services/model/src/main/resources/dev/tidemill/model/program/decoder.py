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
