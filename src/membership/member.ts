/** One member as all members know it. */
export interface Member {
  readonly id: bigint;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
  /** Empty until the member has started and published itself. */
  readonly name: string;
  readonly clientUrls: readonly string[];
}
