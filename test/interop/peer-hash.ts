import { request } from 'node:http';
import { waitUntil } from '../cluster/support/cluster.js';
import type { ClusterMember } from '../cluster/support/cluster-member.js';

interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * The HashKV of all revisions up to one, once the member has it. It is asked for on the peer port, as
 * members ask each other: there learners answer too.
 */
export async function peerHash(member: ClusterMember, revision: number): Promise<number> {
  let answer: Answer = { status: 0, text: 'never asked' };
  try {
    await waitUntil(`revision ${revision} on ${member.name}`, async () => {
      answer = await ask(member.peerUrl, revision);
      return answer.status === 200;
    });
  } catch (error) {
    throw new Error(`${member.name} has no hash: ${answer.text}`, { cause: error });
  }
  const { hash } = JSON.parse(answer.text) as { hash: number };
  return hash;
}

function ask(url: string, revision: number): Promise<Answer> {
  return new Promise((resolve) => {
    const body = Buffer.from(JSON.stringify({ revision }));
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const get = request(`${url}/members/hashkv`, { method: 'GET', headers, timeout: 5000 });
    get.on('error', (error) => resolve({ status: 0, text: error.message }));
    get.on('timeout', () => get.destroy(new Error('no answer')));
    get.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', (error) => resolve({ status: 0, text: error.message }));
    });
    get.end(body);
  });
}
