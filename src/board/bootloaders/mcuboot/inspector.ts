import { ArrivingImage, examineArrived } from '../../../boot/mcuboot/index.ts';
import type { ArrivalOptions, ImageJudge, Refusal } from '../../../boot/mcuboot/index.ts';
import type { DfuStatus } from '../../../dfu/index.ts';
import type { ImageInspector, ImageRefusal } from '../../seams/image-inspector.ts';

const statuses: Readonly<Record<Refusal['refusedBy'], DfuStatus>> = {
  header: 'errFILE',
  format: 'errFILE',
  'allow-list': 'errFILE',
  size: 'errADDRESS',
  'upload-address': 'errTARGET',
  'image-address': 'errTARGET',
  'vendor-id': 'errTARGET',
  'class-id': 'errTARGET',
  dependency: 'errTARGET',
  'key-record': 'errTARGET',
  'hash-missing': 'errVERIFY',
  'hash-length': 'errVERIFY',
  hash: 'errVERIFY',
  'pure-missing': 'errVERIFY',
  'signature-missing': 'errVERIFY',
  'key-unknown': 'errVERIFY',
  'signature-length': 'errVERIFY',
  signature: 'errVERIFY',
  request: 'errVENDOR',
  version: 'errVENDOR',
  'security-counter': 'errVENDOR',
};

/** Hashes are told by their beginning: a string descriptor has room for 126 characters. */
function inWords({ refusedBy, reason }: Refusal): ImageRefusal {
  const short = reason.replace(/\b([0-9a-f]{16})[0-9a-f]{16,}\b/g, '$1…');
  return { status: statuses[refusedBy], reason: short };
}

/** Looks at images for MCUboot: first at header, vectors and sizes, at the end with its own eyes. */
export class McubootInspector implements ImageInspector {
  readonly #options: ArrivalOptions;
  readonly #judge: ImageJudge;
  readonly #image: ArrivingImage;

  /** Throws `NOT_FOUND` if the build has no such image pair. */
  constructor(options: ArrivalOptions, judge: ImageJudge) {
    this.#options = options;
    this.#judge = judge;
    this.#image = new ArrivingImage(options);
  }

  take(bytes: Uint8Array): ImageRefusal | undefined {
    const refusal = this.#image.take(bytes);
    return refusal && inWords(refusal);
  }

  missing(lengthBytes: number): string | undefined {
    return this.#image.missing(lengthBytes);
  }

  async judge(): Promise<ImageRefusal | undefined> {
    const { flash, config, place } = this.#options;
    const refusal = await examineArrived({ flash, config, judge: this.#judge }, place);
    return refusal && inWords(refusal);
  }
}
