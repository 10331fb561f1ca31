/** How a load is spread: connections × streams, each with one call under way. */
export interface Shape {
  readonly name: string;
  readonly connections: number;
  readonly streams: number;
}

const shape = (connections: number, streams: number): Shape => ({
  name: `${connections}x${streams}`,
  connections,
  streams,
});

/** Saturated, busy, and alone. */
export const SHAPES: readonly Shape[] = [shape(64, 16), shape(16, 4), shape(1, 1)];
