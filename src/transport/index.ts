export { ConnectionLimit } from './connection-limit.js';
export { type Carrier, type CarrierOptions, createGrpcJsCarrier } from './grpc-js-carrier.js';
export {
  bytesOf,
  type CallContext,
  type Message,
  type MessageSource,
  type Responder,
  type RpcMethod,
  type StreamCall,
  type StreamMethod,
  type StreamReceiver,
  type UnaryMethod,
} from './handler.js';
export {
  createHttp2Carrier,
  type Http2CarrierDependencies,
  type Http2CarrierOptions,
} from './http2/carrier.js';
export { DEFAULT_HTTP2_LIMITS, type Http2Limits } from './http2/limits.js';
export {
  type ConnectionTakers,
  type ListenAddress,
  type Listener,
  listen,
  sortConnection,
} from './listener.js';
export {
  commonName,
  demandsCertificates,
  hasNoCertificate,
  selfSignedFiles,
  TlsAcceptor,
  TlsConnector,
  TlsError,
  type TlsOptions,
} from './tls/index.js';
