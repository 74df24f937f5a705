import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '../../../src/bytes/index.ts';
import type { SetupPacket } from '../../../src/usb/index.ts';
import { ZephyrBench } from './bench.ts';
import type { ZephyrBenchOptions } from './bench.ts';
import { refusingDevice } from './refusing-disk.ts';
import { attempt } from '../replayed.ts';
import type { Replayed } from './recording.ts';

interface TransitionRow {
  readonly state: number;
  readonly request: string;
  readonly setup: SetupPacket;
  readonly dataOutLength: number;
  readonly status: number;
  readonly dataInLength: number | null;
  readonly stateAfter?: number;
  readonly bStatusAfter?: number;
  readonly stateAfterOneMoreGetstatus?: number;
}

interface OversizeCase {
  readonly bytes: number;
  readonly dnloadStatus?: number;
  readonly status1?: string;
  readonly status2?: string;
  readonly block0?: string;
  readonly block1First?: string;
  readonly exit?: number;
}

const PLAIN: ZephyrBenchOptions = { flashBackend: false, bcdDevice: 0x0403 };

/** A device in that state; states 4 and 7 are those that its image refuses to leave. */
async function inState(state: number): Promise<ZephyrBench> {
  const busy = [4, 7, 8].includes(state);
  const instead = (): ReturnType<typeof refusingDevice> => refusingDevice(state !== 8);
  const bench = await ZephyrBench.start(busy ? { ...PLAIN, instead } : PLAIN);
  if (state === 0) return bench;
  if (state === 1) {
    bench.tell(0, 1000);
    return bench;
  }
  bench.enterDfuMode();
  if (state === 10) bench.tell(4);
  if (state === 9) bench.ask(2, 512);
  if (state < 3 || state > 8) return bench;
  bench.tell(1, 0, new Uint8Array(512).fill(0x45));
  const polls: Readonly<Record<number, number>> = { 3: 0, 4: 1, 5: 1, 6: 1, 7: 3, 8: 3 };
  for (let poll = polls[state] ?? 0; poll > 0; poll -= 1) bench.ask(3, 6);
  if (state < 6) return bench;
  bench.tell(1, 1);
  if (state >= 7) bench.ask(3, 6);
  if (state === 8) bench.ask(5, 1);
  return bench;
}

async function replayTransition(row: TransitionRow): Promise<string[]> {
  const bench = await inState(row.state);
  // In the recordings the row before this one had left block 1 behind.
  if (row.request === 'UPLOAD512 next' && (row.state === 2 || row.state === 8)) {
    bench.tell(1, 1, new Uint8Array(512));
    bench.goIdle();
  }
  const seen = bench.transfer(row.setup, new Uint8Array(row.dataOutLength));
  const found: Record<string, unknown> = { status: seen.end === 'ok' ? 0 : -32 };
  if (row.dataInLength !== null && seen.end === 'ok') found['dataInLength'] = seen.bytes.length;
  found['stateAfter'] = bench.state;
  found['bStatusAfter'] = bench.ask(3, 6)[0];
  if (row.state === 0 || row.state === 1) bench.ask(3, 6);
  found['stateAfterOneMoreGetstatus'] = bench.state;
  return Object.entries(found).flatMap(([name, value]) => {
    const expected = (row as unknown as Record<string, unknown>)[name];
    if (expected === undefined || expected === value) return [];
    return [`${name}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(value)}`];
  });
}

/** The files that are tables, by name. */
export const TABLES: Readonly<Record<string, (folder: string) => Promise<Replayed[]>>> = {
  transitions: replayTransitions,
  'download-oversize-sizes': replayOversizes,
};

/** `transitions.json`: every request in every state. */
async function replayTransitions(folder: string): Promise<Replayed[]> {
  const text = readFileSync(join(folder, 'transitions.json'), 'utf8');
  const { rows } = JSON.parse(text) as { readonly rows: readonly TransitionRow[] };
  const replayed: Replayed[] = [];
  for (const row of rows) {
    const name = `transitions: ${row.request} in ${row.state}`;
    replayed.push({ ...(await attempt(name, () => replayTransition(row))), withheld: 0 });
  }
  return replayed;
}

async function replayOversize(each: OversizeCase): Promise<string[]> {
  const bench = await inState(2);
  const seen = bench.tell(1, 0, new Uint8Array(each.bytes).fill(each.bytes));
  const found: Record<string, unknown> = { dnloadStatus: seen.end === 'ok' ? 0 : -32 };
  if (each.dnloadStatus === 0) {
    found['status1'] = toHex(bench.ask(3, 6));
    found['status2'] = toHex(bench.ask(3, 6));
    bench.tell(6);
    const first = bench.ask(2, 512);
    found['block0'] = `${first.length} bytes, first ${toHex(first.subarray(0, 2))}`;
    const upload = { bmRequestType: 0xa1, bRequest: 2, wValue: 1, wIndex: 0, wLength: 512 };
    const second = bench.transfer(upload);
    found['block1First'] = second.end === 'ok' ? toHex(second.bytes.subarray(0, 2)) : second.end;
  } else {
    if (bench.state !== 2) found['state'] = bench.state;
    // Where the recording ends with the process, the answer is a stall, and a word to the link.
    const getStatus = { bmRequestType: 0xa1, bRequest: 3, wValue: 0, wIndex: 0, wLength: 6 };
    const next = bench.transfer(getStatus);
    if (each.exit !== 0 && next.end !== 'stall') found['next'] = next.end;
  }
  return Object.entries(found).flatMap(([name, value]) => {
    const expected = (each as unknown as Record<string, unknown>)[name];
    if (expected === value || (each.dnloadStatus === undefined && name === 'dnloadStatus'))
      return [];
    return [`${name}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(value)}`];
  });
}

/** `download-oversize-sizes.json`: blocks that are too long. */
async function replayOversizes(folder: string): Promise<Replayed[]> {
  const text = readFileSync(join(folder, 'download-oversize-sizes.json'), 'utf8');
  const { cases } = JSON.parse(text) as { readonly cases: readonly OversizeCase[] };
  const replayed: Replayed[] = [];
  for (const each of cases) {
    const name = `download-oversize-sizes: ${each.bytes} bytes`;
    replayed.push({ ...(await attempt(name, () => replayOversize(each))), withheld: 0 });
  }
  return replayed;
}
