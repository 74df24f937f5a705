import type { Slot } from '../shared/completable.ts';

/** What may be written for a value: some words, and files. */
interface Values {
  readonly words: readonly string[];
  readonly files: boolean;
}

/** Values that are paths of files. */
const FILES: ReadonlySet<string> = new Set([
  'file',
  'files',
  'filename',
  'path',
  'folder',
  'dir',
  'dump',
  'image',
  'build',
  'one',
  'other',
  'manifest',
  'infile',
  'outfile',
  'imgfile',
]);

/** What there is to choose from, by what the help calls it or by the option. What it takes is loaded when it is asked. */
export async function valuesOf({ name, choices }: Slot, option?: string): Promise<Values> {
  if (choices.length > 0) return { words: choices, files: false };
  const called = name.replace(/\.{3}$/, '').toLowerCase();
  if (option === '--path') return { words: [], files: false };
  if (called === 'board') return { words: await boards(), files: true };
  if (called === 'bus') return { words: ['native', 'usbip://'], files: false };
  if (option === '--algorithm') return { words: await algorithms(), files: false };
  if (option === '--profile') return { words: await profiles(), files: false };
  if (option === '--bootloader') return { words: await bootloaders(), files: false };
  return { words: [], files: FILES.has(called) };
}

async function boards(): Promise<string[]> {
  const { boardModels } = await import('../../board/index.ts');
  return boardModels.map(({ name }) => name);
}

async function bootloaders(): Promise<string[]> {
  const { boardModels } = await import('../../board/index.ts');
  return [...new Set(boardModels.flatMap((model) => model.bootloaders))];
}

async function algorithms(): Promise<readonly string[]> {
  const { mcubootModes } = await import('../../board/index.ts');
  return mcubootModes;
}

async function profiles(): Promise<string[]> {
  const { DFUSE_PROFILES, DFU_PROFILES } = await import('../../device/index.ts');
  return [...new Set([...Object.keys(DFU_PROFILES), ...Object.keys(DFUSE_PROFILES)])];
}
