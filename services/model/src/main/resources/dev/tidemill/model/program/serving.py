# Methods of the Decoder (decoder.py): reading prompts and drawing tokens, with caches.
  # Reads a prompt of n tokens into an empty cache [layers, 2, K, capacity, H] and returns the logits
  # after it, [1, V]. What an adapter sets before all tokens, virtual ones or a prefix, takes the first
  # places of the cache: decoding counts it among the positions and knows no difference.
  def prefill(self: __torch__.Decoder, tokens: List[int], cache: Tensor, cos: Tensor, sin: Tensor, base: Dict[str, Tensor], a: Dict[str, Tensor]) -> Tensor:
    c = self.cast(a)
    w = self.overlay(base, c)
    x = torch.to(torch.embedding(w["model.embed_tokens.weight"], torch.tensor(tokens, dtype=4)), 6)
    if torch.__contains__(a, "prompt"):
      x = torch.cat([a["prompt"], x], 0)
    before = 0
    if torch.__contains__(a, "prefix"):
      before = torch.size(a["prefix"], 0)
      torch.copy_(torch.narrow(cache, 3, 0, before), self.prefix(a))
    l = torch.size(x, 0)
    seen = torch.add(before, l)
    cos_L = torch.to(torch.narrow(cos, 0, before, l), self.dtype)
    sin_L = torch.to(torch.narrow(sin, 0, before, l), self.dtype)
    groups = torch.floordiv(self.heads, self.kv_heads)
    long = torch.gt(seen, self.window)
    if torch.__not__(self.rotary):
      x = torch.add(x, torch.narrow(w["model.embed_positions.weight"], 0, before, l))
    for i in range(self.layers):
      layer = torch.add(torch.add("model.layers.", torch.str(i)), ".")
      x_n = self.norm(x, torch.add(layer, "input_layernorm"), w)
      qkv = self.attention_inputs(x_n, layer, w, w, c, False)
      q_NLH = self.rotate(torch.transpose(qkv[0], 0, 1), cos_L, sin_L)
      k_KLH = self.rotate(torch.transpose(qkv[1], 0, 1), cos_L, sin_L)
      v_KLH = torch.transpose(qkv[2], 0, 1)
      layer_cache = torch.narrow(torch.select(cache, 0, i), 2, 0, seen)
      torch.copy_(torch.narrow(torch.select(layer_cache, 0, 0), 1, before, l), k_KLH)
      torch.copy_(torch.narrow(torch.select(layer_cache, 0, 1), 1, before, l), v_KLH)
      if torch.gt(before, 0):
        k_KLH = torch.to(torch.select(layer_cache, 0, 0), self.dtype)
        v_KLH = torch.to(torch.select(layer_cache, 0, 1), self.dtype)
      if torch.gt(groups, 1):
        k_KLH = torch.repeat_interleave(k_KLH, groups, 0)
        v_KLH = torch.repeat_interleave(v_KLH, groups, 0)
      q_1NLH = torch.unsqueeze(q_NLH, 0)
      k_1NLH = torch.unsqueeze(k_KLH, 0)
      v_1NLH = torch.unsqueeze(v_KLH, 0)
      if long and torch.ge(i, self.window_from):
        o = torch.scaled_dot_product_attention(q_1NLH, k_1NLH, v_1NLH, torch.select(torch.narrow(self.windowed(seen), 1, before, l), 0, 0))
      else:
        if torch.gt(before, 0):
          o = torch.scaled_dot_product_attention(q_1NLH, k_1NLH, v_1NLH, torch.select(torch.narrow(self.causal(seen), 1, before, l), 0, 0))
        else:
          o = torch.scaled_dot_product_attention(q_1NLH, k_1NLH, v_1NLH, None, 0.0, True)
      o_LD = torch.reshape(torch.transpose(torch.squeeze(o, 0), 0, 1), [l, torch.mul(self.heads, self.head_dim)])
      x = torch.add(x, self.project(o_LD, torch.add(layer, "self_attn.o_proj"), w, c, False))
      x = torch.add(x, self.feed_forward(x, layer, w, w, c, False))
    last = torch.narrow(x, 0, torch.sub(l, 1), 1)
    return self.head(self.norm(last, "model.norm", w), w)

  # One token for each of B sequences, whose caches hold `positions` keys: [B, V]. The linears see
  # all of them at once; attention goes sequence by sequence, its query groups folded into the query
  # length.
  def decode(self: __torch__.Decoder, tokens: List[int], positions: List[int], caches: List[Tensor], cos: Tensor, sin: Tensor, base: Dict[str, Tensor], a: Dict[str, Tensor]) -> Tensor:
    b = torch.len(tokens)
    tokens_B = torch.tensor(tokens, dtype=4)
    positions_B = torch.tensor(positions, dtype=4)
    c = self.cast(a)
    w = self.overlay(base, c)
    cos_B = torch.to(torch.unsqueeze(torch.index_select(cos, 0, positions_B), 1), self.dtype)
    sin_B = torch.to(torch.unsqueeze(torch.index_select(sin, 0, positions_B), 1), self.dtype)
    groups = torch.floordiv(self.heads, self.kv_heads)
    width = torch.mul(self.heads, self.head_dim)
    x = torch.to(torch.embedding(w["model.embed_tokens.weight"], tokens_B), 6)
    if torch.__not__(self.rotary):
      x = torch.add(x, torch.index_select(w["model.embed_positions.weight"], 0, positions_B))
    for i in range(self.layers):
      layer = torch.add(torch.add("model.layers.", torch.str(i)), ".")
      x_n = self.norm(x, torch.add(layer, "input_layernorm"), w)
      qkv = self.attention_inputs(x_n, layer, w, w, c, False)
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
        o = torch.to(torch.scaled_dot_product_attention(torch.to(q_1KGH, 6), k_1KTH, v_1KTH), self.dtype)
        torch.append(outs, torch.reshape(o, [1, width]))
      o_BD = outs[0]
      if torch.gt(b, 1):
        o_BD = torch.cat(outs, 0)
      x = torch.add(x, self.project(o_BD, torch.add(layer, "self_attn.o_proj"), w, c, False))
      x = torch.add(x, self.feed_forward(x, layer, w, w, c, False))
    return self.head(self.norm(x, "model.norm", w), w)

  # The same cache with room for more positions.
  def grow(self: __torch__.Decoder, cache: Tensor, capacity: int) -> Tensor:
    size = torch.size(cache)
    larger = torch.zeros([size[0], size[1], size[2], capacity, size[4]])
    torch.copy_(torch.narrow(larger, 3, 0, size[3]), cache)
    return larger
