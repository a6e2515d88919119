import { printable } from '@falco-talon/engine';
import { doorSettings } from '../config/engine-settings.ts';
import { asksNothing, doorProblems, isLoopback, openDoorProblem } from '../door/door-problems.ts';
import type { Prepared } from './prepare.ts';

/**
 * What would keep the server from starting for what the config says about senders. Files that are not here are warnings:
 * secrets are often on the machine of the server only.
 */
export async function checkDoor({ config }: Prepared): Promise<{
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}> {
  if (!config) return { errors: [], warnings: [] };
  const { intake, listen_address: address } = config.host;
  const settings = doorSettings(config);
  const problems = await doorProblems(settings);
  const isOpen = intake.require_auth && asksNothing(settings) && !(await isLoopback(address));
  const texts = (severity: 'error' | 'warning') =>
    problems
      .filter(({ absent }) => absent === (severity === 'warning'))
      .map(({ message }) => `${severity}: ${printable(message)}`);
  return {
    errors: [...texts('error'), ...(isOpen ? [`error: ${printable(openDoorProblem(address))}`] : [])],
    warnings: texts('warning'),
  };
}
