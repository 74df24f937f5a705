import { readFileSync } from 'node:fs';

/** How often a background job looks whether it has been brought to the front, in ms. */
const LOOK_MS = 500;

/** Process group, and foreground group of the controlling terminal; -1: there is no such terminal. */
interface Groups {
  readonly own: number;
  readonly foreground: number;
}

/** Of Linux's /proc/PID/stat; what stands in front of the last `)` may be anything. */
function groupsOf(stat: string): Groups {
  // Behind the name: state, ppid, pgrp, session, tty_nr, tpgid (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { own: Number(fields[2]), foreground: Number(fields[5]) };
}

function groups(): Groups | undefined {
  if (process.platform === 'win32') return undefined;
  try {
    if (process.platform === 'linux') return groupsOf(readFileSync('/proc/self/stat', 'latin1'));
    // Loaded where it is needed: it takes longer than all the rest of this program's beginning.
    const { spawnSync } = process.getBuiltinModule('node:child_process');
    const ps = spawnSync('ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)], {
      encoding: 'utf8',
    });
    const [own, foreground] = ps.stdout.trim().split(/\s+/).map(Number);
    return own === undefined || foreground === undefined ? undefined : { own, foreground };
  } catch {
    return undefined;
  }
}

/**
 * Whether this process may read its terminal and change its modes. A terminal stops a background job
 * that does either (SIGTTIN, SIGTTOU), and then it runs no more. Where nobody knows: it may.
 */
export function inForeground(): boolean {
  const found = groups();
  return found === undefined || !(found.foreground > 0) || found.foreground === found.own;
}

/** Calls the listener once this process is in the foreground; the answer ends that. */
export function onForeground(listener: () => void): () => void {
  // A shell that brings a running job to the front tells it nothing.
  const timer = setInterval(() => {
    if (!inForeground()) return;
    clearInterval(timer);
    listener();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
