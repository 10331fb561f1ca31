import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { founder, Group } from './membership-group.js';

/** All members that run agree on who belongs to the cluster, and so does their Raft. */
function checkAgreement(group: Group): void {
  const [first] = group.running;
  assert.ok(first !== undefined);
  for (const { cluster, node, id } of group.running) {
    assert.deepEqual(cluster.members(), first.cluster.members(), `member ${id}`);
    const { voters } = node.status().configuration;
    const expected = cluster.votingMembers().map((member) => member.id);
    assert.deepEqual([...voters.incoming], expected, `member ${id}`);
  }
}

describe('members that run together', () => {
  it('take in a learner, let it catch up, and give it a vote from any of them', async () => {
    const group = new Group([1n, 2n, 3n]);
    const leader = await group.elect();
    // Connections count after 5 s.
    await group.run(60);
    const [asked, other] = group.members.filter((member) => member !== leader);
    assert.ok(asked !== undefined && other !== undefined);
    const { member } = await group.result(asked.changes.add(['http://127.0.0.1:4'], true));
    await assert.rejects(group.result(other.changes.promote(member.id)), {
      message: 'etcdserver: can only promote a learner member which is in sync with leader',
    });
    group.join(member.id);
    await group.run(20);
    const members = await group.result(other.changes.promote(member.id));
    assert.equal(members.find(({ id }) => id === member.id)?.isLearner, false);
    await group.run(5);
    checkAgreement(group);
    assert.equal(group.running.length, 4);
  });

  it('answer everybody who changes something at once', async () => {
    const group = new Group([1n, 2n, 3n]);
    const leader = await group.elect();
    await group.run(60);
    const updates = group.members.map(({ id, changes }) =>
      changes.add([`http://127.0.0.1:9${id}`], true).then(
        () => 'added',
        (error: Error) => error.message,
      ),
    );
    const results = await group.result(Promise.all(updates));
    // Two learners may be; Raft lets one change in at a time, and the others are proposed again.
    assert.deepEqual(results.sort(), [
      'added',
      'added',
      'etcdserver: too many learner members in cluster',
    ]);
    assert.equal(leader.cluster.members().length, 5);
    await group.run(5);
    checkAgreement(group);
  });

  it('hand over the leadership, and go on without the one that is removed', async () => {
    const group = new Group([1n, 2n, 3n]);
    const first = await group.elect();
    await group.run(60);
    const target = group.members.find((member) => member !== first);
    assert.ok(target !== undefined);
    await group.result(first.leadership.moveTo(target.id));
    const second = await group.elect();
    assert.equal(second, target);
    // The leader removes itself; it answers, and is gone.
    const members = await group.result(second.changes.remove(second.id));
    assert.equal(members.length, 2);
    await group.run(20);
    assert.equal(group.running.length, 2);
    const third = await group.elect();
    assert.notEqual(third, second);
    await group.result(third.leadership.transferOnStop());
    assert.notEqual(await group.elect(), third);
    checkAgreement(group);
  });

  it('shrink to one and grow again', async () => {
    const group = new Group([1n, 2n, 3n]);
    for (const id of [3n, 2n]) {
      await group.elect();
      await group.run(60);
      const asked = group.find(1n);
      assert.ok(asked !== undefined);
      await group.result(asked.changes.remove(id));
      await group.run(30);
    }
    const last = await group.elect();
    assert.deepEqual(last.cluster.members(), [founder(1n)]);
    const { member } = await group.result(last.changes.add(['http://127.0.0.1:5'], false));
    await assert.rejects(group.result(last.changes.add(['http://127.0.0.1:6'], false)), {
      message: 'etcdserver: re-configuration failed due to not enough started members',
    });
    group.join(member.id);
    await group.run(30);
    assert.equal(group.running.length, 2);
    checkAgreement(group);
  });
});
