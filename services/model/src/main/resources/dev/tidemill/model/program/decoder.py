# The decoder of every family, as a TorchScript program in the dialect that libtorch serialises. It is
# packed at start-up (ProgramArchive.java) and holds no weights: `w` is the base (under the names of
# Llama's tensors), `a` the adapter (a key that is present is applied; methods.py lists them). What a
# family switches on are attributes. Shapes are in the names: B sequences, L positions, T positions of
# all rows of a batch, D width, N heads, K key-value heads, G = N/K, H head width, S labelled positions,
# V vocabulary. `dtype` is what linears and attention compute in (6 fp32, 15 bf16); the residual stream,
# norms, losses and trained parameters are fp32 always. `c` is the base cast for that.
class Decoder(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  layers : int
  heads : int
  kv_heads : int
  head_dim : int
  inner : int
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
  qk_norm : bool
  window : int
  window_from : int
  dtype : int
  int8_zero : int
  dropout : float
  checkpoint : bool
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
      bias = torch.add(name, ".bias")
      if torch.__contains__(w, bias):
        y = torch.add(y, w[bias])
    return torch.to(y, self.dtype)

  # The matrices in the dtype of computing; the same tensors when they have it already.
  def cast(self: __torch__.Decoder, w: Dict[str, Tensor]) -> Dict[str, Tensor]:
    c = annotate(Dict[str, Tensor], {})
    for name in torch.keys(w):
      if torch.gt(torch.dim(w[name]), 1) and torch.ne(name, "prompt"):
        torch._set_item(c, name, torch.to(w[name], self.dtype))
      else:
        torch._set_item(c, name, w[name])
    return c

  # Here and in `linears` of serving the same delta is added in two forms: this one keeps what a gradient
  # needs and adds in place, that one is for products laid out for the processor, of several adapters.
  def project(self: __torch__.Decoder, x: Tensor, name: str, c: Dict[str, Tensor], a: Dict[str, Tensor], train: bool) -> Tensor:
    weight = c[torch.add(name, ".weight")]
    bias = torch.add(name, ".bias")
    if torch.__contains__(c, bias):
      y = torch.linear(x, weight, torch.to(c[bias], self.dtype))
    else:
      y = torch.linear(x, weight)
    key = torch.add(name, ".lora_A.weight")
    if torch.__contains__(a, key):
      x_in = x
      if train and torch.gt(self.dropout, 0.0):
        x_in = torch.dropout(x, self.dropout, True)
      low = torch.mul(torch.linear(x_in, a[key]), a["scale"])
      # In place: a linear does not need its result for the gradient.
      y = torch.addmm_(y, low, torch.t(a[torch.add(name, ".lora_B.weight")]))
    if torch.__contains__(a, torch.add(name, ".adapter_down.weight")):
      y = self.bottleneck(y, name, a)
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
    if torch.__contains__(c, "lm_head.weight"):
      weight = c["lm_head.weight"]
    return torch.to(torch.linear(x, weight), 6)
