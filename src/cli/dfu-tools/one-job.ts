import type { Tool } from './tool.ts';
import { usage } from './tool.ts';

/** What is done to which file. */
export interface Job {
  readonly mode: 'check' | 'add' | 'delete';
  readonly path: string;
}

export const jobOptions = [
  { key: 'help', short: 'h', long: ['help', 'help-all'] },
  { key: 'version', short: 'V', long: ['version'] },
  { key: 'check', short: 'c', long: ['check'], takesValue: true },
  { key: 'add', short: 'a', long: ['add'], takesValue: true },
  { key: 'delete', short: 'D', long: ['delete'], takesValue: true },
] as const;

/** Takes -c, -a and -D as they come: one of them, once. What is no such option is undefined. */
export function jobOf(key: string, path: string): Job | undefined {
  if (key === 'check' || key === 'add' || key === 'delete') return { mode: key, path };
  return undefined;
}

/** The one job of a command line. Ends with 64 for none, for two, and for names that belong to no option. */
export function theJob(tool: Tool, { jobs, operands, help }: JobWords): Job {
  const [job, ...more] = jobs;
  if (job === undefined) {
    tool.terminal.err.write('You need to specify a filename\n');
    usage(tool, help);
  }
  if (more.length > 0) {
    tool.complain('only one of -c, -a and -D, once');
    usage(tool, help);
  }
  const [stranger] = operands;
  if (stranger === undefined) return job;
  tool.complain(`one file at a time: nothing is done to ${stranger}`);
  return usage(tool, help);
}

interface JobWords {
  readonly jobs: readonly Job[];
  readonly operands: readonly string[];
  readonly help: string;
}
