export { TlsAcceptor, type TlsAcceptorDependencies, type TlsAcceptorOptions } from './acceptor.js';
export {
  type TlsConnectOptions,
  TlsConnector,
  type TlsConnectorDependencies,
} from './connector.js';
export { TlsError } from './errors.js';
export { commonName } from './names.js';
export { demandsCertificates, hasNoCertificate, type TlsOptions } from './options.js';
export { type SelfSignedFiles, type SelfSignedOptions, selfSignedFiles } from './self-signed.js';
