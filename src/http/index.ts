export { MemberHttp, type MemberHttpOptions } from './handler.js';
export { createPeerHandler, type PeerServices, type PeerSource } from './peer-handler.js';
