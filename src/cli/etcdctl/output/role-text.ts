import { type Permission, Permission_Type } from '../../../proto/generated/authpb.js';
import { prefixEnd } from '../ranges.js';

const OPEN_END = Buffer.from([0]);

function rangeText({ key, rangeEnd }: Permission): string {
  if (rangeEnd.length === 0) return `\t${key}\n`;
  const end = rangeEnd.equals(OPEN_END) ? '<open ended>' : `${rangeEnd})`;
  const isPrefix = key.length > 0 && prefixEnd(key).equals(rangeEnd);
  return `\t[${key}, ${end}${isPrefix ? ` (prefix ${key})` : ''}\n`;
}

/** A role for people: what it may read, then what it may write. */
export function roleText(name: string, permissions: readonly Permission[]): string {
  // The role root may do everything without being told.
  const everything = name === 'root' && permissions.length === 0 ? '\t[, <open ended>\n' : '';
  const allowed = (type: Permission_Type): string =>
    permissions
      .filter(({ permType }) => permType === type || permType === Permission_Type.READWRITE)
      .map(rangeText)
      .join('');
  const read = everything || allowed(Permission_Type.READ);
  const write = everything || allowed(Permission_Type.WRITE);
  return `Role ${name}\nKV Read:\n${read}KV Write:\n${write}`;
}
