/**
 * Takes from a process what Node's permission model leaves in it: sockets, names, signals, flags of V8, and the ways to
 * Node's modules. It is the second wall around a firmware that has found a way out of its context; the first is that
 * context, the third the permissions and limits that the process was started with.
 *
 * @module
 */
import dgram from 'node:dgram';
import dns from 'node:dns';
import net from 'node:net';
import v8 from 'node:v8';
import { LANGUAGE_NAMES } from '../index.ts';

type Holder = Readonly<Record<string, unknown>>;

function denied(): never {
  throw new Error('a firmware has no such thing');
}

/** In the place of every function of it, and for good. */
function deny(holder: object, names: readonly string[] = Object.getOwnPropertyNames(holder)): void {
  for (const name of names) {
    const own = Object.getOwnPropertyDescriptor(holder, name);
    if (own?.configurable === false && own.writable !== true) continue;
    if (own !== undefined && typeof own.value !== 'function') continue;
    try {
      Object.defineProperty(holder, name, { value: denied, writable: false, configurable: false });
    } catch {
      // A name that Node itself has nailed down.
    }
  }
}

/** The handles of Node's sockets, which do the work whatever stands in front of them. */
function socketHandles(): object[] {
  const handles: object[] = [];
  const { _createServerHandle: createHandle } = net as unknown as {
    readonly _createServerHandle?: (address: string, port: number) => object | number;
  };
  attempt(() => {
    const tcp = createHandle?.('127.0.0.1', 0);
    if (typeof tcp === 'object') handles.push(tcp);
  });
  attempt(() => {
    const udp = dgram.createSocket('udp4');
    for (const symbol of Object.getOwnPropertySymbols(udp)) {
      const state = (udp as unknown as Record<symbol, unknown>)[symbol];
      const { handle } = (typeof state === 'object' && state !== null ? state : {}) as Holder;
      if (typeof handle === 'object' && handle !== null) handles.push(handle);
    }
  });
  return handles;
}

/** Where Node itself gives out no sockets, there is none to take the work from. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // Refused already.
  }
}

const SOCKET_WORK = ['bind', 'bind6', 'connect', 'connect6', 'listen', 'open', 'send', 'send6'];

function denySockets(stdin: object): void {
  const { _handle: pipe } = stdin as { readonly _handle?: unknown };
  const handles = socketHandles();
  if (typeof pipe === 'object' && pipe !== null) handles.push(pipe);
  for (const handle of handles) {
    deny(Object.getPrototypeOf(handle) as object, [...SOCKET_WORK, 'fchmod']);
    const { close } = handle as { readonly close?: () => void };
    if (handle !== pipe && typeof close === 'function') close.call(handle);
  }
  deny(net.Socket.prototype, ['connect']);
  deny(net.Server.prototype, ['listen']);
  deny(dgram.Socket.prototype, ['bind', 'connect', 'send', 'addMembership']);
  deny(net, ['connect', 'createConnection', 'createServer', '_createServerHandle']);
  deny(dgram, ['createSocket', '_createSocketHandle']);
  deny(dns);
  deny(dns.promises);
  deny(dns.Resolver.prototype);
  deny(dns.promises.Resolver.prototype);
}

/** What a process can do to others, and to itself. */
const PROCESS_WORK =
  `binding _linkedBinding dlopen getBuiltinModule loadEnvFile openStdin kill _kill _debugProcess _debugEnd chdir
  umask initgroups execve setgroups setegid seteuid setgid setuid setSourceMapsEnabled
  _startProfilerIdleNotifier _stopProfilerIdleNotifier _getActiveHandles`.split(/\s+/);

/** Bares this process. `stdin` is the pipe that it goes on reading. */
export function bareProcess(stdin: object): void {
  denySockets(stdin);
  deny(v8);
  deny(process, PROCESS_WORK);
  for (const name of Object.keys(process.env)) delete process.env[name];
  const { mainModule } = process as unknown as { mainModule?: { constructor: object } | undefined };
  if (mainModule !== undefined) deny(mainModule.constructor, ['_load', '_resolveFilename']);
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    // Not looked at before: Node loads some of them when they are.
    if (!LANGUAGE_NAMES.has(name) && name !== 'Buffer') Reflect.deleteProperty(globalThis, name);
  }
}
