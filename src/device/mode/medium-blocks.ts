import type { DfuState, DfuStatus } from '../../dfu/index.ts';
import type {
  BlockAnswer,
  BlockWork,
  Failure,
  ReadFailure,
  WorkTurn,
} from '../conversation/block-work.ts';
import type { Condition } from '../core/condition.ts';
import type { DfuWork } from '../dfu/machine.ts';
import type { DfuProfile } from '../dfu/profile.ts';
import type { Medium, Withheld } from '../media/medium.ts';
import type { MediumWork } from '../media/medium-work.ts';
import { NumberedBlocks } from '../media/numbered-blocks.ts';
import { Download } from './download.ts';
import { Upload } from './upload.ts';

/** What the blocks of plain DFU come to. */
interface MediumBlocksOptions {
  readonly profile: DfuProfile;
  /** wTransferSize. */
  readonly transferSize: number;
  /** bitManifestationTolerant. */
  readonly tolerant: boolean;
  readonly uploadCondition: Condition | undefined;
  readonly onManifested: ((medium: Medium, bytes: number) => void) | undefined;
}

const POLL_TIMEOUT: WorkTurn<never> = { event: 'POLL_TIMEOUT' };
const FAIL: WorkTurn<never> = { event: 'FAIL' };
/** The number of no alternate setting. */
const NONE = -1;
const NO_SETTING: Failure = { status: 'errTARGET', reason: 'no such alternate setting' };

function firstSetting({ selectedAtFirst }: DfuProfile): number {
  return selectedAtFirst === 'none' ? NONE : 0;
}

/** Plain DFU: the blocks of a download, one after another, are what a medium holds afterwards. */
export class MediumBlocks implements BlockWork {
  completed = false;
  selected: number;
  readonly #media: readonly Medium[];
  readonly #options: MediumBlocksOptions;
  readonly #download: Download;
  readonly #work: MediumWork;
  readonly #upload: Upload;
  /** The medium of the download that has ended and is not manifested yet. */
  #manifesting: Medium | undefined;
  /** When the bwPollTimeout that was reported last is over. */
  #promisedMs = 0;

  constructor(media: readonly Medium[], options: MediumBlocksOptions) {
    const { profile, transferSize, uploadCondition } = options;
    const blocks = new NumberedBlocks();
    this.#media = media;
    this.#options = options;
    this.selected = firstSetting(options.profile);
    this.#download = new Download(profile, transferSize, blocks);
    this.#work = this.#download.work;
    this.#upload = new Upload(profile, blocks, uploadCondition);
  }

  get state(): DfuWork {
    return this.#work.state;
  }

  get failure(): DfuStatus {
    return this.#work.failure;
  }

  get open(): boolean {
    return this.#download.open;
  }

  get complete(): boolean {
    return this.#download.complete;
  }

  get downloadedBytes(): number {
    return this.#download.bytes;
  }

  get missing(): string | undefined {
    return this.#download.missing;
  }

  reasonFor(status: DfuStatus): string {
    return this.#work.reasonFor(status);
  }

  refuses(state: DfuState): boolean {
    return this.#medium()?.blocks?.mayLeave?.(state) === false;
  }

  /** Any number will do: a device that takes settings which it does not have fails later. */
  select(alternate: number): boolean {
    this.selected = alternate;
    return true;
  }

  take(wBlockNum: number, bytes: Uint8Array, nowMs: number): BlockAnswer {
    const medium = this.#download.medium ?? this.#medium();
    if (medium === undefined) return this.#noSetting();
    this.completed = false;
    this.#manifesting = undefined;
    this.#download.write(bytes, wBlockNum, { medium, nowMs });
    return this.#worked();
  }

  end(nowMs: number): BlockAnswer {
    this.#work.clear();
    if (this.#options.profile.manifestsAt === 'status') return 'taken';
    this.manifest(nowMs);
    return this.#worked();
  }

  manifest(nowMs: number): void {
    const [first] = this.#media;
    if (first === undefined) return;
    this.#manifesting = this.#download.medium ?? first;
    this.#download.finish(nowMs, first);
    if (this.state !== 'busy') this.#workEnded();
  }

  manifested(): void {
    const medium = this.#medium();
    if (medium !== undefined) this.#completed(medium);
  }

  read(wBlockNum: number, wLength: number, first: boolean): Uint8Array | ReadFailure | Withheld {
    if (first) {
      const medium = this.#medium();
      if (medium === undefined) return NO_SETTING;
      this.#upload.begin(medium);
    }
    return this.#upload.read(wBlockNum, wLength);
  }

  fullBytes(_wBlockNum: number, wLength: number): number {
    return wLength;
  }

  promise(nowMs: number): number {
    const pollTimeoutMs = this.#work.pollTimeoutMs(nowMs);
    this.#promisedMs = nowMs + pollTimeoutMs;
    return pollTimeoutMs;
  }

  poll(nowMs: number): BlockAnswer | undefined {
    if (this.#work.state !== 'busy' || !this.#download.poll(nowMs)) return undefined;
    this.#workEnded();
    return this.#worked();
  }

  /** The time promised is over, or the work is: DFU 1.1 A.2.5 and A.2.8. */
  turn(state: DfuState, nowMs: number): WorkTurn<never> | undefined {
    if (this.state === 'busy' && nowMs < this.#promisedMs) return undefined;
    if (state === 'dfuDNBUSY' || this.#options.tolerant) return POLL_TIMEOUT;
    // A device that does not come back by itself has no other way to tell.
    if (this.state === 'failed') return FAIL;
    return this.state === 'done' ? POLL_TIMEOUT : undefined;
  }

  dueMs(polling: boolean, nowMs: number): number {
    const promisedMs = polling && this.#promisedMs > nowMs ? this.#promisedMs : Infinity;
    return Math.min(this.#work.dueMs, promisedMs);
  }

  /** A manifestation that has begun cannot be called back. */
  discard(): void {
    if (this.#manifesting === undefined) this.#download.discard();
  }

  forget(): void {
    this.#manifesting = undefined;
    this.#download.forget();
    this.completed = false;
    if (this.#options.profile.keepsAlternate === true) {
      this.selected = firstSetting(this.#options.profile);
    }
  }

  /** A block for a memory that nobody has chosen, or that is not there. */
  #noSetting(): BlockAnswer {
    if (this.#options.profile.writesAsOriginal !== true) return NO_SETTING;
    const nobody = 'no SET_INTERFACE has come before the first block';
    const which = this.selected === NONE ? nobody : `there is no slot ${this.selected}`;
    return { withheld: `${which}, the original asserts here` };
  }

  /** The medium of the alternate setting. */
  #medium(): Medium | undefined {
    return this.#media[this.selected];
  }

  /** The medium has begun: how the transfer that made it do so ends. */
  #worked(): BlockAnswer {
    const { profile } = this.#options;
    const work = this.#work;
    if (work.state === 'busy' && profile.busy === 'held') return 'held';
    if (work.state !== 'failed' || profile.failsAt === 'status') return 'taken';
    return { status: work.failure, reason: work.reason };
  }

  #workEnded(): void {
    const medium = this.#manifesting;
    this.#manifesting = undefined;
    if (this.state === 'done' && medium !== undefined) this.#completed(medium);
  }

  #completed(medium: Medium): void {
    this.completed = true;
    this.#options.onManifested?.(medium, this.#download.bytes);
  }
}
