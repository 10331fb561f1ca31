export { type Config, defaultConfig } from '../config/index.js';
export { type RunningServer, type StartDependencies, startServer } from './start-server.js';
