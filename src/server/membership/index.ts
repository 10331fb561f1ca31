/** Changes of the membership and of the leadership while the cluster runs. */
export {
  ConfChangeApplier,
  type ConfChangeApplierDependencies,
  type ConfChangeApplierOptions,
  type ConfChangeOutcome,
  type MemberConnections,
} from './conf-change-applier.js';
export {
  Leadership,
  type LeadershipDependencies,
  type LeadershipOptions,
} from './leadership.js';
export {
  type Addition,
  type MembershipChangeDependencies,
  type MembershipChangeOptions,
  MembershipChanges,
} from './membership-changes.js';
export {
  PromotionForwarder,
  type PromotionForwarderDependencies,
  promotionFailure,
} from './promotion-forwarding.js';
