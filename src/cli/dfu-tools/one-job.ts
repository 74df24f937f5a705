import { getopt } from '../shared/getopt.ts';
import type { GetoptOption } from '../shared/getopt.ts';
import type { Tool } from './tool.ts';
import { usage } from './tool.ts';

/** What is done to which file. */
export interface Job {
  readonly mode: 'check' | 'add' | 'delete';
  readonly path: string;
}

const jobOptions = [
  { key: 'help', short: 'h', long: ['help', 'help-all'] },
  { key: 'version', short: 'V', long: ['version'] },
  { key: 'check', short: 'c', long: ['check'], takesValue: true },
  { key: 'add', short: 'a', long: ['add'], takesValue: true },
  { key: 'delete', short: 'D', long: ['delete'], takesValue: true },
] as const;

/** What a program has besides. */
interface JobWords {
  readonly options: readonly GetoptOption[];
  readonly help: string;
  /** Called for each option that is its own. */
  readonly take: (key: string, value: string) => void;
}

/**
 * The one job of a command line; undefined if it asked for the help or the version, which have been told. Ends with
 * 64 for no job, for two, and for names that belong to no option.
 */
export function readJob(
  tool: Tool,
  args: readonly string[],
  { options, help, take }: JobWords,
): Job | undefined {
  const jobs: Job[] = [];
  const operands: string[] = [];
  for (const item of getopt(args, [...jobOptions, ...options])) {
    if (item.is === 'fault') {
      tool.complain(item.message);
      usage(tool, help);
    }
    if (item.is === 'operand') {
      operands.push(item.value);
      continue;
    }
    const { key, value } = item;
    if (key === 'version') return undefined;
    if (key === 'help') {
      tool.terminal.out.write(help);
      return undefined;
    }
    if (key === 'check' || key === 'add' || key === 'delete') jobs.push({ mode: key, path: value });
    else take(key, value);
  }
  return theJob(tool, { jobs, operands, help });
}

function theJob(tool: Tool, { jobs, operands, help }: JobsWords): Job {
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

interface JobsWords {
  readonly jobs: readonly Job[];
  readonly operands: readonly string[];
  readonly help: string;
}
