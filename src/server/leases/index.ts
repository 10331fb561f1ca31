export { AppliedWait } from './applied-wait.js';
export { LeaseCheckpoints, type LeaseCheckpointValue } from './lease-checkpoints.js';
export { LeaseExpiry } from './lease-expiry.js';
export { LeaseForwarding, type SendToMember } from './lease-forwarding.js';
export { type Caller, LeaseRequests, type LeaseRequestsDependencies } from './lease-requests.js';
export { MemberLeases, type MemberLeasesDependencies } from './member-leases.js';
export { type PeerAnswer, PeerLeaseAnswers } from './peer-lease-answers.js';
export { type LeaseTime, NotPrimaryError, PrimaryLeases } from './primary-leases.js';
