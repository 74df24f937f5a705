import { describe, expect, test } from 'vitest';
import { FlowBench, riotImage } from '../../test/support/flow-bench.ts';
import { VirtualClock } from '../usb/index.ts';
import { FlowLog } from './flow-log.ts';

const serial = '5AC3F00D77';

/** All that a flow logs of an update. */
async function logged(maskSerials: boolean): Promise<string> {
  const bench = new FlowBench();
  const slots = [riotImage(0, 1)];
  await bench.board('particle-xenon', { slots, plays: 'dfu-runtime', serial });
  const flow = await bench.connected({ alternate: 1, maskSerials });
  await bench.done(flow.chooseFile('next.bin', riotImage(1, 2)));
  await bench.done(flow.flash());
  return flow.log();
}

describe('the log', () => {
  test('has everything that happened, with times', async () => {
    const log = await logged(false);
    const lines = log.split('\n');
    expect(lines.at(-1)).toBe('');
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/^ {0,8}\d+\.\d{3} {2}\S| {4}/);
    for (const part of [
      `connected: particle-xenon [1209:7d00], run-time mode, product "particle-xenon", serial "${serial}", version 0.01`,
      'chosen: next.bin, 1101 bytes',
      'format (plain): Firmware image for riotboot',
      'selected: Found Runtime: [1209:7d00]',
      'returned after ',
      'ready: blocks of 64 bytes',
      'download: 0 of 1101 bytes',
      'download: 1101 of 1101 bytes',
      'downloaded: 1101 bytes in 18 blocks, written',
      'application: "particle-xenon" 0002 after ',
      'ended, written: Done: ',
    ]) {
      expect(log).toContain(part);
    }
    // Of eighteen blocks a part.
    expect(lines.filter((line) => line.includes(' of 1101 bytes')).length).toBeLessThan(13);
  });

  test('keeps serial numbers to itself', async () => {
    const log = await logged(true);
    expect(log).not.toContain(serial);
    expect(log).toContain(`serial "${'X'.repeat(serial.length)}"`);
    expect(await logged(false)).toContain(serial);
  });

  test('has an end, and shows nothing that moves a cursor', () => {
    const log = new FlowLog(new VirtualClock(), false);
    for (let at = 0; at < 5000; at += 1) log.add(`line ${at}`);
    log.add(`long ${'x'.repeat(5000)}\u001b[2J\nsecond`);
    const lines = log.text().split('\n');
    expect(lines).toHaveLength(2002);
    expect(lines[1]).toMatch(/line 0$/);
    expect(lines[100]).toBe('           … 3003 lines left out');
    expect(lines.at(-4)).toMatch(/line 4999$/);
    expect(lines.at(-3)?.length).toBeLessThan(520);
    expect(lines.at(-2)).toMatch(/second$/);
    log.add('\u001b[2J\u202e');
    expect(log.text()).toContain('  ?[2J?');
  });

  test('has each event in a line', () => {
    const log = new FlowLog(new VirtualClock(), false);
    const nameless = { serial: undefined, product: undefined };
    const application = { idVendor: 1, idProduct: 2, bcdDevice: 0x0102, afterMs: 7, ...nameless };
    log.event({ type: 'waiting' });
    log.event({ type: 'leaving', accepted: true, reset: undefined });
    log.event({ type: 'note', message: 'odd' });
    log.event({ type: 'application', outcome: 'unconfirmed', application: undefined });
    log.event({ type: 'application', outcome: 'written', application });
    log.event({ type: 'progress', operation: 'upload', doneBytes: 5, totalBytes: undefined });
    expect(
      log
        .text()
        .split('\n')
        .slice(1)
        .map((line) => line.slice(11)),
    ).toEqual([
      'waiting',
      'leaving',
      'note: odd',
      'application: none has come, unconfirmed',
      'application: "" 0102 after 7 ms, written',
      'upload: 5 of ? bytes',
      '',
    ]);
  });
});
