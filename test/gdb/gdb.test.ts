import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BoardProcess, dfukit, prepareBuild } from '../support/built-cli.ts';
import { need } from '../support/needs.ts';
import { Gdb, missingGdb } from './gdb.ts';

const fixtures = resolve(import.meta.dirname, '../fixtures/machine');
const folder = mkdtempSync(join(tmpdir(), 'dfukit-gdb-'));

const rigs = [
  { board: 'rpi_pico', chip: 'rp2040', ram: 0x2000_2000 },
  { board: 'stm32f072b_disco', chip: 'stm32f0', ram: 0x2000_2000 },
] as const;

let board: BoardProcess | undefined;
let gdb: Gdb | undefined;
let port = 0;

/** A board with the DFU fixture in its flash, and where a debugger finds it. */
async function start(rig: (typeof rigs)[number], ...options: string[]): Promise<BoardProcess> {
  const flash = join(folder, `${rig.chip}.bin`);
  const image = join(fixtures, rig.chip, 'built/dfu.bin');
  rmSync(flash, { force: true });
  const programmed = await dfukit('board', 'program', rig.board, image, '--flash', flash);
  expect([programmed.status, programmed.err]).toEqual([0, '']);
  const at = ['--flash', flash, '--gdb', '127.0.0.1:0', '--usbip', '127.0.0.1:0'];
  board = new BoardProcess(rig.board, ...at, ...options);
  const ready = await board.until({ event: 'ready' });
  port = (ready['gdb'] as { readonly port: number }).port;
  return board;
}

function attach({ chip }: (typeof rigs)[number]): Promise<string> {
  gdb = new Gdb(join(fixtures, chip, 'built/dfu.elf'));
  return gdb.run(`target remote 127.0.0.1:${port}`);
}

beforeAll(() => prepareBuild());
afterEach(async () => {
  await gdb?.kill();
  gdb = undefined;
  board?.kill('SIGKILL');
  await board?.ended;
  board = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(rigs)('gdb at a $board', (rig) => {
  test('looks around, stops where it is told, goes on and lets go', async (context) => {
    need(context, missingGdb());
    const running = await start(rig);
    await running.until({ event: 'usb', state: 'attached' });
    expect(await attach(rig)).toMatch(/0x[0-9a-f]+ in |Program received signal/);
    const { run } = bound(gdb);
    const registers = await run('info registers');
    for (const name of ['r0', 'sp', 'pc', 'xpsr', 'msp', 'psp', 'primask', 'control']) {
      expect(registers).toMatch(new RegExp(`^${name} +0x[0-9a-f]+ `, 'm'));
    }
    await run('monitor reset halt');
    expect(await run('break main')).toContain('Breakpoint 1 at');
    expect(await run('continue')).toMatch(/Breakpoint 1, .*main/);
    const before = await run('print $pc');
    expect(await run('stepi')).toMatch(/0x[0-9a-f]+ in /);
    expect(await run('print $pc')).not.toBe(before);
    expect(await run('break put')).toContain('Breakpoint 2 at');
    expect(await run('continue')).toMatch(/Breakpoint 2, .*put/);
    expect(await run('backtrace')).toMatch(/#0 .*put[^]*#1 .*main/);
    await run('delete');
    expect(await run('finish')).toMatch(/Run till exit[^]*main/);
    const [ram] = [`0x${rig.ram.toString(16)}`];
    await run(`set {int}${ram} = 0x12345678`);
    expect(await run(`x/4wx ${ram}`)).toContain('0x12345678');
    await run('set var $r7 = 42');
    expect(await run('print $r7')).toContain('= 42');
    expect(await run('monitor help')).toContain('reset [halt]');
    expect(await run('detach')).toContain('detached');
    await running.until({ event: 'console' });
  });

  test('is stopped by Ctrl-C, and a board that is reset meanwhile goes on', async (context) => {
    need(context, missingGdb());
    const running = await start(rig);
    await attach(rig);
    const debug = gdb as Gdb;
    await debug.run('continue &');
    await running.command({ command: 'reset' });
    await running.until({ event: 'usb', state: 'attached' });
    debug.begin('interrupt');
    await debug.until('SIGINT');
    expect(await debug.run('print $pc')).toContain('= ');
    await debug.run('continue &');
    await running.command({ command: 'power-off' });
    expect(await debug.until('SIGPWR')).toContain('the board has lost its power');
    expect(await debug.run('print $pc')).toContain(' 0x0');
    expect(await debug.run('x/wx 0x20000000')).toContain('Cannot access memory');
    await running.command({ command: 'power-on' });
    expect(await debug.run('stepi')).not.toContain('rror');
  });

  test('can be there from the first instruction on', async (context) => {
    need(context, missingGdb());
    await start(rig, '--gdb-wait');
    await attach(rig);
    const debug = gdb as Gdb;
    await debug.run('break main');
    expect(await debug.run('continue')).toMatch(/Breakpoint 1, .*main/);
  });

  test('loads its program', async (context) => {
    need(context, missingGdb());
    await start(rig);
    await attach(rig);
    const debug = gdb as Gdb;
    expect(await debug.run('load')).toContain('Transfer rate');
    expect(await debug.run('compare-sections')).toContain('Section .text');
    await debug.run('monitor reset halt');
    await debug.run('break main');
    expect(await debug.run('continue')).toMatch(/Breakpoint 1, .*main/);
  });
});

/** Commands without their `this`. */
function bound(debug: Gdb | undefined): { readonly run: (command: string) => Promise<string> } {
  if (debug === undefined) throw new Error('no gdb');
  return { run: (command) => debug.run(command) };
}

describe('who is no gdb', () => {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const each of sockets.splice(0)) each.destroy();
  });

  /** All that comes until the other end hangs up. */
  function talk(text: string, enough = ''): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    let said = '';
    socket.on('error', () => {});
    socket.write(text, 'latin1');
    return new Promise((done) => {
      socket.on('close', () => done(said));
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        said += chunk;
        if (enough !== '' && said.includes(enough)) done(said);
      });
    });
  }

  test('is hung up on, and the board runs on', async () => {
    const [rig] = rigs;
    const running = await start(rig, '--verbose');
    expect(await talk('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n$k#6b')).toBe('');
    expect(await talk(`$${'a'.repeat(100_000)}`)).toBe('');
    expect(await talk('$?#3f'.repeat(500))).toContain('+');
    expect(await talk('\u0003'.repeat(500))).toBe('');
    // One leaves in the middle of a packet, another one comes.
    const leaving = talk('$m2000');
    sockets.at(-1)?.end();
    await leaving;
    expect(await talk('$zz#00$?#3f', '$T')).toMatch(/^-\+\$T02thread:1;#/);
    // A second one beside it.
    expect(await talk('$?#3f')).toBe('');
    sockets.at(-2)?.destroy();
    await running.command({ command: 'reset' });
    await running.until({ event: 'usb', state: 'attached' });
  });
});
