import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { PeerConnector } from './connector.js';
import type { Inbox } from './inbox.js';
import type { PeerHandlers, PeerSettings } from './options.js';
import type { Reports } from './reports.js';
import type { ThrottledLog } from './throttled-log.js';

/** What all parts of one transport share. */
export interface PeerContext {
  readonly settings: PeerSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly throttledLog: ThrottledLog;
  readonly connector: PeerConnector;
  readonly handlers: PeerHandlers;
  readonly inbox: Inbox;
  readonly reports: Reports;
}
