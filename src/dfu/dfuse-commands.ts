import { DfuError, hexNumber, viewOf } from '../bytes/index.ts';

/** First byte of a DFU_DNLOAD with block number 0 (ST AN3156 §5). */
export const DfuSeCommandCode = {
  GET_COMMANDS: 0x00,
  SET_ADDRESS_POINTER: 0x21,
  ERASE: 0x41,
  READ_UNPROTECT: 0x92,
} as const;

/** The first block number that is data: 0 is a command, 1 is reserved. */
export const DFUSE_FIRST_BLOCK = 2;

/** What block 0 asks for. */
export type DfuSeCommand =
  /** From now on blocks count from this address. */
  | { readonly command: 'set-address'; readonly address: number }
  /** Erase the sector that this address lies in. */
  | { readonly command: 'erase'; readonly address: number }
  /** Erase everything. */
  | { readonly command: 'mass-erase' }
  /** Erase everything and make it readable again. */
  | { readonly command: 'read-unprotect' };

/** A command's bytes. Throws `OUT_OF_RANGE` for an address beyond 32 bits. */
export function encodeDfuSeCommand(command: DfuSeCommand): Uint8Array<ArrayBuffer> {
  switch (command.command) {
    case 'set-address':
      return withAddress(DfuSeCommandCode.SET_ADDRESS_POINTER, command.address);
    case 'erase':
      return withAddress(DfuSeCommandCode.ERASE, command.address);
    case 'mass-erase':
      return Uint8Array.of(DfuSeCommandCode.ERASE);
    case 'read-unprotect':
      return Uint8Array.of(DfuSeCommandCode.READ_UNPROTECT);
    default:
      return command satisfies never;
  }
}

function withAddress(code: number, address: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(address) || address < 0 || address > 0xffffffff) {
    throw new DfuError('OUT_OF_RANGE', `address: expected 32 bits, got ${address}`);
  }
  const bytes = Uint8Array.of(code, 0, 0, 0, 0);
  viewOf(bytes).setUint32(1, address, true);
  return bytes;
}

/** What an empty block has for a first byte. */
const NO_CODE = -1;

/** Reads block 0. Throws `MALFORMED` for an unknown command or one of the wrong length. */
export function decodeDfuSeCommand(bytes: Uint8Array): DfuSeCommand {
  const [code = NO_CODE] = bytes;
  const { length } = bytes;
  switch (code) {
    case DfuSeCommandCode.SET_ADDRESS_POINTER:
      if (length === 5) return { command: 'set-address', address: addressIn(bytes) };
      break;
    case DfuSeCommandCode.ERASE:
      if (length === 1) return { command: 'mass-erase' };
      if (length === 5) return { command: 'erase', address: addressIn(bytes) };
      break;
    case DfuSeCommandCode.READ_UNPROTECT:
      if (length === 1) return { command: 'read-unprotect' };
      break;
    default:
  }
  const name = code === NO_CODE ? 'nothing' : hexNumber(code, 2);
  throw new DfuError('MALFORMED', `DfuSe command: got ${name} with ${length} bytes in all`);
}

function addressIn(bytes: Uint8Array): number {
  return viewOf(bytes).getUint32(1, true);
}
