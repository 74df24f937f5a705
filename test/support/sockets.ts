import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Lets sockets have their turn until it is so; the test's own time limit ends it otherwise. */
export async function until(so: () => boolean): Promise<void> {
  while (!so()) await new Promise((resolve) => setImmediate(resolve));
}

/** A peer that says whatever a test wants, byte by byte. */
export class RawPeer {
  readonly socket: Socket;
  received: Uint8Array = new Uint8Array(0);
  receivedBytes = 0;
  closed = false;
  /** Whether `received` keeps what comes; switched off for floods. */
  keep = true;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.receivedBytes += chunk.length;
      if (this.keep) this.received = new Uint8Array(Buffer.concat([this.received, chunk]));
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
  }

  static async connect(port: number): Promise<RawPeer> {
    const peer = new RawPeer(connect({ port, host: '127.0.0.1', noDelay: true }));
    await until(() => !peer.socket.connecting || peer.closed);
    return peer;
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next `count` bytes that came, waited for. */
  async take(count: number): Promise<Uint8Array> {
    await until(() => this.received.length >= count || this.closed);
    const taken = this.received.slice(0, count);
    this.received = this.received.slice(count);
    if (taken.length < count) throw new Error(`the peer closed after ${taken.length} bytes`);
    return taken;
  }

  /** Waits for the other side to close; answers what it had said before. */
  async end(): Promise<Uint8Array> {
    await until(() => this.closed);
    return this.received;
  }
}

/** A server that says whatever a test wants to whoever comes. */
export async function rawServer(
  greet: (peer: RawPeer) => void,
): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer({ noDelay: true }, (socket) => greet(new RawPeer(socket)));
  server.listen(0, '127.0.0.1');
  await until(() => server.listening);
  return { port: (server.address() as AddressInfo).port, server };
}
