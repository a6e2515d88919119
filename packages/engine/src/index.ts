export * from './lifecycle/engine.ts';
export * from './plan/plan.ts';
export * from './registry/registry.ts';
export * from './rules/rule.ts';
