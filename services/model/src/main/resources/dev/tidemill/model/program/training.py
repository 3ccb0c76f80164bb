# Methods of the Decoder (decoder.py): a step of training in one call, or in several that add up.
  def leaves(self: __torch__.Decoder, params: Dict[str, Tensor], names: List[str]) -> Dict[str, Tensor]:
    fresh = annotate(Dict[str, Tensor], {})
    for name in names:
      torch._set_item(fresh, name, torch.requires_grad_(torch.detach(params[name]), True))
    return fresh

  def gradients(self: __torch__.Decoder, loss: Tensor, leaf: List[Tensor]) -> List[Tensor]:
    maybe = torch.grad([loss], leaf, None, None, False, True)
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

  def loss_lora(self: __torch__.Decoder, batch: List[Tensor], weights_S: Tensor, total: Tensor, cos: Tensor, sin: Tensor, s: Dict[str, Tensor], w: Dict[str, Tensor], leaf: Dict[str, Tensor]) -> Tensor:
    self.give(leaf, s)
    return self.share(self.losses(batch, cos, sin, w, leaf, True), weights_S, total)

  def step_lora(self: __torch__.Decoder, batch: List[Tensor], weights_S: Tensor, total: Tensor, cos: Tensor, sin: Tensor, lr: Tensor, s: Dict[str, Tensor], w: Dict[str, Tensor], a: Dict[str, Tensor], p: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], decayed: List[Tensor]) -> Tensor:
    names = torch.sorted(torch.keys(a))
    leaf = self.leaves(a, names)
    ordered = self.in_order(leaf, names)
    loss = self.loss_lora(batch, weights_S, total, cos, sin, s, w, leaf)
    return self.update(loss, self.gradients(loss, ordered), lr, p, m, v, steps, decayed)

  def gather_lora(self: __torch__.Decoder, batch: List[Tensor], weights_S: Tensor, total: Tensor, cos: Tensor, sin: Tensor, s: Dict[str, Tensor], w: Dict[str, Tensor], a: Dict[str, Tensor], g: List[Tensor]) -> Tensor:
    names = torch.sorted(torch.keys(a))
    leaf = self.leaves(a, names)
    ordered = self.in_order(leaf, names)
    loss = self.loss_lora(batch, weights_S, total, cos, sin, s, w, leaf)
    torch._foreach_add_(g, self.gradients(loss, ordered))
    return torch.detach(loss)

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
