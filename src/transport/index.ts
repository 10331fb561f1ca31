export { type Carrier, type CarrierOptions, createGrpcJsCarrier } from './grpc-js-carrier.js';
export type {
  CallContext,
  Respond,
  RpcMethod,
  StreamCall,
  StreamMethod,
  StreamReceiver,
  UnaryMethod,
} from './handler.js';
export { type ConnectionTakers, type ListenAddress, type Listener, listen } from './listener.js';
