/** Takes the snapshot of etcd 3.7.1 into the data directory `argv[2]`, and dies at the step `argv[3]`. */
import { etcdDatabase, openMember, takeSnapshot } from './support.js';

const [, , dataDir, deadly] = process.argv;
if (dataDir === undefined) throw new Error('usage: install-child <data directory> [step]');
const data = await openMember(dataDir);
await takeSnapshot(data, etcdDatabase('3.7.1'), (step) => {
  if (step !== deadly) return;
  process.kill(process.pid, 'SIGKILL');
  // Nothing may happen between the signal and the end.
  for (;;);
});
// The end of a process that did not close anything.
process.kill(process.pid, 'SIGKILL');
