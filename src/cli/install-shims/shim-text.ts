/** The programs that are started under their own names. */
export const PROGRAMS = ['dfu-util', 'dfu-suffix', 'dfu-prefix', 'dfuse-pack'] as const;

export type ProgramName = (typeof PROGRAMS)[number];

/** What every shim has in it, and nothing else: by this it is known again. */
const MARK = 'made by dfukit install-shims';

/** What a shim starts. */
export interface ShimTarget {
  /** Of node. */
  readonly node: string;
  /** Of dfukit's own program. */
  readonly main: string;
}

function inShell(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function inBatch(word: string): string {
  return `"${word.replaceAll('%', '%%')}"`;
}

/** A script for a POSIX shell. */
export function shellShim(name: ProgramName, { node, main }: ShimTarget): string {
  return `#!/bin/sh\n# ${name}, ${MARK}\nexec ${inShell(node)} ${inShell(main)} ${name} "$@"\n`;
}

/** A script for Windows' command interpreter. */
export function batchShim(name: ProgramName, { node, main }: ShimTarget): string {
  const lines = [
    '@echo off',
    `rem ${name}, ${MARK}`,
    `${inBatch(node)} ${inBatch(main)} ${name} %*`,
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** Whether a file is a shim of any dfukit. */
export function isShim(text: string): boolean {
  return text.split(/\r?\n/, 3).some((line) => line.endsWith(`, ${MARK}`));
}
