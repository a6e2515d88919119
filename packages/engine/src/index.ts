export * from './lifecycle/engine.ts';
export * from './plan/plan.ts';
export * from './registry/registry.ts';
export * from './rules/rule.ts';
export { startEngine } from './lifecycle/start-engine.ts';
export { readYaml, yamlValue, type YamlDocument } from './rules/yaml-document.ts';
export { pathText, type Place, type YamlNode } from './rules/yaml-node.ts';
export { printable } from './rules/printable.ts';
