import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { DfuError } from '../../bytes/index.ts';
import type { GdbBoard, GdbStub } from '../index.ts';

/** How a {@link GdbServer} is set up. */
interface GdbServerOptions {
  readonly stub: GdbStub;
  readonly board: GdbBoard;
  /** Default 127.0.0.1: the protocol knows no password. */
  readonly host?: string | undefined;
  /** 0 takes a free one. */
  readonly port: number;
  /** Who comes and goes, and what they do wrong. */
  readonly log?: ((line: string) => void) | undefined;
}

/** Most bytes that wait for a debugger which does not read. */
const MOST_UNREAD = 0x10_0000;

/** Most connections at a time: one debugs, the others are turned away. */
const MOST_CONNECTIONS = 16;

/** How long a connection may keep silent before its first byte, in ms. */
const SILENT_MS = 10_000;

/** What a debugger's first byte can be: an acknowledgement, a packet, Ctrl-C. A browser's is another. */
const BEGINNINGS = new Set([0x2b, 0x2d, 0x24, 0x03]);

/** Debuggers by TCP, one at a time. */
export class GdbServer {
  readonly #options: GdbServerOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(options: GdbServerOptions) {
    this.#options = options;
  }

  /** Starts to listen; answers where. Throws `BUSY`, `ACCESS` or `IO`. */
  listen(): Promise<{ readonly host: string; readonly port: number }> {
    const { host = '127.0.0.1', port } = this.#options;
    const server = createServer({ noDelay: true, keepAlive: true }, (each) => this.#accept(each));
    server.maxConnections = MOST_CONNECTIONS;
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        this.#server = undefined;
        reject(listenError(error, `${host}:${port}`));
      });
      server.listen(port, host, () => {
        server.removeAllListeners('error');
        server.on('error', (error) => this.#log(`gdb: listening: ${error.message}`));
        const address = server.address() as AddressInfo;
        resolve({ host: address.address, port: address.port });
      });
    });
  }

  /** Hangs up and stops listening. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const stopped = new Promise<void>((resolve) => {
      if (server === undefined) resolve();
      else server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await stopped;
  }

  #accept(socket: Socket): void {
    const peer = `gdb: ${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // E.g. a reset by the peer: `close` follows.
    socket.on('error', () => {});
    socket.setTimeout(SILENT_MS, () => socket.destroy());
    socket.once('data', (first: Buffer) => this.#begin(socket, first, peer));
  }

  /** It sits down with its first byte: whoever only looks whether the port is open stops nothing. */
  #begin(socket: Socket, first: Buffer, peer: string): void {
    if (!BEGINNINGS.has(first[0] ?? 0)) {
      this.#log(`${peer}: this is no debugger`);
      socket.destroy();
      return;
    }
    socket.setTimeout(0);
    const { stub, board } = this.#options;
    const fail = (words: string): void => {
      this.#log(`${peer}: ${words}`);
      socket.destroy();
    };
    const send = (bytes: Uint8Array): void => {
      if (socket.destroyed) return;
      socket.write(bytes);
      if (socket.writableLength > MOST_UNREAD) fail('does not read what it is sent');
    };
    const session = stub.connect(board, { send, fail });
    if (session === undefined) {
      fail('turned away: there is a debugger already');
      return;
    }
    this.#log(`${peer}: debugs`);
    socket.on('close', () => {
      session.end();
      this.#log(`${peer}: gone`);
    });
    socket.on('data', (bytes: Buffer) => session.input(bytes));
    session.input(first);
  }

  #log(line: string): void {
    this.#options.log?.(line);
  }
}

function listenError(error: NodeJS.ErrnoException, where: string): DfuError {
  const cause = { cause: error };
  if (error.code === 'EADDRINUSE') {
    const message = `${where} is in use, by another debugger's server perhaps`;
    return new DfuError('BUSY', message, cause);
  }
  if (error.code === 'EACCES') {
    return new DfuError('ACCESS', `may not listen at ${where}: ${error.message}`, cause);
  }
  return new DfuError('IO', `cannot listen at ${where}: ${error.message}`, cause);
}
