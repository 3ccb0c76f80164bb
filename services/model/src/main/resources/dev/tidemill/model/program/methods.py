# Methods of the Decoder (decoder.py): what tuning methods add to the base. Keys of the adapter `a`, with
# `m` for the name of a linear:
#   m.lora_A.weight [r, in], m.lora_B.weight [out, r], scale []      a low-rank delta (in project)
#   m.adapter_down.weight [h, out], .bias [h], m.adapter_up.weight [out, h], .bias [out]; gelu or silu []
#                                                                    a bottleneck after m; relu without
#   prefix [n, layers * 2 * K * H]                                   keys and values before all others
#   prompt [n, D]                                                    virtual tokens before all others
#   replaces []: every other key takes the place of the base's tensor of that name, or is a bias that
#                the base has not
# While training, the tokens -1, -2, .. -n at the beginning of a sequence keep the places of a prefix or
# a prompt; read (serving.py) sets them itself.

  # The base as the adapter wants it: where that replaces tensors, they stand in for the base's.
  def overlay(self: __torch__.Decoder, w: Dict[str, Tensor], a: Dict[str, Tensor]) -> Dict[str, Tensor]:
    if torch.__not__(torch.__contains__(a, "replaces")):
      return w
    v = annotate(Dict[str, Tensor], {})
    for name in torch.keys(w):
      torch._set_item(v, name, w[name])
    for name0 in torch.keys(a):
      torch._set_item(v, name0, a[name0])
    return v

  # What a linear gave, and what a narrow network makes of that.
  def bottleneck(self: __torch__.Decoder, y: Tensor, name: str, a: Dict[str, Tensor]) -> Tensor:
    down = torch.add(name, ".adapter_down")
    up = torch.add(name, ".adapter_up")
    low = torch.linear(y, a[torch.add(down, ".weight")], torch.to(a[torch.add(down, ".bias")], self.dtype))
    if torch.__contains__(a, "gelu"):
      inner = torch.gelu(low)
    else:
      if torch.__contains__(a, "silu"):
        inner = torch.silu(low)
      else:
        inner = torch.relu(low)
    return torch.add(y, torch.linear(inner, a[torch.add(up, ".weight")], torch.to(a[torch.add(up, ".bias")], self.dtype)))

  # Keys and values that the adapter sets before all others, [layers, 2, K, n, H].
  def prefix(self: __torch__.Decoder, a: Dict[str, Tensor]) -> Tensor:
    x_nLKH = torch.unflatten(a["prefix"], 1, [self.layers, 2, self.kv_heads, self.head_dim])
    return torch.permute(x_nLKH, [1, 2, 3, 0, 4])

  # Embeddings of whole sequences. The token -1-j stands for the adapter's virtual token j.
  def embed(self: __torch__.Decoder, tokens: Tensor, w: Dict[str, Tensor], a: Dict[str, Tensor]) -> Tensor:
    x = torch.to(torch.embedding(w["model.embed_tokens.weight"], torch.clamp_min(tokens, 0)), 6)
    if torch.__contains__(a, "prompt"):
      places = torch.clamp_min(torch.rsub(tokens, -1), 0)
      x = torch.where(torch.unsqueeze(torch.lt(tokens, 0), -1), torch.embedding(a["prompt"], places), x)
    return x

  # Keys (which 0) or values (which 1) of a layer, [.., K, H], with the prefix where tokens stand for it.
  def led(self: __torch__.Decoder, x: Tensor, tokens: Tensor, layer: int, which: int, a: Dict[str, Tensor]) -> Tensor:
    y = x
    if torch.__contains__(a, "prefix"):
      x_nLKH = torch.unflatten(a["prefix"], 1, [self.layers, 2, self.kv_heads, self.head_dim])
      x_nKH = torch.select(torch.select(x_nLKH, 1, layer), 1, which)
      places = torch.flatten(torch.clamp_min(torch.rsub(tokens, -1), 0))
      taken = torch.unsqueeze(torch.unsqueeze(torch.lt(tokens, 0), -1), -1)
      y = torch.where(taken, torch.view(torch.index_select(x_nKH, 0, places), torch.size(x)), x)
    return y

  # Of the first `rows` tokens of the base those nearest each virtual token by the angle, the nearest
  # first, [n, k].
  def nearest(self: __torch__.Decoder, k: int, rows: int, w: Dict[str, Tensor], a: Dict[str, Tensor]) -> Tensor:
    table_VD = torch.to(torch.narrow(w["model.embed_tokens.weight"], 0, 0, rows), 6)
    lengths_V = torch.clamp_min(torch.norm(table_VD, 2, [1]), 9.9999999999999995e-07)
    alike_nV = torch.div(torch.linear(a["prompt"], table_VD), lengths_V)
    return torch.contiguous(torch.narrow(torch.argsort(alike_nV, 1, True), 1, 0, k))
