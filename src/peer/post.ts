import { PeerRequestError } from './errors.js';
import type { Answer } from './request-scope.js';

/**
 * Checks the answer to a posted message or snapshot (formats.md §7.3).
 * @throws PeerRequestError unless it was taken; with status 403 the answer means "you were removed"
 */
export function checkPostAnswer(answer: Answer): void {
  if (answer.status === 204) return;
  const body = answer.body.toString('utf8').trimEnd();
  const { status } = answer;
  if (status === 412) throw new PeerRequestError(body, status, body);
  if (status === 403) {
    const removed = 'the member has been permanently removed from the cluster';
    throw new PeerRequestError(removed, status, body);
  }
  throw new PeerRequestError(`unexpected http status ${status} (${body})`, status, body);
}

/** Whether the answer says that this member was removed. */
export function saysRemoved(error: unknown): boolean {
  return error instanceof PeerRequestError && error.status === 403;
}
