import { AlarmMember } from '../proto/generated/etcdserverpb.js';
import type { Alarm } from './results.js';

export const AlarmType = { none: 0, noSpace: 1, corrupt: 2 } as const;

/** Where alarms are persisted: the backend's alarm bucket, the encoded AlarmMember as key. */
export interface AlarmRecords {
  putAlarm(key: Buffer): void;
  deleteAlarm(key: Buffer): void;
}

const recordKey = (alarm: Alarm): Buffer =>
  AlarmMember.encode({
    memberId: alarm.memberId,
    // Numbers outside the enum are stored as they came, as etcd does.
    alarm: alarm.type as AlarmMember['alarm'],
  });

/** The raised alarms: replicated state, changed by applying entries. */
export class Alarms {
  readonly #records: AlarmRecords;
  /** By encoded key as latin1. */
  readonly #alarms = new Map<string, Alarm>();

  constructor(records: AlarmRecords) {
    this.#records = records;
  }

  /** Takes over a persisted alarm. */
  restore(key: Buffer): void {
    const decoded = AlarmMember.decode(key);
    this.#alarms.set(key.toString('latin1'), { memberId: decoded.memberId, type: decoded.alarm });
  }

  /** Forgets all alarms, without a record of it, to be restored anew. */
  reset(): void {
    this.#alarms.clear();
  }

  /** Raises an alarm; raising it again changes nothing. Returns it. */
  activate(alarm: Alarm): Alarm {
    const key = recordKey(alarm);
    const name = key.toString('latin1');
    if (!this.#alarms.has(name)) {
      this.#alarms.set(name, alarm);
      this.#records.putAlarm(key);
    }
    return alarm;
  }

  /** Clears an alarm. Returns it, or undefined if it was not raised. */
  deactivate(alarm: Alarm): Alarm | undefined {
    const key = recordKey(alarm);
    if (!this.#alarms.delete(key.toString('latin1'))) return undefined;
    this.#records.deleteAlarm(key);
    return alarm;
  }

  /** The raised alarms of a type; all of them for NONE. */
  list(type: number): Alarm[] {
    const all = [...this.#alarms.values()];
    return type === AlarmType.none ? all : all.filter((alarm) => alarm.type === type);
  }

  isRaised(type: number): boolean {
    for (const alarm of this.#alarms.values()) if (alarm.type === type) return true;
    return false;
  }
}
