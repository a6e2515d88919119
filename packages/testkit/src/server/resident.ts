import { readFileSync } from 'node:fs';

/** Resident memory of a process. Linux only; NaN elsewhere. */
export function residentMiB(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib) / 1024;
  } catch {
    return NaN;
  }
}

/** The highest resident memory of a process until the function given back is called. */
export function watchResident(pid: number): () => number {
  let highest = residentMiB(pid);
  const timer = setInterval(() => (highest = Math.max(highest, residentMiB(pid))), 20);
  return () => {
    clearInterval(timer);
    return highest;
  };
}
