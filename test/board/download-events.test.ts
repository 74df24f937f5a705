import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { boardModel, firmwareImage } from '../../src/board/index.ts';
import type { BoardEvent } from '../../src/board/index.ts';
import { dfukit } from '../../src/cli/dfukit.ts';
import { connect, download } from '../../src/host/index.ts';
import { CliBoard } from '../support/cli-board.ts';
import type { Said } from '../support/cli-board.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';
import { sampleBoard } from '../support/zephyr/sample-board.ts';
import type { SampleBoard } from '../support/zephyr/sample-board.ts';

/* What whoever watches a board hears of downloads, so that no script need guess. */

describe.each(['compatible', 'zephyr'])('Zephyr’s sample with MCUboot, profile %s', (profile) => {
  /** Sends it to that alternate setting; what the board said meanwhile, but for its console. */
  async function heard(
    bench: SampleBoard,
    bytes: Uint8Array,
    alternate = 1,
  ): Promise<BoardEvent[]> {
    const { board, bus, clock, run } = bench;
    const events: BoardEvent[] = [];
    const stop = board.listen((event) => {
      if (event.type !== 'console' && event.type !== 'usb') events.push(event);
    });
    const session = await run(connect(bus, { clock, selection: { alternate } }));
    await run(download(session, bytes)).catch(() => {});
    await run(session.close());
    stop();
    return events;
  }

  test('a whole download, and that the firmware has asked for the upgrade', async () => {
    const bench = await sampleBoard('reel_board', profile);
    const image = await bench.image('an update');
    expect(await heard(bench, image)).toEqual([
      { type: 'download', slot: 1, bytes: image.length },
      { type: 'upgrade', slot: 1, permanent: false },
    ]);
  });

  test('a medium that is no slot has none', async () => {
    const bench = await sampleBoard('reel_board', profile);
    const [event, ...more] = await heard(bench, new Uint8Array(1000), 0);
    expect([event?.type, more]).toEqual(['download', []]);
    expect(event).toMatchObject({ bytes: 1000, slot: undefined });
  });
});

test('a download that is refused: status, why, where to, and how much was taken', async () => {
  const bench = await sampleBoard('reel_board', 'compatible');
  const { board, bus, clock, run } = bench;
  const events: BoardEvent[] = [];
  board.listen((event) => void (event.type === 'refused' && events.push(event)));
  const send = async (bytes: Uint8Array): Promise<void> => {
    const session = await run(connect(bus, { clock, selection: { alternate: 1 } }));
    await run(download(session, bytes)).catch(() => {});
    await run(session.close());
  };
  await send(new Uint8Array(2000).fill(0x5a));
  const words = 'expected an MCUboot image, which begins with 3db8f396, got 5a5a5a5a';
  expect(events.splice(0)).toEqual([
    { type: 'refused', status: 'errFILE', reason: words, slot: 1, bytes: 0 },
  ]);
  const image = await bench.image('an update');
  const forged = image.slice();
  forged[0x210] = 0xff ^ (forged[0x210] ?? 0);
  await send(forged);
  expect(events).toEqual([
    expect.objectContaining({ status: 'errVERIFY', slot: 1, bytes: image.length }),
  ]);
});

describe('dfukit board run particle-xenon --json', () => {
  let folder = '';
  let board: CliBoard;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dfukit-events-'));
    board = await CliBoard.start('particle-xenon');
  });
  afterEach(async () => {
    await board.quit();
    rmSync(folder, { recursive: true });
  });

  const payload = new TextEncoder().encode('export const main = () => {};');

  /** Downloads an image that is linked for one slot into one. */
  async function sent(linkedFor: number, slot: number, ...more: string[]): Promise<number> {
    const model = boardModel('particle-xenon');
    const file = join(folder, 'image.bin');
    writeFileSync(
      file,
      firmwareImage(payload, {
        model,
        bootloader: 'riotboot_dfu',
        slot: linkedFor,
        version: 1,
      }),
    );
    const args = ['download', file, '--bus', board.bus, '-a', String(slot), '-d', ',1209:7d02'];
    return dfukit([...args, ...more], new FakeTerminal());
  }

  const event = (name: string): Said | undefined =>
    board.said.findLast((each) => each['event'] === name);

  test('an image for the other slot', async () => {
    expect(await sent(0, 1)).toBe(79);
    expect(event('refused')).toMatchObject({ status: 'errTARGET', slot: 1, bytes: 0 });
    expect(event('refused')?.['reason']).toMatch(/slot 0/);
    expect(event('download')).toBeUndefined();
  });

  test('a block that is too long: the reason is no second name of the status', async () => {
    // The host makes them smaller, then.
    expect(await sent(0, 0, '-t', '1000')).toBe(0);
    const reason = 'a block of 1000 bytes is unexpected in dfuIDLE';
    const first = board.said.find((each) => each['event'] === 'refused');
    expect(first).toMatchObject({ status: 'errSTALLEDPKT', reason, slot: 0, bytes: 0 });
  });

  test('a power cut that strikes: which operation, of what kind, and where', async () => {
    await board.command({ command: 'power-cut', afterOperations: 2, kind: 'torn' });
    expect(await sent(0, 0)).not.toBe(0);
    await board.until('"on":false');
    const { operations, cut } = event('power') ?? {};
    expect(cut).toMatchObject({ operation: 2, kind: 'torn' });
    const { type, address, bytes } = cut as Record<string, unknown>;
    expect(['program', 'erase']).toContain(type);
    expect(address).toBeGreaterThanOrEqual(0x4000);
    expect(bytes).toBeGreaterThan(0);
    expect(operations).toBeGreaterThanOrEqual(2);
    await board.command({ command: 'power-on' });
    expect(event('boot')).toMatchObject({ mode: 'dfu' });
  });

  test('a sensor that is not there is told by its name', async () => {
    board.write('{"command":"sensor","name":"NOPE","value":1}');
    await board.until('"event":"error"');
    expect(event('error')).toMatchObject({ code: 'NOT_FOUND' });
    expect(event('error')?.['message']).toMatch(/^no sensor "NOPE"; there is: .*NRF_TEMP/);
  });
});
