/** How a load is spread: connections × streams, each with one call under way. */
export interface Shape {
  readonly name: string;
  readonly connections: number;
  readonly streams: number;
}

/**
 * How much longer one client alone warms up: it makes so few calls that V8 has compiled the code for them
 * only then, and a server runs for longer than that.
 */
const LONE_WARMUP_FACTOR = 4;

/** The warm-up of a load of this shape; the same for both servers. */
export function warmupOf(shape: Omit<Shape, 'name'>, warmupMs: number): number {
  return shape.connections * shape.streams === 1 ? warmupMs * LONE_WARMUP_FACTOR : warmupMs;
}

const shape = (connections: number, streams: number): Shape => ({
  name: `${connections}x${streams}`,
  connections,
  streams,
});

/** Saturated, busy, and alone. */
export const SHAPES: readonly Shape[] = [shape(64, 16), shape(16, 4), shape(1, 1)];
