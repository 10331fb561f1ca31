import assert from 'node:assert/strict';
import type { Member } from '../../support/member.js';

/** How a start went: the member serves, or it ended with one fatal line. */
export type StartOutcome = 'serves' | { readonly refusal: string };

/**
 * Starts a member. Throws unless it serves, or ends by itself with code 1 and one fatal line in JSON.
 */
export async function startOutcome(member: Member): Promise<StartOutcome> {
  try {
    await member.start();
    return 'serves';
  } catch {
    return { refusal: await refusalOf(member) };
  }
}

/** The reason in the one fatal line of a member that ended. Throws unless it ended as it should. */
export async function refusalOf(member: Member): Promise<string> {
  const { code, signal } = await member.waitForExit();
  assert.equal(signal, null, `ended by ${signal}:\n${member.output}`);
  assert.equal(code, 1, member.output);
  const ofThisStart = member.output.slice(member.output.lastIndexOf('"msg":"Running: "'));
  const fatal = ofThisStart
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.level === 'fatal');
  assert.equal(fatal.length, 1, member.output);
  const { error } = fatal[0] ?? {};
  assert.equal(typeof error, 'string', member.output);
  return String(error);
}
