import { fromHex, toHex } from '../../bytes/index.ts';
import type { DebugSeat } from './debug-seat.ts';
import { MOST_PACKET_BYTES, numberOfHex, payloadBytes } from './remote-packets.ts';

/** Most bytes whose hex digits fit into a packet. */
const MOST_BYTES = MOST_PACKET_BYTES / 2;

const ADDRESSES = 0x1_0000_0000;

/** Where a packet reads or writes: `addr,length`. */
interface Place {
  readonly address: number;
  readonly lengthBytes: number;
}

/** Reads `addr,length` in hex; undefined for anything else, and for what goes beyond the addresses there are. */
export function placeOf(text: string): Place | undefined {
  const [, first = '', second = ''] = /^([0-9a-f]+),([0-9a-f]+)$/i.exec(text) ?? [];
  const [address, lengthBytes] = [numberOfHex(first), numberOfHex(second)];
  if (address === undefined || lengthBytes === undefined) return undefined;
  return address + lengthBytes > ADDRESSES ? undefined : { address, lengthBytes };
}

/** The packets about memory. */
export class GdbMemory {
  readonly #seat: DebugSeat;

  constructor(seat: DebugSeat) {
    this.#seat = seat;
  }

  /** `m addr,length`: as much as can be read from there. */
  async read(text: string): Promise<string> {
    const place = placeOf(text);
    if (place === undefined) return 'E01';
    if (place.lengthBytes === 0) return '';
    let lengthBytes = Math.min(place.lengthBytes, MOST_BYTES);
    for (; lengthBytes > 0; lengthBytes = Math.floor(lengthBytes / 2)) {
      const bytes = await this.bytes(place.address, lengthBytes);
      if (bytes !== undefined) return toHex(bytes);
      if (this.#seat.stop === undefined) return 'E01';
    }
    return 'E01';
  }

  /** `M addr,length:hex` */
  async writeHex(text: string): Promise<string> {
    const [place, digits] = headAndData(text);
    if (place === undefined || digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return 'E01';
    return this.#write(place, fromHex(digits));
  }

  /** `X addr,length:bytes` */
  async writeBytes(text: string): Promise<string> {
    const [place, data] = headAndData(text);
    return place === undefined ? 'E01' : this.#write(place, payloadBytes(data));
  }

  async bytes(address: number, lengthBytes: number): Promise<Uint8Array | undefined> {
    if (this.#seat.stop === undefined) return undefined;
    const answer = await this.#seat.ask({ type: 'read', address, lengthBytes });
    return answer?.type === 'bytes' ? answer.bytes : undefined;
  }

  async #write({ address, lengthBytes }: Place, bytes: Uint8Array): Promise<string> {
    if (bytes.length !== lengthBytes || this.#seat.stop === undefined) return 'E01';
    // gdb asks so whether X is understood.
    if (lengthBytes === 0) return 'OK';
    const answer = await this.#seat.ask({ type: 'write', address, bytes });
    return answer?.type === 'done' ? 'OK' : 'E01';
  }
}

function headAndData(text: string): readonly [Place | undefined, string] {
  const colon = text.indexOf(':');
  return colon === -1 ? [undefined, ''] : [placeOf(text.slice(0, colon)), text.slice(colon + 1)];
}
