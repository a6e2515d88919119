export * from './cluster.ts';
export * from './effects.ts';
export * from './ledger.ts';
export * from './log-lines.ts';
export * from './metrics.ts';
export * from './sender.ts';
export * from './start-talon.ts';
export * from './tcp-proxy.ts';
