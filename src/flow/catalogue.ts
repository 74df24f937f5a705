import type { DfuInterface } from '../host/index.ts';
import type { FileCheck, FirmwareManifest, ManifestBoard } from '../manifest/index.ts';
import type { CancelSignal, Clock, PartWait } from '../usb/index.ts';
import type { Choice } from './chosen-file.ts';
import type * as Images from './findings/images.ts';
import type { FlowOptions } from './flow.ts';
import type { FlowDevice, FlowFinding, FlowOffer, FlowProblem } from './flow-state.ts';

/** How a file of the manifest is fetched. */
export interface FetchTerms {
  readonly clock: Clock;
  readonly fetchFile: FlowOptions['fetchFile'];
  /** What checks its signature, where it is to have one. */
  readonly images: (wait: PartWait) => Promise<typeof Images>;
}

/** A file as its manifest lists it, or why there is none. */
export type Fetched =
  { readonly bytes: Uint8Array; readonly check: FileCheck } | { readonly problem: FlowProblem };

/** A manifest, and all that a flow asks it. */
export interface Catalogue {
  readonly manifest: FirmwareManifest;
  /** The boards that this may be; several only where one loader is all that is seen of them. */
  boardsOf(entry: DfuInterface): readonly ManifestBoard[];
  /** The release that shows this bcdDevice while it runs. */
  runningVersion(bcdDevice: number): string | undefined;
  /** What there is for a device, newest first. */
  offersOf(channel: string | undefined, device: FlowDevice): FlowOffer[];
  /** Fetches a file, and holds it to what is said of it. Throws `ABORTED`. */
  fetched(offer: FlowOffer, terms: FetchTerms, signal: CancelSignal): Promise<Fetched>;
  /** What is said of a file that was chosen, whether the file is that one, and how the board is known. */
  findingsOf(choice: Choice, device: FlowDevice): FlowFinding[];
}
