import { existsSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { importRiot, importZephyr, mcubootMode, readBoardFile } from '../../board/index.ts';
import type { BoardAnswers, ImportedBoard, SectorWish } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { MemoryRange } from '../../flash/index.ts';
import { ExitCode, cannot } from '../shared/exit-codes.ts';
import { loadKeys } from '../shared/key-files.ts';
import { UnreadableFile } from '../shared/unreadable-file.ts';
import { warn, writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import { findBuild, findKey } from './build-folder.ts';
import type { FoundBuild } from './build-folder.ts';

/** What `board import` is told besides the build. */
export interface ImportOptions {
  readonly json?: true | undefined;
  readonly output?: string | undefined;
  readonly force?: true | undefined;
  readonly name?: string | undefined;
  readonly chip?: string | undefined;
  readonly flashBase?: number | undefined;
  readonly sectors?: readonly SectorWish[] | undefined;
  readonly writeUnit?: number | undefined;
  readonly ram?: MemoryRange | undefined;
  readonly mcuboot?: string | undefined;
  readonly romStartOffset?: number | undefined;
  readonly algorithm?: string | undefined;
  readonly key?: readonly string[] | undefined;
  readonly riotbootHeader?: number | undefined;
  readonly slot0Offset?: number | undefined;
  readonly slot0Len?: number | undefined;
  readonly slot1Offset?: number | undefined;
  readonly slot1Len?: number | undefined;
}

/** A path as a board file names it: from its own folder, so that both can be moved together. */
function pathFrom(folder: string, path: string): string {
  return relative(folder, resolve(path)).replaceAll(sep, '/');
}

function answersOf(options: ImportOptions, folder: string): BoardAnswers {
  const { algorithm, key, slot0Offset, slot0Len, slot1Offset, slot1Len } = options;
  for (const path of key ?? []) {
    if (!existsSync(path)) throw new UnreadableFile('NOT_FOUND', `${path}: no such file`);
  }
  return {
    name: options.name,
    chip: options.chip,
    flashBaseAddress: options.flashBase,
    sectors: options.sectors,
    writeUnitBytes: options.writeUnit,
    ram: options.ram,
    romStartOffset: options.romStartOffset,
    mode: algorithm === undefined ? undefined : mcubootMode(algorithm),
    keys: key?.map((path) => pathFrom(folder, path)),
    riotbootHeaderBytes: options.riotbootHeader,
    slots: [
      { offsetBytes: slot0Offset, sizeBytes: slot0Len },
      { offsetBytes: slot1Offset, sizeBytes: slot1Len },
    ],
  };
}

/** Options that do nothing with a build of that kind. */
const USELESS: Readonly<Record<FoundBuild['kind'], readonly (keyof ImportOptions)[]>> = {
  riot: ['mcuboot', 'algorithm', 'key', 'romStartOffset'],
  zephyr: ['riotbootHeader', 'slot0Offset', 'slot0Len', 'slot1Offset', 'slot1Len'],
};

function refuseUseless(kind: FoundBuild['kind'], options: ImportOptions): void {
  const useless = USELESS[kind].find((key) => options[key] !== undefined);
  if (useless === undefined) return;
  const words = kind === 'riot' ? 'a RIOT build has no' : 'a Zephyr build has no';
  throw new DfuError('INVALID_ARGUMENT', `${words} ${optionOf(useless)}: it would do nothing`);
}

/** As it is typed. */
function optionOf(key: keyof ImportOptions): string {
  return `--${key.replaceAll(/[A-Z]/g, (each) => `-${each.toLowerCase()}`)}`;
}

function imported(found: FoundBuild, options: ImportOptions, folder: string): ImportedBoard {
  const answers = answersOf(options, folder);
  if (found.kind === 'riot') return importRiot(found.file, answers);
  return importZephyr(found.build, answers, (name) => {
    const path = findKey(name, found.keyFolders);
    return path === undefined ? undefined : pathFrom(folder, path);
  });
}

/** What was found, where, and what is not as on the device. */
function tell(terminal: Terminal, { findings, doubts }: ImportedBoard): void {
  const width = Math.max(...findings.map(({ what }) => what.length));
  for (const { what, value, from } of findings) {
    warn(terminal, `${what.padEnd(width)}  ${value}  (${from})`);
  }
  for (const doubt of doubts) warn(terminal, `not as on the device: ${doubt}`);
}

/** What an application without MCUboot has no use for. */
const FOR_MCUBOOT = ['algorithm', 'key', 'romStartOffset'] as const;

/** Throws `INVALID_ARGUMENT` for what was said of MCUboot where the build has none, or none that would use it. */
function refuseUnused({ file, findings }: ImportedBoard, options: ImportOptions): void {
  const useless = FOR_MCUBOOT.find((key) => options[key] !== undefined);
  if (file.mcuboot === undefined && useless !== undefined) {
    const from = findings.find(({ what }) => what === 'bootloader')?.from ?? '';
    const words = `the application is built without MCUboot (${from}): it would do nothing`;
    throw new DfuError('INVALID_ARGUMENT', `${optionOf(useless)}: ${words}`);
  }
  if (file.mcuboot?.signature !== 'none' || options.key === undefined) return;
  const words = `MCUboot checks no signature (${signatureFrom(findings)}): it would do nothing`;
  throw new DfuError('INVALID_ARGUMENT', `--key: ${words}`);
}

function signatureFrom(findings: ImportedBoard['findings']): string {
  return findings.find(({ what }) => what === 'signature')?.from ?? '';
}

/** Throws for key files that hold no key, and `INVALID_ARGUMENT` for keys of another kind than MCUboot checks. */
async function checkKeys(
  terminal: Terminal,
  { file, findings }: ImportedBoard,
  folder: string,
): Promise<void> {
  const { keys: names = [], signature } = file.mcuboot ?? {};
  const keys = await loadKeys(
    terminal,
    names.map((name) => relative('', resolve(folder, name)) || name),
  );
  const wanted = signature ?? keys.map(({ key }) => key.kind).find((kind) => kind !== 'x25519');
  const other = keys.find(({ key }) => key.kind !== wanted);
  if (other === undefined) return;
  const says = signature === undefined ? '' : `, as ${signatureFrom(findings)} says`;
  const expected = `expected a key of kind ${wanted ?? 'that signs'}${says}`;
  throw new DfuError('INVALID_ARGUMENT', `${other.path}: ${expected}, got ${other.key.kind}`);
}

/** The reader of board files has the last word. */
function checkFile({ file }: ImportedBoard, build: string): void {
  try {
    readBoardFile(file);
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    const message = `${build}: its board file: ${error.message}`;
    throw new DfuError(error.code, message, { cause: error });
  }
}

/** `board import`. */
export async function importBoard(
  terminal: Terminal,
  path: string | undefined,
  options: ImportOptions,
): Promise<void> {
  const { output } = options;
  const found: FoundBuild =
    path === undefined
      ? { kind: 'riot', file: { name: 'the command line', text: '' } }
      : findBuild(terminal.files, path, { mcubootFolder: options.mcuboot });
  refuseUseless(found.kind, options);
  const folder = output === undefined || output === '-' ? '.' : dirname(output);
  const board = imported(found, options, resolve(folder));
  refuseUnused(board, options);
  await checkKeys(terminal, board, folder);
  checkFile(board, path ?? 'the command line');
  tell(terminal, board);
  const text = `${JSON.stringify(board.file, undefined, 2)}\n`;
  if (output === '-') {
    terminal.out.write(text);
    return;
  }
  const to = output ?? `${board.file.name}.json`;
  if (options.force !== true && existsSync(to)) {
    throw cannot(`create ${to}`, new Error('it exists already'), ExitCode.cannotCreate);
  }
  await terminal.files.write(to, new TextEncoder().encode(text));
  if (options.json === true) writeJson(terminal.out, { type: 'wrote', file: to });
  else terminal.out.write(`wrote ${to}\n`);
}
