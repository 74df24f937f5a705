import type { SendTally } from '../bytes/index.ts';
import type { FileFormat } from '../image/index.ts';
import type { Sending } from './decided.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { Dialect } from './dialect.ts';

/** One thing that is done to a device's memory: what follows one another in it is one. */
export interface DescribedStep {
  readonly step: 'erase' | 'mass-erase' | 'read-unprotect' | 'write' | 'leave';
  /** bAlternateSetting that it is done to. */
  readonly alternate: number;
  /** Where it begins; undefined where plain DFU leaves that to the device. */
  readonly address: number | undefined;
  /** Bytes; undefined for a mass erase and what has none. */
  readonly sizeBytes: number | undefined;
  /** Sectors of an erase, blocks of a write. */
  readonly count: number;
}

/** What sending a plan to a device comes to, before anything is sent. */
export interface SendDescription {
  readonly interface: DfuInterface;
  /** What the file is; undefined without one. */
  readonly format: FileFormat | undefined;
  readonly dialect: Dialect | undefined;
  /** Bytes in a block; undefined until the device is in DFU mode. */
  readonly transferSizeBytes: number | undefined;
  /** All that goes over the wire, counted; undefined until the device is in DFU mode. */
  readonly planned: SendTally | undefined;
  readonly steps: readonly DescribedStep[];
  /** What ends it, in words. */
  readonly ending: string;
  /** What was gone past because it is allowed, and what is odd about the file or the device. */
  readonly notes: readonly string[];
  /** What nobody can know before it is done, in words. */
  readonly unknown: readonly string[];
}

/** The same without what is but words. */
export type SendOutline = Omit<SendDescription, 'ending' | 'unknown'>;

/** A plan that can be sent. */
export type DecidedSending = Exclude<Sending, { readonly dialect: undefined }>;
