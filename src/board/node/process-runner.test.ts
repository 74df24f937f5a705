import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeRunner, happening, testBoard } from '../../../test/support/boards.ts';
import type { TestBoard } from '../../../test/support/boards.ts';
import { ProgramOnPort, boardInfoText } from '../index.ts';
import type { BoardEvent, Runner } from '../index.ts';
import { ProcessPort } from './process-port.ts';
import { ProcessRunner } from './process-runner.ts';
import { processCommand } from './process-start.ts';
import { WorkerRunner } from './worker-runner.ts';
import { processScript } from './worker-scripts.ts';

let folder = '';
let server: Server;
let visitors = 0;
const boards: TestBoard[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-out-'));
  visitors = 0;
  server = createServer(() => (visitors += 1));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterEach(async () => {
  await Promise.all(boards.splice(0).map(({ board }) => board.close()));
  rmSync(folder, { recursive: true });
  await new Promise((closed) => server.close(closed));
});

const portNumber = (): number => (server.address() as AddressInfo).port;

/** What that firmware says first: a line, or a fault. */
async function saidBy(source: string, runner: Runner): Promise<string> {
  const made = testBoard(runner);
  boards.push(made);
  made.install(0, 1, source);
  const fits = ({ type }: BoardEvent): boolean => type === 'console' || type === 'fault';
  const said = happening(made.board, fits);
  made.board.powerOn();
  const event = await said;
  if (event.type === 'console') return event.text;
  return event.type === 'fault' ? event.message : '';
}

/** What an attacker does who has Node's global object: tells what he got, joined. */
const spoils = `
  const got = [];
  const tries = (name, attempt) => { try { const it = attempt(); if (it) got.push(name); } catch {} };
  tries('process', () => globalThis.process);
  tries('environment', () => Object.keys(process.env).length > 0);
  tries('file', () => { process.binding('fs').open; return true; });`;

/** Ways out of the context of \`node:vm\`; \`out\` is a function of the world outside, if it is one. */
const waysOut: readonly (readonly [string, string])[] = [
  [
    'the error of a dynamic import',
    `let out; try { await import('node:fs'); } catch (error) { out = error.constructor.constructor; }`,
  ],
  [
    'the promise of a dynamic import, in disguise',
    `const promise = import /* no ( here */
      ('node:fs'); promise.catch(() => {}); const out = promise.constructor.constructor;`,
  ],
  [
    'a dynamic import in a text',
    `let out; try { await eval("im" + "port('node:fs')"); }
     catch (error) { out = error.constructor.constructor; }`,
  ],
  [
    'a function made of a text with a dynamic import',
    `let out; try { await new Function("return im" + "port('node:fs')")(); }
     catch (error) { out = error.constructor.constructor; }`,
  ],
  [
    'the error of a stack that overflows outside',
    `let out = Function;
     const dive = (left) => { try { dive(left); } catch (error) {
       if (!(error instanceof RangeError)) out = error.constructor.constructor;
       board.console.print('');
       throw error;
     } };
     try { dive(0); } catch (error) { if (!(error instanceof Error)) out = error.constructor.constructor; }`,
  ],
];

describe('a firmware that wants out', () => {
  test.each(waysOut)('by %s does not get there', async (_, way) => {
    const source = `export const main = async (board) => {
      ${way}
      let said = 'in';
      try { out(\`${spoils} ; globalThis.said = got.join(); \`)(); said = 'out'; } catch {}
      try { said = out('return process')().pid ? 'out' : said; } catch {}
      board.console.print('here: ' + said);
    };`;
    const said = await saidBy(source, new ProcessRunner());
    const lines = boards[0]?.events.flatMap((event) =>
      event.type === 'console' ? [event.text] : [],
    );
    expect(said).not.toContain('out of');
    expect(lines).not.toContain('here: out');
  });

  test.each([
    ['a process', new ProcessRunner()],
    ['a worker', new WorkerRunner()],
  ])('is not started in %s with a dynamic import in it', async (_, runner) => {
    const said = await saidBy(`export const main = () => {};\n\nvoid import('x');`, runner);
    expect(said).toContain('crash: a firmware cannot import while it runs (line 3): bundle it');
  });

  test.each([
    'import /**/ . /**/ source("x")',
    'import // a\n . // b\n defer("x")',
    'import//a\n("x")',
  ])('is not started with a dynamic import written as %j', async (words) => {
    const said = await saidBy(`export const main = () => {}; void ${words};`, new ProcessRunner());
    expect(said).toContain('a firmware cannot import while it runs (line 1)');
  });

  test('is looked through in no time, whatever is written behind the word', async () => {
    const source = `export const main = ({ console }) => console.print('up');
      // import${'//'.repeat(2000)}\n;`;
    expect(await saidBy(source, new ProcessRunner())).toBe('up');
  });

  test('may have a method and texts that look like one', async () => {
    const source = `export const main = ({ console }) => console.print('important ' + 'imports');`;
    expect(await saidBy(source, new ProcessRunner())).toBe('important imports');
  });

  test('makes no programs of texts', async () => {
    const source = `export const main = ({ console }) => {
      try { eval('1'); } catch (error) { console.print(error.name); }
    };`;
    expect(await saidBy(source, new ProcessRunner())).toBe('EvalError');
  });
});

describe('with all of Node in its hands', () => {
  /** Runs that in the process outside of the firmware's context, after it was bared; resolves with what it found. */
  async function outside(attack: string): Promise<string> {
    const script = `
      const tell = (words) => {
        const head = Buffer.from('!' + JSON.stringify([words, '']));
        const lengths = Buffer.alloc(8);
        lengths.writeUInt32LE(head.length, 0);
        lengths.writeUInt32LE(0xffffffff, 4);
        grabbed.fs.writeSync(1, Buffer.concat([lengths, head]));
        grabbed.exit(0);
      };
      const grabbed = {
        fs: require('fs'), net: require('net'), dgram: require('dgram'), http: require('http'), dns: require('dns'),
        child: require('child_process'), workers: require('worker_threads'), vm: require('vm'), v8: require('v8'),
        process, exit: process.exit, fetch: globalThis.fetch, later: setTimeout, environment: process.env,
      };
      setTimeout(async () => {
        const got = [];
        try { await (async () => { ${attack} })(); } catch (error) { got.push('!' + (error.code ?? error.message)); }
        tell(got.join(' ') || 'nothing');
      }, 200);
      ${processScript}`;
    const source = 'export const main = () => {};';
    const info = '{"flash":{},"noInitRam":{},"image":{},"sensors":[]}';
    const port = new ProcessPort({ source, info }, { heapMb: 32, buffersMb: 32 }, script);
    try {
      return await new Promise((resolve) => port.onEnd(resolve));
    } finally {
      await port.terminate();
    }
  }

  test('it writes no file, and reads none', async () => {
    const path = join(folder, 'out');
    const said = await outside(`
      for (const [name, attempt] of Object.entries({
        write: () => grabbed.fs.writeFileSync(${JSON.stringify(path)}, 'x'),
        read: () => grabbed.fs.readFileSync('/proc/self/environ'),
        shell: () => { const { error } = grabbed.child.spawnSync('id'); if (error) throw error; },
        thread: () => new grabbed.workers.Worker('1', { eval: true }),
        binding: () => grabbed.process.binding('fs'),
        native: () => grabbed.process.dlopen({ exports: {} }, '/x.node'),
        kill: () => grabbed.process.kill(grabbed.process.ppid, 0),
        debug: () => grabbed.process._debugProcess(grabbed.process.ppid),
        code: () => grabbed.vm.constructor.constructor('return 1')(),
        flags: () => grabbed.v8.setFlagsFromString('--allow-natives-syntax'),
      })) { try { attempt(); got.push(name); } catch {} }`);
    expect(said).toBe('nothing');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('it has no environment', async () => {
    expect(process.env['PATH']).toBeDefined();
    expect(await outside(`got.push(JSON.stringify(grabbed.environment));`)).toBe('{}');
  });

  test('it opens no socket', async () => {
    const port = portNumber();
    const said = await outside(`
      const soon = (start) => new Promise((done) => {
        grabbed.later(() => done(false), 300);
        try { start(done); } catch { done(false); }
      });
      const tries = {
        connect: (done) => grabbed.net.connect(${port}, '127.0.0.1', () => done(true)).on('error', () => done(false)),
        socket: (done) => new grabbed.net.Socket().connect(${port}, '127.0.0.1', () => done(true)),
        listen: (done) => new grabbed.net.Server().listen(0, () => done(true)),
        udp: (done) => grabbed.dgram.createSocket('udp4').bind(0, () => done(true)),
        http: (done) => grabbed.http.get('http://127.0.0.1:${port}/').on('error', () => done(false)).on('socket', (s) => s.on('connect', () => done(true))),
        fetch: (done) => grabbed.fetch('http://127.0.0.1:${port}/').then(() => done(true), () => done(false)),
        name: (done) => grabbed.dns.lookup('localhost', (error) => done(!error)),
      };
      for (const [name, start] of Object.entries(tries)) if (await soon(start)) got.push(name);`);
    expect(said).toBe('nothing');
    expect(visitors).toBe(0);
  });
});

describe('with its pipe in its hands', () => {
  /** A program that was never ours: it says to the board what it likes, as fast as it can. */
  const forger = (says: string): string => `
    const fs = require('fs');
    const frame = (head, length) => {
      const text = Buffer.from(typeof head === 'string' ? head : JSON.stringify(head));
      const lengths = Buffer.alloc(8);
      lengths.writeUInt32LE(text.length, 0);
      lengths.writeUInt32LE(length ?? 0xffffffff, 4);
      return Buffer.concat([lengths, text]);
    };
    const put = (bytes) => {
      for (let done = 0; done < bytes.length;) {
        try { done += fs.writeSync(1, bytes, done); } catch (error) { if (error.code !== 'EAGAIN') process.exit(1); }
      }
    };
    const calls = (name, ...args) => Buffer.concat(
      Array.from({ length: 500 }, (_, id) => frame({ type: 'call', id, name, args })));
    put(frame({ type: 'fed' }));
    ${says}`;

  /** The board's end of such a program: what its own process came to while that went on. */
  async function against(says: string): Promise<{ readonly fault: string; readonly most: number }> {
    const fake = new FakeRunner();
    const made = testBoard(fake);
    boards.push(made);
    made.install(0, 1, 'export const main = () => {};');
    const started = happening(made.board, ({ type }) => type === 'boot');
    made.board.powerOn();
    await started;
    const { board } = fake;
    const info = boardInfoText(board);
    const limits = { heapMb: 32, buffersMb: 32 };
    const port = new ProcessPort({ source: '', info }, limits, forger(says));
    let most = 0;
    const post = port.post.bind(port);
    port.post = (message) => {
      post(message);
      most = Math.max(most, port.unreadBytes);
    };
    const failed = happening(made.board, ({ type }) => type === 'fault');
    const program = new ProgramOnPort(board, port);
    const event = await failed;
    await program.stop();
    return { fault: event.type === 'fault' ? event.message : '', most };
  }

  test.each([
    ['asks and reads no answer', `for (const all = calls('flashRead', 0, 65536);;) put(all);`],
    ['erases all day', `for (const all = calls('flashErase', 0, 1048576);;) put(all);`],
    ['forges a frame of 4 GiB', `put(frame('', 0xfffffffe));`],
    ['forges a head of 16 MiB', `put(frame('x'.repeat(1 << 24)));`],
    ['sends no JSON', `put(frame('{'));`],
    ['sends what is nested', `put(frame('['.repeat(200000)));`],
    [
      'says what nobody asked',
      `put(frame({ type: 'call', id: 1, name: '__proto__' })); process.exit(0);`,
    ],
    [
      'ends, and goes on',
      `put(frame('!["over",""]')); put(frame({ type: 'print' })); process.exit(0);`,
    ],
  ])('one that %s is ended, and fills no memory', async (_, says) => {
    const { fault, most } = await against(says);
    expect(fault).toMatch(/^crash: /);
    expect(most).toBeLessThan(0x80_0000);
  });
});

describe('its memory', () => {
  test('outside of the heap is limited', { skip: process.platform !== 'linux' }, async () => {
    const source = `export const main = ({ console }) => {
      const all = [];
      for (let mib = 0; mib < 4096; mib += 16) {
        all.push(new Uint8Array(16 << 20).fill(1));
      }
      console.print('4 GiB');
    };`;
    expect(await saidBy(source, new ProcessRunner())).toMatch(
      /crash: .*(?:memory|allocation|force)/i,
    );
  });
});

describe('the process', () => {
  test('does not outlive who started it', { skip: process.platform === 'win32' }, async () => {
    const script = `
      import { spawn } from 'node:child_process';
      const { file, args } = JSON.parse(process.argv[1]);
      const child = spawn(file, args, { env: {}, stdio: ['pipe', 'ignore', 'ignore', 'pipe'], detached: true });
      child.once('spawn', () => process.stdout.write(String(child.pid)));
      setInterval(() => {}, 1000);`;
    const { file, args } = processCommand('for (;;);', { heapMb: 32, buffersMb: 32 });
    const parent = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      script,
      JSON.stringify({ file, args }),
    ]);
    const pid = await new Promise<number>((told) => {
      parent.stdout.once('data', (text: Buffer) => told(Number(text.toString())));
    });
    process.kill(pid, 0);
    parent.kill('SIGKILL');
    // A test that waits in vain times out.
    for (let alive = true; alive;) {
      await new Promise((turn) => setImmediate(turn));
      try {
        process.kill(pid, 0);
      } catch {
        alive = false;
      }
    }
    expect(pid).toBeGreaterThan(0);
  });

  const statusOf = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/status`, 'latin1');
    } catch {
      return '';
    }
  };
  const children = (): string[] =>
    readdirSync('/proc').filter((pid) =>
      new RegExp(`^PPid:\\t${process.pid}$`, 'm').test(statusOf(pid)),
    );

  const noProc = !existsSync('/proc/self/status');

  test('is gone at the end, in the middle of whatever it does', { skip: noProc }, async () => {
    const before = new Set(children());
    const source = `export const main = ({ console }) => { console.print('up'); for (;;); };`;
    expect(await saidBy(source, new ProcessRunner())).toBe('up');
    const made = children().filter((pid) => !before.has(pid));
    expect(made).toHaveLength(1);
    await boards[0]?.board.close();
    expect(made.map((pid) => statusOf(pid))).toEqual(['']);
  });

  test('belongs to nobody if root has started it', { skip: process.getuid?.() !== 0 }, async () => {
    const before = new Set(children());
    await saidBy(`export const main = ({ console }) => console.print('up');`, new ProcessRunner());
    const made = children().find((pid) => !before.has(pid)) ?? '';
    expect(statusOf(made)).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
    expect(statusOf(made)).toMatch(/^Groups:\t\s*$/m);
  });
});
