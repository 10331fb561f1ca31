import { execFile } from 'node:child_process';
import { errorText } from '../base/errors.js';
import type { Logger } from '../base/logger.js';

const TIMEOUT_MS = 5000;

/**
 * Tells the service manager that started this process (Type=notify) that it serves; does nothing if
 * nobody waits for that. Node has no datagram sockets of the Unix kind, so systemd's own program sends the
 * word, and the unit has to take it from a child: NotifyAccess=all.
 */
export async function notifyReady(
  environment: Readonly<Record<string, string | undefined>>,
  logger: Logger,
): Promise<void> {
  if ((environment.NOTIFY_SOCKET ?? '') === '') return;
  try {
    await new Promise<void>((resolve, reject) => {
      const options = { env: { ...environment }, timeout: TIMEOUT_MS };
      execFile('systemd-notify', ['--ready'], options, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    logger.info('notified the service manager that this member serves');
  } catch (error) {
    logger.warn('failed to notify the service manager', { error: errorText(error) });
  }
}
