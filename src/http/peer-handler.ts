import type { RequestListener } from 'node:http';
import { encodeMember } from '../membership/index.js';
import type { KvorumServer } from '../server/index.js';
import { refuseOtherMethods, sendText, versionText } from './answers.js';

/** Answers what a member that stands alone has to say on its peer port (E.5). */
export function createPeerHandler(server: KvorumServer): RequestListener {
  return (request, response) => {
    request.resume();
    response.setHeader('X-Etcd-Cluster-ID', server.clusterId.toString(16));
    const path = (request.url ?? '/').replace(/[?#].*$/, '');
    if (path !== '/version' && path !== '/members') {
      sendText(response, 404, '404 page not found\n');
      return;
    }
    if (refuseOtherMethods(request, response)) return;
    response.setHeader('Content-Type', 'application/json');
    if (path === '/version') response.end(versionText(server));
    else response.end(`[${server.cluster.members().map(encodeMember).join(',')}]\n`);
  };
}
