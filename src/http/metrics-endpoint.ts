import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzip } from 'node:zlib';
import { errorText } from '../base/errors.js';
import { sendText } from './answers.js';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';

/** How often the metrics were asked for, and how often that is being answered just now. */
export interface ScrapeCounts {
  readonly succeeded: number;
  readonly failed: number;
  readonly inFlight: number;
}

/** `/metrics`: any method is answered, compressed if the client takes that (E.1). */
export class MetricsEndpoint {
  readonly #render: () => Promise<string>;
  #succeeded = 0;
  #failed = 0;
  #inFlight = 0;

  /** `render` gives the text of all metrics. */
  constructor(render: () => Promise<string>) {
    this.#render = render;
  }

  get counts(): ScrapeCounts {
    return { succeeded: this.#succeeded, failed: this.#failed, inFlight: this.#inFlight };
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#inFlight++;
    this.#answer(request, response).then(
      () => this.#succeeded++,
      (error: unknown) => {
        this.#failed++;
        if (!response.headersSent) sendText(response, 500, `${errorText(error)}\n`);
      },
    );
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text: string;
    try {
      text = await this.#render();
    } finally {
      this.#inFlight--;
    }
    response.setHeader('Content-Type', CONTENT_TYPE);
    if (!takesGzip(request)) {
      response.writeHead(200);
      // Written apart from the end, so that it goes in chunks, as etcd's.
      response.write(text);
      response.end();
      return;
    }
    const packed = await new Promise<Buffer>((resolve, reject) => {
      gzip(text, (error, bytes) => {
        if (error === null) resolve(bytes);
        else reject(error);
      });
    });
    response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': packed.length });
    response.end(packed);
  }
}

function takesGzip(request: IncomingMessage): boolean {
  const accepted = request.headers['accept-encoding'];
  const text = Array.isArray(accepted) ? accepted.join() : (accepted ?? '');
  return text.split(',').some((coding) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/.test(coding));
}
