export { runTalon, type TalonOptions } from './main.ts';
export type { PluginModule } from './plugins/load-plugins.ts';
export type { ProgramContext } from './cli/command.ts';
export { publishedSchemas } from './cli/schema-command.ts';
export { commandLineReference } from './cli/reference.ts';
export { peerReference } from './cli/peer-reference.ts';
export { configurationReference } from './config/reference.ts';
export { permissionsReference } from './plugins/permissions-reference.ts';
export { clusterRole } from './plugins/cluster-role.ts';
