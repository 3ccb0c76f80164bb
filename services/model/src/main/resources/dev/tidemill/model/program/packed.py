# Methods of the Decoder (decoder.py): whole sequences, several in a row.
#
# Rows of one width form a rectangle, and the positions of all rectangles, one after the other, are T.
# A position sees those before it in its row that are of its own sequence, or of the one that its
# sequence continues. A batch is these tensors:
#   0 tokens_T
#   1 positions_T: place within the sequence, from 0
#   2 sequences_T: number of the sequence; padding is a sequence too
#   3 continued_T: number of the sequence that is continued, otherwise the same as 2
#   4 rectangles: rows, width, and 1 where every row is one whole sequence
#   5 labelled_S: the positions whose next tokens are targets; as long as T when it is all in order
#   6 targets_S
#   7 counted_S: 0 for what only fills the shape up
# Everything has the same few shapes again and again: for each new one the engine makes a kernel,
# which costs as much as several products.

  # Rows and widths of the rectangles by turns.
  def rectangles(self: __torch__.Decoder, batch: List[Tensor]) -> List[int]:
    sides = annotate(List[int], [])
    for i in range(torch.size(batch[4], 0)):
      rectangle = torch.select(batch[4], 0, i)
      torch.append(sides, torch.Int(torch.select(rectangle, 0, 0)))
      torch.append(sides, torch.Int(torch.select(rectangle, 0, 1)))
    return sides

  # Queries are taken 128 positions at a time, with the keys up to their end alone; beyond 1,024 all
  # at once, by the fused kernel.
  def blocks(self: __torch__.Decoder, l: int) -> int:
    if torch.gt(l, 1024):
      count = 1
    else:
      count = torch.floordiv(torch.add(l, 127), 128)
    return count

  # What is added to scores, for each block of queries of each rectangle: [rows*K, G*block, keys], or
  # [1, ..] where it is the same for all rows. For the fused kernel [rows, 1, L, L].
  def masks(self: __torch__.Decoder, batch: List[Tensor], sides: List[int], windowed: bool) -> List[Tensor]:
    masks = annotate(List[Tensor], [])
    groups = torch.floordiv(self.heads, self.kv_heads)
    begin = 0
    for i in range(torch.floordiv(torch.len(sides), 2)):
      n = sides[torch.mul(2, i)]
      l = sides[torch.add(torch.mul(2, i), 1)]
      size = torch.mul(n, l)
      alike = torch.eq(torch.Int(torch.select(torch.select(batch[4], 0, i), 0, 2)), 1)
      rows = n
      if alike:
        rows = 1
      shape = [n, l]
      positions = torch.narrow(torch.view(torch.narrow(batch[1], 0, begin, size), shape), 0, 0, rows)
      sequences = torch.narrow(torch.view(torch.narrow(batch[2], 0, begin, size), shape), 0, 0, rows)
      continued = torch.narrow(torch.view(torch.narrow(batch[3], 0, begin, size), shape), 0, 0, rows)
      of = torch.unsqueeze(sequences, 1)
      own = torch.logical_or(torch.eq(torch.unsqueeze(sequences, 2), of), torch.eq(torch.unsqueeze(continued, 2), of))
      seen = torch.logical_and(own, torch.tril(torch.ones([l, l], dtype=11)))
      if windowed:
        back = torch.sub(torch.unsqueeze(positions, 2), torch.unsqueeze(positions, 1))
        seen = torch.logical_and(seen, torch.lt(back, self.window))
      bias = torch.masked_fill(torch.zeros([rows, l, l], dtype=self.dtype), torch.logical_not(seen), -inf)
      if torch.gt(l, 1024):
        torch.append(masks, torch.unsqueeze(bias, 1))
      else:
        for j in range(self.blocks(l)):
          first = torch.mul(j, 128)
          rest = torch.sub(l, first)
          count = 128
          if torch.lt(rest, 128):
            count = rest
          end = torch.add(first, count)
          block = torch.narrow(torch.narrow(bias, 1, first, count), 2, 0, end)
          heads = self.kv_heads
          if alike:
            heads = 1
          wide = torch.expand(torch.reshape(block, [rows, 1, 1, count, end]), [rows, heads, groups, count, end])
          torch.append(masks, torch.reshape(wide, [torch.mul(rows, heads), torch.mul(groups, count), end]))
      begin = torch.add(begin, size)
    return masks

  # Attention within the rows, [T, N*H]. Query heads that share keys are folded into the query length.
  # Plain products beat the fused kernel on a CPU, above all backward.
  def attend(self: __torch__.Decoder, q_TNH: Tensor, k_TKH: Tensor, v_TKH: Tensor, sides: List[int], masks: List[Tensor]) -> Tensor:
    groups = torch.floordiv(self.heads, self.kv_heads)
    scale = torch.pow(self.head_dim, -0.5)
    sizes = annotate(List[int], [])
    count = torch.floordiv(torch.len(sides), 2)
    for i in range(count):
      torch.append(sizes, torch.mul(sides[torch.mul(2, i)], sides[torch.add(torch.mul(2, i), 1)]))
    qs = torch.split_with_sizes(q_TNH, sizes, 0)
    ks = torch.split_with_sizes(k_TKH, sizes, 0)
    vs = torch.split_with_sizes(v_TKH, sizes, 0)
    outs = annotate(List[Tensor], [])
    at = 0
    for i in range(count):
      n = sides[torch.mul(2, i)]
      l = sides[torch.add(torch.mul(2, i), 1)]
      b = torch.mul(n, self.kv_heads)
      q_nKGLH = torch.permute(torch.reshape(qs[i], [n, l, self.kv_heads, groups, self.head_dim]), [0, 2, 3, 1, 4])
      k_nKLH = torch.transpose(torch.reshape(ks[i], [n, l, self.kv_heads, self.head_dim]), 1, 2)
      v_nKLH = torch.transpose(torch.reshape(vs[i], [n, l, self.kv_heads, self.head_dim]), 1, 2)
      if torch.gt(l, 1024):
        q_nNLH = torch.reshape(q_nKGLH, [n, self.heads, l, self.head_dim])
        k_nNLH = torch.repeat_interleave(k_nKLH, groups, 1)
        v_nNLH = torch.repeat_interleave(v_nKLH, groups, 1)
        o_nNLH = torch.scaled_dot_product_attention(q_nNLH, k_nNLH, v_nNLH, masks[at])
        torch.append(outs, torch.reshape(torch.transpose(o_nNLH, 1, 2), [sizes[i], torch.mul(self.heads, self.head_dim)]))
        at = torch.add(at, 1)
      else:
        k_bHL = torch.transpose(torch.reshape(k_nKLH, [b, l, self.head_dim]), 1, 2)
        v_bLH = torch.reshape(v_nKLH, [b, l, self.head_dim])
        parts = annotate(List[Tensor], [])
        for j in range(self.blocks(l)):
          first = torch.mul(j, 128)
          block = torch.sub(l, first)
          if torch.gt(block, 128):
            block = 128
          end = torch.add(first, block)
          q_bMH = torch.reshape(torch.narrow(q_nKGLH, 3, first, block), [b, torch.mul(groups, block), self.head_dim])
          scores = torch.baddbmm(masks[at], q_bMH, torch.narrow(k_bHL, 2, 0, end), beta=1, alpha=scale)
          o_bMH = torch.bmm(torch.softmax(scores, -1), torch.narrow(v_bLH, 1, 0, end))
          torch.append(parts, torch.permute(torch.view(o_bMH, [n, self.kv_heads, groups, block, self.head_dim]), [0, 3, 1, 2, 4]))
          at = torch.add(at, 1)
        torch.append(outs, torch.reshape(torch.cat(parts, 1), [sizes[i], torch.mul(self.heads, self.head_dim)]))
    return torch.cat(outs, 0)

  # One layer, [T, D] or, of the last one, [S, D]: what is not labelled is only looked at by
  # attention there.
  def layer(self: __torch__.Decoder, i: int, x_TD: Tensor, batch: List[Tensor], sides: List[int], masks: List[Tensor], cos_T1H: Tensor, sin_T1H: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], a: Dict[str, Tensor], train: bool) -> Tensor:
    layer = torch.add(torch.add("model.layers.", torch.str(i)), ".")
    qkv = self.attention_inputs(self.norm(x_TD, torch.add(layer, "input_layernorm"), w), layer, w, c, a, train)
    q_TNH = self.rotate(qkv[0], cos_T1H, sin_T1H)
    k_TKH = self.led(self.rotate(qkv[1], cos_T1H, sin_T1H), batch[0], i, 0, a)
    o = self.attend(q_TNH, k_TKH, self.led(qkv[2], batch[0], i, 1, a), sides, masks)
    x = x_TD
    if torch.eq(torch.add(i, 1), self.layers) and torch.ne(torch.size(batch[5], 0), torch.size(batch[0], 0)):
      o = torch.index_select(o, 0, batch[5])
      x = torch.index_select(x, 0, batch[5])
    x = torch.add(x, self.project(o, torch.add(layer, "self_attn.o_proj"), c, a, train))
    return torch.add(x, self.feed_forward(x, layer, w, c, a, train))

  # Cosines and sines of all positions, [T, 1, H] each.
  def angles(self: __torch__.Decoder, batch: List[Tensor], cos: Tensor, sin: Tensor) -> List[Tensor]:
    cos_TH = torch.to(torch.index_select(cos, 0, batch[1]), self.dtype)
    sin_TH = torch.to(torch.index_select(sin, 0, batch[1]), self.dtype)
    return [torch.unsqueeze(cos_TH, 1), torch.unsqueeze(sin_TH, 1)]

  # Hidden states at the labelled positions, normed, [S, D].
  def trunk(self: __torch__.Decoder, batch: List[Tensor], cos: Tensor, sin: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], a: Dict[str, Tensor], train: bool) -> Tensor:
    return self.trunk_keeping(batch, cos, sin, w, c, a, train, annotate(List[Tensor], []))

  # The same; what goes into each layer, and what comes out of the last, is appended to `kept` when
  # layers are computed again for their gradients.
  def trunk_keeping(self: __torch__.Decoder, batch: List[Tensor], cos: Tensor, sin: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], a: Dict[str, Tensor], train: bool, kept: List[Tensor]) -> Tensor:
    angles = self.angles(batch, cos, sin)
    sides = self.rectangles(batch)
    causal = self.masks(batch, sides, False)
    windowed = causal
    if torch.ge(torch.Int(torch.max(batch[1])), self.window):
      windowed = self.masks(batch, sides, True)
    x = self.embed(batch[0], w, a)
    if torch.__not__(self.rotary):
      x = torch.add(x, torch.embedding(w["model.embed_positions.weight"], batch[1]))
    for i in range(self.layers):
      if self.checkpoint:
        torch.append(kept, x)
      masks = causal
      if torch.ge(i, self.window_from):
        masks = windowed
      x = self.layer(i, x, batch, sides, masks, angles[0], angles[1], w, c, a, train)
    if self.checkpoint:
      torch.append(kept, x)
    return self.norm(x, "model.norm", w)

  # Loss at each labelled position, [S]; 0 where nothing counts.
  def losses(self: __torch__.Decoder, batch: List[Tensor], cos: Tensor, sin: Tensor, w: Dict[str, Tensor], a: Dict[str, Tensor], train: bool) -> Tensor:
    v = self.overlay(w, a)
    c = self.cast(v)
    x_SD = self.trunk(batch, cos, sin, v, c, self.cast(a), train)
    return torch.mul(torch.cross_entropy_loss(self.head(x_SD, c), batch[6], None, 0), batch[7])

  def evaluate(self: __torch__.Decoder, batch: List[Tensor], cos: Tensor, sin: Tensor, w: Dict[str, Tensor], a: Dict[str, Tensor]) -> Tensor:
    return self.losses(batch, cos, sin, w, a, False)

  # Logits at the labelled positions, [S, V]: what the cached path is checked against.
  def logits(self: __torch__.Decoder, batch: List[Tensor], cos: Tensor, sin: Tensor, w: Dict[str, Tensor], a: Dict[str, Tensor]) -> Tensor:
    v = self.overlay(w, a)
    c = self.cast(v)
    return self.head(self.trunk(batch, cos, sin, v, c, self.cast(a), False), c)
