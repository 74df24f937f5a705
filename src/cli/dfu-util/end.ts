import { systemWords } from '../shared/system-words.ts';

/** The end of a run that is no success: dfu-util's lines, what dfukit has to add, and the exit code. */
export class RunEnd extends Error {
  readonly exitCode: number;
  /** dfu-util's own, without its name. */
  readonly lines: readonly string[];
  readonly more: readonly string[];

  constructor(exitCode: number, lines: readonly string[], more: readonly string[] = []) {
    super(lines.join('\n'));
    this.exitCode = exitCode;
    this.lines = lines;
    this.more = more;
  }
}

/** strerror(3) for what befalls a file. */
const SYSTEM_WORDS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'Permission denied'],
  ['EEXIST', 'File exists'],
  ['EISDIR', 'Is a directory'],
  ['ENOENT', 'No such file or directory'],
  ['ENOSPC', 'No space left on device'],
  ['ENOTDIR', 'Not a directory'],
  ['EROFS', 'Read-only file system'],
]);

/** Why the system has refused something, as C programs say it. */
export function systemReason(error: unknown): string {
  const cause: unknown = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const { code } = cause as NodeJS.ErrnoException;
  return SYSTEM_WORDS.get(code ?? '') ?? systemWords(cause);
}
