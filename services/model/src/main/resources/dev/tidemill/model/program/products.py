# Methods of the Decoder (decoder.py): matrix products alone, the yardstick for the speed of training.
  # b products [m, k] x [k, n], the second transposed in memory if told, `times` over.
  def products(self: __torch__.Decoder, b: int, m: int, k: int, n: int, transposed: bool, times: int) -> Tensor:
    x = torch.to(torch.rand([b, m, k]), self.dtype)
    y = torch.to(torch.rand([b, k, n]), self.dtype)
    if transposed:
      y = torch.transpose(torch.to(torch.rand([b, n, k]), self.dtype), 1, 2)
    if torch.eq(b, 1):
      x = torch.squeeze(x, 0)
      y = torch.squeeze(y, 0)
    z = torch.matmul(x, y)
    for i in range(times):
      z = torch.matmul(x, y)
    return torch.to(torch.sum(z), 6)
