# Brings weights from the bytes of a file into the engine's memory. Called like a step of training, since
# what comes out of a serving call must not enter training. Numbers of types are the engine's: 5 fp16,
# 6 fp32, 15 bf16.
class Weights(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # Bytes of the type `source` as values of the type `target`; with `turned` a matrix the other way round.
  def convert(self: __torch__.Weights, bytes: Tensor, source: Tensor, target: Tensor, turned: Tensor) -> Tensor:
    x = torch.to(torch.view_copy(bytes, dtype=torch.Int(source)), torch.Int(target))
    y = x
    if torch.Bool(turned):
      y = torch.contiguous(torch.t(x))
    return y

  # A copy in fp32.
  def widen(self: __torch__.Weights, x: Tensor) -> Tensor:
    return torch.clone(torch.to(x, 6))
