# Methods of the Decoder (decoder.py): a step of training in one call.
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
