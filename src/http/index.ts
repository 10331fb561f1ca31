export { createHttpHandler } from './handler.js';
export { createPeerHandler } from './peer-handler.js';
