import type { Cleanup } from '../../support/cleanup.js';
import { Member } from '../../support/member.js';
import { freePorts } from '../../support/ports.js';

/** A member on an existing data directory, not started yet; killed at the end. */
export async function memberOn(
  cleanup: Cleanup,
  dataFolder: string,
  flags: readonly string[] = [],
): Promise<Member> {
  const [clientPort = 0, peerPort = 0] = await freePorts(2);
  const member = new Member({ dataFolder, clientPort, peerPort, flags });
  cleanup.after(async () => {
    await member.kill();
  });
  return member;
}
