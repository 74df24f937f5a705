import { PACKAGE_VERSION } from '../../bytes/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import { systemWords } from '../shared/system-words.ts';
import type { Terminal } from '../shared/terminal.ts';

/** One of the programs that come with dfu-util, at work. */
export interface Tool {
  readonly name: string;
  readonly terminal: Terminal;
  /** A line of what was asked for. */
  readonly say: (text: string) => void;
  /** A line of what went wrong, behind the program's name. */
  readonly complain: (text: string) => void;
}

/** What dfuse-pack works with: it says all on standard output. */
export type Packer = Pick<Tool, 'terminal' | 'say'>;

/** What ends a tool before its time: all has been said. */
export class ToolEnd extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('');
    this.exitCode = exitCode;
  }
}

/** A tool that has said who it is, with the first line that scripts look for. */
export function begin(name: string, terminal: Terminal): Tool {
  const { out, err } = terminal;
  out.write(
    `${name} (dfu-util) 0.11\n\nThis is dfukit ${PACKAGE_VERSION}, with its command line.\n\n`,
  );
  return {
    name,
    terminal,
    say: (text) => void out.write(`${text}\n`),
    complain: (text) => void err.write(`${name}: ${text}\n`),
  };
}

/** Runs a tool to its exit code. */
export async function toEnd(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ToolEnd) return error.exitCode;
    throw error;
  }
}

/** What the system says of a file, in its own words. */
function words(error: unknown): string {
  const { code } = (error as { readonly cause?: NodeJS.ErrnoException }).cause ?? {};
  if (code === 'ENOENT') return 'No such file or directory';
  if (code === 'EISDIR') return 'Is a directory';
  if (code === 'EACCES') return 'Permission denied';
  return systemWords(error);
}

/** The bytes of a file, or the end with 66. */
export function readFile({ terminal, complain }: Tool, path: string): Uint8Array {
  try {
    return terminal.files.read(path);
  } catch (error) {
    complain(`Could not open file ${path} for reading: ${words(error)}`);
    throw new ToolEnd(ExitCode.noInput);
  }
}

/** Replaces a file by new bytes, whole or not at all, or ends with 73. */
export async function replaceFile(
  { terminal, complain }: Tool,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  try {
    await terminal.files.write(path, bytes);
  } catch (error) {
    complain(`Could not open file ${path} for writing: ${words(error)}`);
    throw new ToolEnd(ExitCode.cannotCreate);
  }
}

/** Ends with 64, after having said how the tool is called. */
export function usage({ terminal }: Tool, help: string): never {
  terminal.err.write(help);
  throw new ToolEnd(ExitCode.usage);
}
