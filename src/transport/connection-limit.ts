import type { Socket } from 'node:net';

/** How many connections some listeners may have open together. */
export class ConnectionLimit {
  readonly maxConnections: number;
  #open = 0;

  constructor(maxConnections: number) {
    this.maxConnections = maxConnections;
  }

  /** Counts a connection until it is closed; false: there are too many, and it is not counted. */
  admit(socket: Socket): boolean {
    if (this.#open >= this.maxConnections) return false;
    this.#open++;
    socket.once('close', () => {
      this.#open--;
    });
    return true;
  }
}
