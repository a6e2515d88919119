export * from './server-process.ts';
export * from './webhook-listener.ts';
