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

  # Matrices that read the same inputs, one below the other, in the order in which the processor reads them
  # best.
  def pack(self: __torch__.Weights, parts: List[Tensor]) -> Tensor:
    return ops.mkldnn._reorder_linear_weight(torch.cat(parts, 0), None)

  # The same as int8: each row is divided by its scale.
  def quantize(self: __torch__.Weights, parts: List[Tensor]) -> List[Tensor]:
    rows = torch.to(torch.cat(parts, 0), 6)
    scale = torch.div(torch.clamp_min(torch.amax(torch.abs(rows), [1]), 9.9999999999999995e-21), 127.0)
    bytes = torch.to(torch.round(torch.div(rows, torch.unsqueeze(scale, 1))), 1)
    zeros = torch.zeros([torch.size(rows, 0)], dtype=3)
    return [ops.onednn.qlinear_prepack(bytes, None), scale, zeros, bytes]

  # Lays out a small matrix in bf16; fails where the processor has no layout for it.
  def pack_bf16(self: __torch__.Weights) -> Tensor:
    packed = ops.mkldnn._reorder_linear_weight(torch.zeros([64, 64], dtype=15), None)
    return torch.zeros([torch.sub(torch.dim(packed), 1)])

  # 64 products of the largest inputs and weights, as the processor adds them up.
  def widest_sum(self: __torch__.Weights) -> Tensor:
    inputs = torch.full([1, 64], 255, dtype=0)
    packed = ops.onednn.qlinear_prepack(torch.full([16, 64], 127, dtype=1), None)
    none = annotate(List[Optional[number]], [])
    return ops.onednn.qlinear_pointwise(inputs, 1.0, 0, packed, torch.ones([16]), torch.zeros([16], dtype=3), None, 1.0, 0, 6, "none", none, "")

  def join(self: __torch__.Weights, parts: List[Tensor]) -> Tensor:
    return torch.cat(parts, 0)
