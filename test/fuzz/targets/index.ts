export * from './cli.js';
export * from './readers.js';
export * from './weights.js';
