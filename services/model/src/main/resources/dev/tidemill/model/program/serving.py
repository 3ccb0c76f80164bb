# Methods of the Decoder (decoder.py): reading prompts and drawing tokens, with caches.
#
# Weights come plain, one matrix a linear as training has them, or laid out for serving: `x.packed` holds
# the matrices of a group that read the same inputs, one below the other, in the order in which the
# processor reads them best. With `x.scale` beside it they are int8, each output with its scale. Low-rank
# adapters of a batch lie in tables, slot by slot: `x.lora_A` has the matrices A of a group turned and side
# by side, `in` rows a slot, `y.lora_B` the matrices B, turned and scaled, of the linear y and those after it
# that have as many outputs, cut into pieces, r rows for each. A row's product is a sum of table rows, as many as it
# owns, weighted by its inputs: nothing of another's is read. Other adapters come one at a time, plain; what
# an adapter sets before all tokens, a prefix or virtual ones, takes the first places of the cache: decoding
# counts it among the positions and knows no difference.
#
# All caches lie in one flat tensor. A sequence has a region of it, [layers, 2, capacity] rows of K*H
# values; `starts` tells the rows where regions begin.

  # Memory for caches, or tables of adapters, whose values are whatever they are.
  def room(self: __torch__.Decoder, values: int) -> Tensor:
    return torch.empty([values], dtype=self.dtype)

  # The same with room for more.
  def grow(self: __torch__.Decoder, cache: Tensor, values: int) -> Tensor:
    larger = torch.empty([values], dtype=self.dtype)
    torch.copy_(torch.narrow(larger, 0, 0, torch.size(cache, 0)), cache)
    return larger

  # Copies the first l positions of a region to another; nothing is returned.
  def share_prefix(self: __torch__.Decoder, cache: Tensor, source: int, source_capacity: int, target: int, target_capacity: int, l: int) -> Tensor:
    width = torch.mul(self.kv_heads, self.head_dim)
    planes = torch.mul(self.layers, 2)
    place = torch.as_strided(cache, [planes, l, width], [torch.mul(target_capacity, width), width, 1], torch.mul(target, width))
    torch.copy_(place, torch.as_strided(cache, [planes, l, width], [torch.mul(source_capacity, width), width, 1], torch.mul(source, width)))
    return torch.zeros([0])

  # Parts of such memory, with as many dimensions each.
  def parts(self: __torch__.Decoder, flat: Tensor, dims: int, offsets: List[int], sizes: List[int], strides: List[int]) -> List[Tensor]:
    all = annotate(List[Tensor], [])
    for i in range(torch.len(offsets)):
      begin = torch.mul(i, dims)
      end = torch.add(begin, dims)
      torch.append(all, torch.as_strided(flat, torch.slice(sizes, begin, end, 1), torch.slice(strides, begin, end, 1), offsets[i]))
    return all

  # Copies an adapter into a slot of the tables, of which `down` has the places of each matrix A,
  # [slots, R, in], and `up` those of each B, [slots, pieces, width, R]; what it has not is zero. Nothing is
  # returned.
  def place(self: __torch__.Decoder, slot: int, down: Dict[str, Tensor], up: Dict[str, Tensor], adapter: Dict[str, Tensor]) -> Tensor:
    for name in torch.keys(down):
      place = torch.transpose(torch.select(down[name], 0, slot), 0, 1)
      r = 0
      if torch.__contains__(adapter, name):
        own = torch.t(adapter[name])
        r = torch.size(own, 1)
        torch.copy_(torch.narrow(place, 1, 0, r), own)
      torch.zero_(torch.narrow(place, 1, r, torch.sub(torch.size(place, 1), r)))
    for name0 in torch.keys(up):
      place = torch.select(up[name0], 0, slot)
      r = 0
      if torch.__contains__(adapter, name0):
        own = torch.mul(adapter[name0], adapter["scale"])
        r = torch.size(own, 1)
        torch.copy_(torch.narrow(place, 2, 0, r), torch.unflatten(own, 0, [torch.size(place, 0), torch.size(place, 1)]))
      torch.zero_(torch.narrow(place, 2, r, torch.sub(torch.size(place, 2), r)))
    return torch.zeros([0])

  # The tables with the slot of each of the first rows. `rank` among them is as long as adapters are wide.
  def owned(self: __torch__.Decoder, tables: Dict[str, Tensor], slots: List[int]) -> Dict[str, Tensor]:
    a = torch.copy(tables)
    torch._set_item(a, "slots", torch.tensor(slots, dtype=3))
    return a

  # Sums of `bag` rows each of a table, weighted. Of the `each` rows that a slot has for one of `parts`
  # matrices, those of the first rows' slots come one after the other, first for the first matrix, then for
  # the second, and so on. Which they are is kept under a name for other layers.
  def weighted(self: __torch__.Decoder, table: Tensor, name: str, each: int, parts: int, bag: int, weights: Tensor, a: Dict[str, Tensor]) -> Tensor:
    rows = torch.add(name, ".rows")
    bags = torch.add(name, ".bags")
    if torch.__not__(torch.__contains__(a, rows)):
      slot_n1 = torch.unsqueeze(torch.mul(a["slots"], torch.mul(each, parts)), 1)
      part_m11 = torch.unsqueeze(torch.unsqueeze(torch.mul(torch.arange(parts, dtype=3), each), 1), 1)
      own = torch.flatten(torch.add(torch.add(part_m11, slot_n1), torch.arange(each, dtype=3)))
      torch._set_item(a, rows, own)
      torch._set_item(a, bags, torch.arange(0, torch.size(own, 0), bag, dtype=3))
    sums, owners, sizes, largest, = torch._embedding_bag_forward_only(table, a[rows], a[bags], False, 0, False, weights, False, -1)
    return sums

  # Adds to outputs of the first rows what the adapter of each adds.
  def add_owned(self: __torch__.Decoder, outs: List[Tensor], x: Tensor, layer: str, group: str, parts: List[str], sizes: List[int], a: Dict[str, Tensor]) -> List[Tensor]:
    down = a[torch.add(torch.add(layer, group), ".lora_A")]
    n = torch.size(a["slots"], 0)
    r = torch.size(a["rank"], 0)
    inputs = torch.size(x, 1)
    slots = torch.floordiv(torch.size(down, 0), inputs)
    low = self.weighted(down, torch.add(group, ".inputs"), inputs, 1, inputs, torch.flatten(torch.narrow(x, 0, 0, n)), a)
    at = 0
    for i in range(torch.len(parts)):
      key = torch.add(torch.add(layer, parts[i]), ".lora_B")
      if torch.__contains__(a, key):
        up = a[key]
        pieces = torch.floordiv(sizes[i], torch.size(up, 1))
        each = torch.mul(pieces, r)
        m = torch.floordiv(torch.size(up, 0), torch.mul(slots, each))
        low_nmr = torch.unflatten(torch.narrow(low, 1, at, torch.mul(m, r)), 1, [m, r])
        low_mncr = torch.expand(torch.unsqueeze(torch.transpose(low_nmr, 0, 1), 2), [m, n, pieces, r])
        high = self.weighted(up, parts[i], each, m, r, torch.flatten(low_mncr), a)
        high_mno = torch.view(high, [m, n, sizes[i]])
        for j in range(m):
          torch.add_(torch.narrow(outs[torch.add(i, j)], 0, 0, n), torch.select(high_mno, 0, j))
        at = torch.add(at, torch.mul(m, r))
    return outs

  def multiply(self: __torch__.Decoder, x: Tensor, name: str, w: Dict[str, Tensor]) -> Tensor:
    packed = w[torch.add(name, ".packed")]
    scale = torch.add(name, ".scale")
    bias = torch.add(name, ".bias")
    none = annotate(List[Optional[number]], [])
    if torch.__contains__(w, scale):
      # Each row is rounded by its own largest value, to as many bits as the processor multiplies
      # exactly; what is converted is cut off, so a half is added.
      zero = self.int8_zero
      largest = torch.linalg_vector_norm(x, inf, [-1], True, dtype=6)
      step = torch.clamp_min(torch.div(largest, torch.sub(zero, 1)), 9.9999999999999995e-21)
      bytes = torch.to(torch.add(torch.div(x, step), torch.add(zero, 0.5)), 0)
      sums = ops.onednn.qlinear_pointwise(bytes, 1.0, zero, packed, w[scale], w[torch.add(name, ".zeros")], None, 1.0, 0, 6, "none", none, "")
      y = torch.mul(sums, step)
      if torch.__contains__(w, bias):
        y = torch.add(y, w[bias])
      out = torch.to(y, self.dtype)
    else:
      if torch.__contains__(w, bias):
        out = ops.mkldnn._linear_pointwise(x, packed, w[bias], "none", none, "")
      else:
        out = ops.mkldnn._linear_pointwise(x, packed, None, "none", none, "")
    return out

  # What linears that read the same inputs give, one after the other. `sizes` are the outputs of each.
  def linears(self: __torch__.Decoder, x: Tensor, layer: str, group: str, parts: List[str], sizes: List[int], w: Dict[str, Tensor], a: Dict[str, Tensor]) -> List[Tensor]:
    name = torch.add(layer, group)
    n = torch.len(parts)
    outs = annotate(List[Tensor], [])
    owned = torch.__contains__(a, torch.add(name, ".lora_A"))
    if torch.__contains__(w, torch.add(name, ".packed")):
      for y in torch.split_with_sizes(self.multiply(x, name, w), sizes, -1):
        torch.append(outs, y)
      if torch.__not__(owned):
        at = 0
        for i in range(n):
          own = torch.add(layer, parts[i])
          y1 = outs[i]
          if torch.__contains__(a, "replaces"):
            y1 = self.replaced(y1, x, own, name, at, sizes[i], w, a)
          torch._set_item(outs, i, self.adapted(y1, x, own, a))
          at = torch.add(at, sizes[i])
    else:
      for part in parts:
        own = torch.add(layer, part)
        weight = w[torch.add(own, ".weight")]
        bias = torch.add(own, ".bias")
        if torch.__contains__(w, bias):
          y0 = torch.linear(x, weight, torch.to(w[bias], self.dtype))
        else:
          y0 = torch.linear(x, weight)
        if owned:
          torch.append(outs, y0)
        else:
          torch.append(outs, self.adapted(y0, x, own, a))
    if owned:
      outs = self.add_owned(outs, x, layer, group, parts, sizes, a)
    return outs

  # The outputs of one linear of a group where the adapter puts its own weight or bias in place of the
  # base's, whose bias is part of the group's.
  def replaced(self: __torch__.Decoder, y: Tensor, x: Tensor, own: str, group: str, at: int, size: int, w: Dict[str, Tensor], a: Dict[str, Tensor]) -> Tensor:
    weight = torch.add(own, ".weight")
    bias = torch.add(own, ".bias")
    both = torch.add(group, ".bias")
    out = y
    if torch.__contains__(a, weight):
      out = torch.linear(x, a[weight])
      if torch.__contains__(w, both):
        out = torch.add(out, torch.narrow(w[both], 0, at, size))
    if torch.__contains__(a, bias):
      if torch.__contains__(w, both):
        out = torch.sub(out, torch.narrow(w[both], 0, at, size))
      out = torch.add(out, torch.to(a[bias], self.dtype))
    return out

  # The outputs of a linear with what one plain adapter adds to it.
  def adapted(self: __torch__.Decoder, y: Tensor, x: Tensor, name: str, a: Dict[str, Tensor]) -> Tensor:
    key = torch.add(name, ".lora_A.weight")
    out = y
    if torch.__contains__(a, key):
      low = torch.linear(x, a[key])
      high = torch.linear(low, a[torch.add(name, ".lora_B.weight")])
      out = torch.add(y, torch.mul(high, a["scale"]))
    if torch.__contains__(a, torch.add(name, ".adapter_down.weight")):
      out = self.bottleneck(out, name, a)
    return out

  # Queries and keys [T, N+K, H], rotated, and values [T, K*H] of T rows.
  def turned_inputs(self: __torch__.Decoder, x: Tensor, layer: str, cos: Tensor, sin: Tensor, w: Dict[str, Tensor], a: Dict[str, Tensor]) -> List[Tensor]:
    width = torch.mul(self.heads, self.head_dim)
    kv_width = torch.mul(self.kv_heads, self.head_dim)
    if self.fused:
      all = self.linears(x, layer, "self_attn.qkv_proj", ["self_attn.qkv_proj"], [torch.add(width, torch.mul(kv_width, 2))], w, a)
      qkv = torch.split_with_sizes(all[0], [width, kv_width, kv_width], -1)
    else:
      qkv = self.linears(x, layer, "self_attn.qkv_proj", ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"], [width, kv_width, kv_width], w, a)
    q = torch.unflatten(qkv[0], -1, [self.heads, self.head_dim])
    k = torch.unflatten(qkv[1], -1, [self.kv_heads, self.head_dim])
    if self.qk_norm:
      q = self.norm(torch.to(q, 6), torch.add(layer, "self_attn.q_norm"), w)
      k = self.norm(torch.to(k, 6), torch.add(layer, "self_attn.k_norm"), w)
    return [self.rotate(torch.cat([q, k], 1), cos, sin), qkv[2]]

  def block(self: __torch__.Decoder, x: Tensor, o: Tensor, layer: str, w: Dict[str, Tensor], a: Dict[str, Tensor]) -> Tensor:
    d = torch.size(x, 1)
    x1 = torch.add(x, (self.linears(o, layer, "self_attn.o_proj", ["self_attn.o_proj"], [d], w, a))[0])
    x_n = self.norm(x1, torch.add(layer, "post_attention_layernorm"), w)
    if self.gated:
      both = self.linears(x_n, layer, "mlp.gate_up_proj", ["mlp.gate_proj", "mlp.up_proj"], [self.inner, self.inner], w, a)
      inner = torch.mul(torch.silu(both[0]), both[1])
    else:
      up = self.linears(x_n, layer, "mlp.up_proj", ["mlp.up_proj"], [self.inner], w, a)
      inner = torch.gelu(up[0], approximate="tanh")
    down = self.linears(inner, layer, "mlp.down_proj", ["mlp.down_proj"], [d], w, a)
    return torch.add(x1, down[0])

  def answer(self: __torch__.Decoder, x: Tensor, w: Dict[str, Tensor], a: Dict[str, Tensor]) -> Tensor:
    x_n = self.norm(x, "model.norm", w)
    head = "lm_head"
    if torch.__contains__(w, "model.embed_tokens.packed"):
      head = "model.embed_tokens"
    if torch.__contains__(w, torch.add(head, ".packed")) and torch.__not__(torch.__contains__(a, torch.add(head, ".weight"))):
      logits = torch.to(self.multiply(x_n, head, w), 6)
    else:
      logits = self.head(x_n, w)
    return logits

  # What positions first to first+l are not to see of those before first+l: [l, first+l].
  def unseen(self: __torch__.Decoder, first: int, l: int, window: int) -> Tensor:
    t = torch.add(first, l)
    out = torch.triu(torch.full([l, t], -inf), torch.add(first, 1))
    if torch.gt(t, window):
      out = torch.add(out, torch.tril(torch.full([l, t], -inf), torch.sub(first, window)))
    return torch.to(out, self.dtype)

  # Reads tokens of a prompt, of which the cache holds the `begin` places before them. Returns the logits
  # after them, [1, V], when `last`, else nothing. Query groups are folded into the query length.
  def read(self: __torch__.Decoder, tokens: List[int], begin: int, start: int, capacity: int, last: bool, cache: Tensor, cos: Tensor, sin: Tensor, base: Dict[str, Tensor], adapter: Dict[str, Tensor]) -> Tensor:
    a = self.cast(adapter)
    w = self.overlay(base, a)
    x = torch.to(torch.embedding(w["model.embed_tokens.weight"], torch.tensor(tokens, dtype=4)), 6)
    first = begin
    if torch.eq(begin, 0):
      if torch.__contains__(a, "prompt"):
        x = torch.cat([a["prompt"], x], 0)
      if torch.__contains__(a, "prefix"):
        first = torch.size(a["prefix"], 0)
        kv = torch.mul(self.kv_heads, self.head_dim)
        place = torch.as_strided(cache, [torch.mul(self.layers, 2), first, kv], [torch.mul(capacity, kv), kv, 1], torch.mul(start, kv))
        torch.copy_(place, torch.transpose(torch.unflatten(a["prefix"], 1, [-1, kv]), 0, 1))
    l = torch.size(x, 0)
    t = torch.add(first, l)
    cos_L = torch.to(torch.unsqueeze(torch.narrow(cos, 0, first, l), 1), self.dtype)
    sin_L = torch.to(torch.unsqueeze(torch.narrow(sin, 0, first, l), 1), self.dtype)
    groups = torch.floordiv(self.heads, self.kv_heads)
    width = torch.mul(self.kv_heads, self.head_dim)
    every = torch.repeat(self.unseen(first, l, t), [groups, 1])
    near = every
    if torch.gt(t, self.window):
      near = torch.repeat(self.unseen(first, l, self.window), [groups, 1])
    if torch.__not__(self.rotary):
      x = torch.add(x, torch.narrow(w["model.embed_positions.weight"], 0, first, l))
    for i in range(self.layers):
      layer = torch.add(torch.add("model.layers.", torch.str(i)), ".")
      x_n = self.norm(x, torch.add(layer, "input_layernorm"), w)
      qkv = self.turned_inputs(x_n, layer, cos_L, sin_L, w, a)
      k_row = torch.add(start, torch.mul(torch.mul(i, 2), capacity))
      v_row = torch.add(k_row, capacity)
      new = [l, width]
      rows = [width, 1]
      torch.copy_(torch.as_strided(cache, new, rows, torch.mul(torch.add(k_row, first), width)), torch.reshape(torch.narrow(qkv[0], 1, self.heads, self.kv_heads), new))
      torch.copy_(torch.as_strided(cache, new, rows, torch.mul(torch.add(v_row, first), width)), qkv[1])
      size = [1, self.kv_heads, t, self.head_dim]
      strides = [width, self.head_dim, width, 1]
      k = torch.as_strided(cache, size, strides, torch.mul(k_row, width))
      v = torch.as_strided(cache, size, strides, torch.mul(v_row, width))
      q_LKGH = torch.unflatten(torch.narrow(qkv[0], 1, 0, self.heads), 1, [self.kv_heads, groups])
      q_1KQH = torch.reshape(torch.permute(q_LKGH, [1, 2, 0, 3]), [1, self.kv_heads, torch.mul(groups, l), self.head_dim])
      mask = every
      if torch.ge(i, self.window_from):
        mask = near
      o = torch.scaled_dot_product_attention(q_1KQH, k, v, mask)
      o_KGLH = torch.view(torch.contiguous(o), [self.kv_heads, groups, l, self.head_dim])
      o_LD = torch.reshape(torch.permute(o_KGLH, [2, 0, 1, 3]), [l, torch.mul(self.heads, self.head_dim)])
      x = self.block(x, o_LD, layer, w, a)
    logits = torch.zeros([0])
    if last:
      logits = self.answer(torch.narrow(x, 0, torch.sub(l, 1), 1), w, a)
    return logits

  # One token for each of B sequences, whose caches hold `positions` tokens: [B, V]. Linears see all of
  # them at once; attention goes over each cache where it lies.
  def decode(self: __torch__.Decoder, tokens: List[int], positions: List[int], starts: List[int], capacities: List[int], slots: List[int], cache: Tensor, cos: Tensor, sin: Tensor, base: Dict[str, Tensor], adapter: Dict[str, Tensor]) -> Tensor:
    if torch.gt(torch.len(slots), 0):
      a = self.owned(adapter, slots)
    else:
      a = self.cast(adapter)
    w = self.overlay(base, a)
    b = torch.len(tokens)
    positions_B = torch.tensor(positions, dtype=4)
    cos_B = torch.to(torch.unsqueeze(torch.index_select(cos, 0, positions_B), 1), self.dtype)
    sin_B = torch.to(torch.unsqueeze(torch.index_select(sin, 0, positions_B), 1), self.dtype)
    groups = torch.floordiv(self.heads, self.kv_heads)
    kv = torch.mul(self.kv_heads, self.head_dim)
    width = torch.mul(self.heads, self.head_dim)
    # Rows where keys and values of each layer go: [2 * layers, B].
    planes = torch.unsqueeze(torch.arange(torch.mul(self.layers, 2)), 1)
    rows = torch.add(torch.mul(planes, torch.tensor(capacities, dtype=4)), torch.add(torch.tensor(starts, dtype=4), positions_B))
    cache_R = torch.as_strided(cache, [torch.floordiv(torch.size(cache, 0), kv), kv], [kv, 1], 0)
    strides = [kv, self.head_dim, kv, 1]
    x = torch.to(torch.embedding(w["model.embed_tokens.weight"], torch.tensor(tokens, dtype=4)), 6)
    if torch.__not__(self.rotary):
      x = torch.add(x, torch.index_select(w["model.embed_positions.weight"], 0, positions_B))
    for i in range(self.layers):
      layer = torch.add(torch.add("model.layers.", torch.str(i)), ".")
      x_n = self.norm(x, torch.add(layer, "input_layernorm"), w)
      qkv = self.turned_inputs(x_n, layer, cos_B, sin_B, w, a)
      plane = torch.mul(i, 2)
      keys = torch.reshape(torch.narrow(qkv[0], 1, self.heads, self.kv_heads), [b, kv])
      torch.index_copy_(cache_R, 0, torch.select(rows, 0, plane), keys)
      torch.index_copy_(cache_R, 0, torch.select(rows, 0, torch.add(plane, 1)), qkv[1])
      queries = torch.unbind(torch.unflatten(torch.narrow(qkv[0], 1, 0, self.heads), 1, [self.kv_heads, groups]), 0)
      outs = annotate(List[Tensor], [])
      for j in range(b):
        first = 0
        seen = torch.add(positions[j], 1)
        if torch.gt(seen, self.window) and torch.ge(i, self.window_from):
          first = torch.sub(seen, self.window)
          seen = self.window
        row = torch.add(torch.add(starts[j], torch.mul(plane, capacities[j])), first)
        size = [1, self.kv_heads, seen, self.head_dim]
        k = torch.as_strided(cache, size, strides, torch.mul(row, kv))
        v = torch.as_strided(cache, size, strides, torch.mul(torch.add(row, capacities[j]), kv))
        torch.append(outs, torch.scaled_dot_product_attention(torch.unsqueeze(queries[j], 0), k, v))
      o_BD = torch.reshape(torch.cat(outs, 0), [b, width])
      x = self.block(x, o_BD, layer, w, a)
    return self.answer(x, w, a)
