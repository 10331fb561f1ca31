import type { Member } from './member.js';

/** One change of the membership, as an applied configuration change tells it (formats.md §1.4). */
export type MembershipChange =
  | { readonly kind: 'add'; readonly member: Member }
  | { readonly kind: 'promote'; readonly id: bigint }
  | { readonly kind: 'update'; readonly id: bigint; readonly peerUrls: readonly string[] }
  | { readonly kind: 'remove'; readonly id: bigint };

/** The member that a change is about. */
export function changedId(change: MembershipChange): bigint {
  return change.kind === 'add' ? change.member.id : change.id;
}
