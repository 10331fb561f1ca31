export { createHttpHandler } from './handler.js';
export { createPeerHandler, type PeerServices } from './peer-handler.js';
