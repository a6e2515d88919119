export { runReloads, type ReloadRun } from './reload-run.ts';
export { FALCO_RULE, mountConfigMap, PLUGIN, ruleSet, type ConfigMap } from './rule-sets.ts';
