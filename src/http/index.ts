export { createHttpHandler } from './handler.js';
