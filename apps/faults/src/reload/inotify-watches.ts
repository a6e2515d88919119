import { readdirSync, readFileSync } from 'node:fs';

/** How many files and directories a process has the kernel watch. Linux only; NaN elsewhere. */
export function inotifyWatches(pid: number): number {
  try {
    const folder = `/proc/${pid}/fdinfo`;
    const infos = readdirSync(folder).map((fd) => readFileSync(`${folder}/${fd}`, 'utf8'));
    return infos.join('').split('inotify wd:').length - 1;
  } catch {
    return NaN;
  }
}
