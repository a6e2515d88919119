export * from './alert-text.ts';
export * from './connection.ts';
export * from './end-with-this-process.ts';
export * from './nats-server.ts';
export * from './percentile.ts';
export * from './resident.ts';
export * from './server-process.ts';
export * from './webhook-listener.ts';
