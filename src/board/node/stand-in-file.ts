import { readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { DfuError } from '../../bytes/index.ts';
import { parseStandIn } from '../index.ts';
import type { StandIn, StandInText } from '../index.ts';
import { buildFirmware } from './firmware-build.ts';

/** Largest module that is taken as it is, in bytes. */
const MOST_BYTES = 0x0100_0000;

/** A module of JavaScript as it is; a folder, or a module of TypeScript, is built. */
async function firmwareAt(path: string): Promise<Uint8Array> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    const expected = 'expected the folder of a firmware or a module, found nothing there';
    throw new DfuError('NOT_FOUND', `stand-in: ${path}: ${expected}`);
  }
  if (!found.isFile() || extname(path) === '.ts') return buildFirmware(path);
  if (found.size <= MOST_BYTES) return readFileSync(path);
  const expected = `expected a module of at most ${MOST_BYTES} bytes, got ${found.size}`;
  throw new DfuError('OUT_OF_RANGE', `stand-in: ${path}: ${expected}`);
}

/**
 * A stand-in with its firmware, if it plays one: from what `parseStandIn` reads, or has read. A folder and a module of
 * TypeScript are built as `buildFirmware` does, a module of JavaScript is taken as it is. Throws what those throw, and
 * `NOT_FOUND` for a path where nothing is.
 */
export async function loadStandIn(standIn: string | StandInText): Promise<StandIn> {
  const { plays, ...rest } = typeof standIn === 'string' ? parseStandIn(standIn) : standIn;
  if (typeof plays !== 'object') return { ...rest, plays };
  return { ...rest, plays: { firmware: await firmwareAt(plays.firmwarePath) } };
}
