/**
 * Loaded into a member's process before its program: every fsync and fdatasync takes as many
 * milliseconds longer as the file named by KVORUM_TEST_SYNC_DELAY_FILE says at its time.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

type Sync = (descriptor: number, done: (error: NodeJS.ErrnoException | null) => void) => void;

function delayMs(): number {
  try {
    return Number(fs.readFileSync(process.env.KVORUM_TEST_SYNC_DELAY_FILE ?? '', 'utf8'));
  } catch {
    return 0;
  }
}

const slowed =
  (sync: Sync): Sync =>
  (descriptor, done) => {
    const later = delayMs();
    if (later > 0) setTimeout(() => sync(descriptor, done), later);
    else sync(descriptor, done);
  };

Object.assign(fs, { fdatasync: slowed(fs.fdatasync), fsync: slowed(fs.fsync) });
syncBuiltinESMExports();
