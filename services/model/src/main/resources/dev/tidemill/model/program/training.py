# Methods of the Decoder (decoder.py): a step of training in one call, or in several that add up.
  def leaves(self: __torch__.Decoder, params: Dict[str, Tensor], names: List[str]) -> Dict[str, Tensor]:
    fresh = annotate(Dict[str, Tensor], {})
    for name in names:
      torch._set_item(fresh, name, torch.requires_grad_(torch.detach(params[name]), True))
    return fresh

  def gradients(self: __torch__.Decoder, loss: Tensor, leaf: List[Tensor]) -> List[Tensor]:
    return self.or_zero(torch.grad([loss], leaf, None, None, False, True), leaf)

  # Gradients of tensors; zero for one that had no part in what was computed.
  def or_zero(self: __torch__.Decoder, maybe: List[Optional[Tensor]], leaf: List[Tensor]) -> List[Tensor]:
    grads = annotate(List[Tensor], [])
    for i in range(torch.len(maybe)):
      g = maybe[i]
      if torch.__isnot__(g, None):
        torch.append(grads, unchecked_cast(Tensor, g))
      else:
        torch.append(grads, torch.zeros_like(leaf[i]))
    return grads

  # Clipping and AdamW. Returns the loss and the gradient norm, [2]; when either is not finite nothing
  # is changed. `p`, `m`, `v` and `steps` are in the order of the sorted names; `decayed` are those of
  # `p` that decay.
  def update(self: __torch__.Decoder, loss: Tensor, grads: List[Tensor], lr: Tensor, p: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], decayed: List[Tensor]) -> Tensor:
    norm = torch.norm(torch.stack(torch._foreach_norm(grads, 2)))
    report = torch.stack([torch.detach(loss), norm])
    if torch.Bool(torch.all(torch.isfinite(report))):
      too_large = torch.clamp_min(torch.div(torch.add(norm, 9.9999999999999995e-07), self.clip_norm), 1.0)
      torch._foreach_add_(steps, 1)
      if torch.gt(self.weight_decay, 0.0):
        torch._foreach_mul_(decayed, torch.rsub(torch.mul(lr, self.weight_decay), 1.0))
      torch._fused_adamw_(p, grads, m, v, annotate(List[Tensor], []), steps, lr=lr, beta1=self.beta1, beta2=self.beta2, weight_decay=0.0, eps=self.adam_eps, amsgrad=False, maximize=False, grad_scale=too_large)
    return report

  # The update from gradients that were added up; they are zero afterwards.
  def apply(self: __torch__.Decoder, loss: Tensor, lr: Tensor, g: List[Tensor], p: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], decayed: List[Tensor]) -> Tensor:
    report = self.update(loss, g, lr, p, m, v, steps, decayed)
    torch._foreach_zero_(g)
    return report

  # Adds to an adapter's tensors the scalars that they go with, which are not trained.
  def give(self: __torch__.Decoder, leaf: Dict[str, Tensor], s: Dict[str, Tensor]) -> None:
    for name in torch.keys(s):
      torch._set_item(leaf, name, s[name])
    return None

  # The part of a batch in the mean over labelled positions whose weights sum up to `total`.
  def share(self: __torch__.Decoder, ce_S: Tensor, weights_S: Tensor, total: Tensor) -> Tensor:
    return torch.div(torch.dot(ce_S, weights_S), total)

  def loss_full(self: __torch__.Decoder, batch: List[Tensor], weights_S: Tensor, total: Tensor, cos: Tensor, sin: Tensor, leaf: Dict[str, Tensor]) -> Tensor:
    return self.share(self.losses(batch, cos, sin, leaf, annotate(Dict[str, Tensor], {}), True), weights_S, total)

  def in_order(self: __torch__.Decoder, leaf: Dict[str, Tensor], names: List[str]) -> List[Tensor]:
    ordered = annotate(List[Tensor], [])
    for name in names:
      torch.append(ordered, leaf[name])
    return ordered

  def step_full(self: __torch__.Decoder, batch: List[Tensor], weights_S: Tensor, total: Tensor, cos: Tensor, sin: Tensor, lr: Tensor, w: Dict[str, Tensor], p: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], decayed: List[Tensor]) -> Tensor:
    names = torch.sorted(torch.keys(w))
    leaf = self.leaves(w, names)
    loss = self.loss_full(batch, weights_S, total, cos, sin, leaf)
    return self.update(loss, self.gradients(loss, self.in_order(leaf, names)), lr, p, m, v, steps, decayed)

  # Adds the gradients of a part of a batch to `g`; returns its part of the loss.
  def gather_full(self: __torch__.Decoder, batch: List[Tensor], weights_S: Tensor, total: Tensor, cos: Tensor, sin: Tensor, w: Dict[str, Tensor], g: List[Tensor]) -> Tensor:
    names = torch.sorted(torch.keys(w))
    leaf = self.leaves(w, names)
    loss = self.loss_full(batch, weights_S, total, cos, sin, leaf)
    torch._foreach_add_(g, self.gradients(loss, self.in_order(leaf, names)))
    return torch.detach(loss)

  # Loss of normed hidden states, and its gradient by them. Rows go by so many at a time that their
  # logits stay within the processor's caches.
  def head_gradient(self: __torch__.Decoder, x_SD: Tensor, batch: List[Tensor], factors_S: Tensor, c: Dict[str, Tensor]) -> List[Tensor]:
    rows = torch.add(torch.floordiv(2097152, torch.size(c["model.embed_tokens.weight"], 0)), 1)
    s = torch.size(x_SD, 0)
    whole = torch.detach(x_SD)
    loss = torch.zeros([])
    parts = annotate(List[Tensor], [])
    first = 0
    for i in range(torch.floordiv(torch.sub(torch.add(s, rows), 1), rows)):
      count = torch.sub(s, first)
      if torch.gt(count, rows):
        count = rows
      x = torch.requires_grad_(torch.detach(torch.narrow(whole, 0, first, count)), True)
      ce = torch.cross_entropy_loss(self.head(x, c), torch.narrow(batch[6], 0, first, count), None, 0)
      part = torch.dot(ce, torch.narrow(factors_S, 0, first, count))
      g = torch.grad([part], [x])[0]
      torch.append(parts, unchecked_cast(Tensor, g))
      loss = torch.add(loss, torch.detach(part))
      first = torch.add(first, count)
    return [loss, torch.cat(parts, 0)]

  # Gradients of adapter tensors from that of the normed hidden states, layer by layer from the last:
  # each is computed again from what went into it, so that one layer at a time is held.
  def layer_gradients(self: __torch__.Decoder, batch: List[Tensor], g_SD: Tensor, kept: List[Tensor], cos: Tensor, sin: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], leaf: Dict[str, Tensor], names: List[str]) -> List[Tensor]:
    angles = self.angles(batch, cos, sin)
    sides = self.rectangles(batch)
    causal = self.masks(batch, sides, False)
    windowed = causal
    if torch.ge(torch.Int(torch.max(batch[1])), self.window):
      windowed = self.masks(batch, sides, True)
    found = annotate(Dict[str, Tensor], {})
    out = torch.requires_grad_(torch.detach(kept[self.layers]), True)
    up = torch.grad([self.norm(out, "model.norm", w)], [out], annotate(List[Optional[Tensor]], [g_SD]))
    g = unchecked_cast(Tensor, up[0])
    for j in range(self.layers):
      i = torch.sub(torch.sub(self.layers, j), 1)
      prefix = torch.add(torch.add("model.layers.", torch.str(i)), ".")
      own = annotate(Dict[str, Tensor], {})
      inputs = annotate(List[Tensor], [])
      called = annotate(List[str], [])
      for name in names:
        if torch.startswith(name, prefix):
          torch._set_item(own, name, leaf[name])
          torch.append(inputs, leaf[name])
          torch.append(called, name)
      torch._set_item(own, "scale", leaf["scale"])
      x = torch.requires_grad_(torch.detach(kept[i]), torch.gt(i, 0))
      if torch.gt(i, 0):
        torch.append(inputs, x)
      masks = causal
      if torch.ge(i, self.window_from):
        masks = windowed
      y = self.layer(i, x, batch, sides, masks, angles[0], angles[1], w, c, self.cast(own), True)
      gs = torch.grad([y], inputs, annotate(List[Optional[Tensor]], [g]), None, False, True)
      for k in range(torch.len(called)):
        if torch.__isnot__(gs[k], None):
          torch._set_item(found, called[k], unchecked_cast(Tensor, gs[k]))
      if torch.gt(i, 0):
        g = unchecked_cast(Tensor, gs[torch.len(called)])
    grads = annotate(List[Tensor], [])
    for name in names:
      if torch.__contains__(found, name):
        torch.append(grads, found[name])
      else:
        torch.append(grads, torch.zeros_like(leaf[name]))
    return grads

  # Loss of a batch with an adapter, followed by the gradients of its tensors in the order of their
  # names.
  def learn_tuned(self: __torch__.Decoder, batch: List[Tensor], weights_S: Tensor, total: Tensor, cos: Tensor, sin: Tensor, s: Dict[str, Tensor], w: Dict[str, Tensor], a: Dict[str, Tensor], names: List[str]) -> List[Tensor]:
    leaf = self.leaves(a, names)
    ordered = self.in_order(leaf, names)
    self.give(leaf, s)
    c = self.cast(w)
    factors_S = torch.div(torch.mul(weights_S, batch[7]), total)
    kept = annotate(List[Tensor], [])
    result = annotate(List[Tensor], [])
    if torch.__contains__(leaf, "replaces"):
      # The head, or the norm before it, may be what is trained.
      loss = self.share(self.losses(batch, cos, sin, w, leaf, True), weights_S, total)
      torch.append(result, torch.detach(loss))
      for g0 in self.gradients(loss, ordered):
        torch.append(result, g0)
      return result
    if self.checkpoint:
      self.give(a, s)
      top = self.head_gradient(self.trunk_keeping(batch, cos, sin, w, c, self.cast(a), True, kept), batch, factors_S, c)
      torch.append(result, top[0])
      for g in self.layer_gradients(batch, top[1], kept, cos, sin, w, c, leaf, names):
        torch.append(result, g)
    else:
      x_SD = self.trunk(batch, cos, sin, w, c, self.cast(leaf), True)
      top = self.head_gradient(x_SD, batch, factors_S, c)
      torch.append(result, top[0])
      maybe = torch.grad([x_SD], ordered, annotate(List[Optional[Tensor]], [top[1]]), None, False, True)
      for g1 in self.or_zero(maybe, ordered):
        torch.append(result, g1)
    return result

  def step_tuned(self: __torch__.Decoder, batch: List[Tensor], weights_S: Tensor, total: Tensor, cos: Tensor, sin: Tensor, lr: Tensor, s: Dict[str, Tensor], w: Dict[str, Tensor], a: Dict[str, Tensor], p: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], decayed: List[Tensor]) -> Tensor:
    learned = self.learn_tuned(batch, weights_S, total, cos, sin, s, w, a, torch.sorted(torch.keys(a)))
    return self.update(learned[0], torch.slice(learned, 1), lr, p, m, v, steps, decayed)

  def gather_tuned(self: __torch__.Decoder, batch: List[Tensor], weights_S: Tensor, total: Tensor, cos: Tensor, sin: Tensor, s: Dict[str, Tensor], w: Dict[str, Tensor], a: Dict[str, Tensor], g: List[Tensor]) -> Tensor:
    learned = self.learn_tuned(batch, weights_S, total, cos, sin, s, w, a, torch.sorted(torch.keys(a)))
    torch._foreach_add_(g, torch.slice(learned, 1))
    return learned[0]

  # One step of direct preference optimization. `rows_S` tells the answer of each labelled position:
  # the chosen ones first, then the rejected; `reference_B` the log-probability of each answer under
  # the reference.
  def step_preference(self: __torch__.Decoder, batch: List[Tensor], rows_S: Tensor, reference_B: Tensor, weights_P: Tensor, beta: Tensor, cos: Tensor, sin: Tensor, lr: Tensor, s: Dict[str, Tensor], w: Dict[str, Tensor], a: Dict[str, Tensor], p: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], decayed: List[Tensor]) -> Tensor:
    names = torch.sorted(torch.keys(a))
    leaf = self.leaves(a, names)
    ordered = self.in_order(leaf, names)
    self.give(leaf, s)
    ce_S = self.losses(batch, cos, sin, w, leaf, True)
    gain_B = torch.sub(torch.index_add(torch.zeros_like(reference_B), 0, rows_S, torch.neg(ce_S)), reference_B)
    pairs = torch.size(weights_P, 0)
    margin_P = torch.mul(torch.sub(torch.narrow(gain_B, 0, 0, pairs), torch.narrow(gain_B, 0, pairs, pairs)), beta)
    loss = torch.div(torch.dot(torch.softplus(torch.neg(margin_P)), weights_P), torch.sum(weights_P))
    return self.update(loss, self.gradients(loss, ordered), lr, p, m, v, steps, decayed)

  # One step of Kahneman-Tversky optimization. `rows_S` tells the answer of each labelled position,
  # `reference_B` its log-probability under the reference, `signs_B` 1 for a good and -1 for a bad one;
  # `moved` is the estimate of how far the model has moved from the reference.
  def step_rated(self: __torch__.Decoder, batch: List[Tensor], rows_S: Tensor, reference_B: Tensor, signs_B: Tensor, weights_B: Tensor, total: Tensor, moved: Tensor, beta: Tensor, cos: Tensor, sin: Tensor, lr: Tensor, s: Dict[str, Tensor], w: Dict[str, Tensor], a: Dict[str, Tensor], p: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], decayed: List[Tensor]) -> Tensor:
    names = torch.sorted(torch.keys(a))
    leaf = self.leaves(a, names)
    ordered = self.in_order(leaf, names)
    self.give(leaf, s)
    ce_S = self.losses(batch, cos, sin, w, leaf, True)
    gain_B = torch.sub(torch.index_add(torch.zeros_like(reference_B), 0, rows_S, torch.neg(ce_S)), reference_B)
    value_B = torch.sigmoid(torch.mul(torch.mul(torch.sub(gain_B, moved), signs_B), beta))
    loss = torch.div(torch.dot(torch.rsub(value_B, 1.0), weights_B), total)
    return self.update(loss, self.gradients(loss, ordered), lr, p, m, v, steps, decayed)
