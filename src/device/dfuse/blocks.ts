import { DfuError } from '../../bytes/index.ts';
import { DFUSE_FIRST_BLOCK, DfuSeCommandCode, decodeDfuSeCommand } from '../../dfu/index.ts';
import type { DfuSeCommand } from '../../dfu/index.ts';
import type { DfuSeAccess } from './access.ts';
import type { DfuSeJobs } from './jobs.ts';
import type { DfuSeProfile } from './profile.ts';
import { DONE, failed } from '../media/medium.ts';
import type { MediumResult } from '../media/medium.ts';

/** What the blocks depend on. */
interface DfuSeBlocksOptions {
  readonly profile: DfuSeProfile;
  /** wTransferSize. */
  readonly transferSize: number;
  readonly initialAddress: number | undefined;
}

/** What the numbers of blocks mean in DfuSe: 0 a command, from 2 on data at the address pointer. */
export class DfuSeBlocks {
  pointer: number;
  /** The alternate setting. */
  selected = 0;
  readonly #memories: readonly DfuSeAccess[];
  readonly #jobs: DfuSeJobs;
  readonly #profile: DfuSeProfile;
  readonly #transferSize: number;
  #block: Uint8Array;

  constructor(memories: readonly DfuSeAccess[], jobs: DfuSeJobs, options: DfuSeBlocksOptions) {
    this.#memories = memories;
    this.#jobs = jobs;
    this.#profile = options.profile;
    this.#transferSize = options.transferSize;
    this.pointer = options.initialAddress ?? memories[0]?.firstAddress ?? 0;
    this.#block = new Uint8Array(options.transferSize);
  }

  /** A DFU_DNLOAD: what it asks for becomes the job that the next DFU_GETSTATUS begins. */
  take(wBlockNum: number, bytes: Uint8Array): MediumResult {
    if (wBlockNum === 0) return this.#takeCommand(bytes);
    if (wBlockNum < DFUSE_FIRST_BLOCK) {
      return failed('errSTALLEDPKT', `block ${wBlockNum} means nothing`);
    }
    const address = this.#addressOf(wBlockNum);
    const access = this.#accessAt(address);
    const answer = access.memory.accept?.(bytes) ?? DONE;
    if (answer.status !== 'OK') return answer;
    if (this.#block.length < bytes.length) this.#block = new Uint8Array(bytes.length);
    this.#block.set(bytes);
    const block = this.#block.subarray(0, bytes.length);
    this.#jobs.prepare('program', () => access.program(address, block));
    return DONE;
  }

  /** The DFU_DNLOAD of length 0. */
  end(): void {
    const { memory } = this.#access();
    this.#jobs.prepare('manifest', () => memory.manifest?.(this.pointer) ?? DONE);
  }

  /** A DFU_UPLOAD, or why there is none. */
  read(wBlockNum: number, wLength: number): Uint8Array | MediumResult {
    if (wBlockNum === 0) return this.#commands(wLength);
    if (wBlockNum < DFUSE_FIRST_BLOCK) {
      return failed('errSTALLEDPKT', `block ${wBlockNum} means nothing`);
    }
    const lengthBytes = Math.min(wLength, this.fullBytes(wBlockNum, wLength));
    const address = this.#addressOf(wBlockNum);
    return this.#accessAt(address).read(address, lengthBytes);
  }

  /** How long a block of an upload is, unless it is the last. The list of commands always is. */
  fullBytes(wBlockNum: number, wLength: number): number {
    if (wBlockNum === 0) return Infinity;
    return this.#profile.readsByTransferSize ? this.#transferSize : wLength;
  }

  #access(): DfuSeAccess {
    const access = this.#memories[this.selected] ?? this.#memories[0];
    if (access === undefined) throw new Error('a DfuSe function without memory');
    return access;
  }

  /**
   * The memory that is meant: the selected one, unless the profile goes by the address. Then an address
   * of none is for the memory that the pointer is in, of which it may be the end.
   */
  #accessAt(address: number): DfuSeAccess {
    const selected = this.#access();
    if (this.#profile.memoryOf !== 'address') return selected;
    return this.#owner(address) ?? this.#owner(this.pointer) ?? selected;
  }

  #owner(address: number): DfuSeAccess | undefined {
    const selected = this.#access();
    if (selected.has(address)) return selected;
    return this.#memories.find((each) => each.has(address));
  }

  /** ST AN2662 §4.5.2: the pointer may go to any memory, if only to leave for it. */
  #point(address: number, selected: DfuSeAccess): MediumResult {
    return (this.#owner(address) ?? selected).point(address);
  }

  #takeCommand(bytes: Uint8Array): MediumResult {
    const access = this.#access();
    let command: DfuSeCommand;
    try {
      command = decodeDfuSeCommand(bytes);
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      return failed('errSTALLEDPKT', error.message);
    }
    const { memory } = access;
    if (command.command === 'mass-erase' && memory.massErase === undefined) {
      return failed('errSTALLEDPKT', 'there is no mass erase');
    }
    if (command.command === 'read-unprotect' && memory.readUnprotect === undefined) {
      return failed('errSTALLEDPKT', 'there is no read unprotect');
    }
    this.#jobs.prepare(command.command, () => this.#execute(command, access));
    return DONE;
  }

  #execute(command: DfuSeCommand, access: DfuSeAccess): MediumResult {
    switch (command.command) {
      case 'set-address': {
        const result = this.#point(command.address, access);
        if (result.status === 'OK') this.pointer = command.address;
        return result;
      }
      case 'erase':
        return this.#accessAt(command.address).erase(command.address);
      case 'mass-erase':
        return access.massErase();
      case 'read-unprotect':
        return access.readUnprotect();
      default:
        return command satisfies never;
    }
  }

  /** AN3156 §4.1: whatever the length of the block, its number counts in wTransferSize. */
  #addressOf(wBlockNum: number): number {
    return this.pointer + (wBlockNum - DFUSE_FIRST_BLOCK) * this.#transferSize;
  }

  /** AN3156 §4.2: block 0 lists the commands; it is no upload, so the next one may be a download. */
  #commands(wLength: number): Uint8Array | MediumResult {
    const { GET_COMMANDS, SET_ADDRESS_POINTER, ERASE, READ_UNPROTECT } = DfuSeCommandCode;
    const codes: number[] = [GET_COMMANDS, SET_ADDRESS_POINTER, ERASE];
    if (this.#access().memory.readUnprotect !== undefined) codes.push(READ_UNPROTECT);
    if (this.#profile.wholeAnswers && wLength < codes.length) {
      return failed('errSTALLEDPKT', `UPLOAD of block 0 with wLength ${wLength}`);
    }
    return Uint8Array.from(codes);
  }
}
