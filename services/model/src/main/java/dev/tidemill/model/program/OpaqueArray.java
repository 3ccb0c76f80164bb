package dev.tidemill.model.program;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;

/// An array of a type or layout that the engine's Java side does not know: asking the native side
/// for it would end the process. Programs take it as any other.
final class OpaqueArray extends PtNDArray {
  private final DataType type;
  private final Shape shape;

  private OpaqueArray(PtNDManager manager, long handle, DataType type, Shape shape) {
    super(manager, handle);
    this.type = type;
    this.shape = shape;
  }

  /// Takes over what an array holds; that one must not be used any more.
  static OpaqueArray of(PtNDManager manager, PtNDArray array, DataType type, Shape shape) {
    long handle = array.getHandle();
    array.detach();
    return new OpaqueArray(manager, handle, type, shape);
  }

  @Override
  public DataType getDataType() {
    return type;
  }

  @Override
  public Shape getShape() {
    return shape;
  }
}
