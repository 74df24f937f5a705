import { DfuError } from '../bytes/index.ts';
import { sendTo, speaksDfuSe } from '../host/index.ts';
import type { DfuInterface, HostEvent, SendEnding, SendPlan } from '../host/index.ts';
import { Canceller, formatUsbId } from '../usb/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import type { Choice } from './chosen-file.ts';
import { lookInto } from './devices.ts';
import type { Surroundings } from './devices.ts';
import { endedBadly, endedWell } from './endings.ts';
import { asDfuError } from './failure.ts';
import type { FlowDevice, FlowEnding } from './flow-state.ts';
import { isOpen, placeOf } from './look-at-file.ts';
import { versionShown } from './releases.ts';

/** A file that is sent, and what it is sent to. */
interface SendJob {
  readonly around: Surroundings;
  readonly device: FlowDevice;
  readonly choice: Choice;
  readonly plan: SendPlan;
  /** How long the application is waited for, in ms; undefined: not at all. */
  readonly applicationMs: number | undefined;
  /** Whether reading back was asked for. */
  readonly mustVerify: boolean;
  readonly onEvent: (event: HostEvent) => void;
}

/** What came of it. */
type Sent =
  | { readonly ending: FlowEnding }
  /** The device is in DFU mode now, nothing was sent, and a person has to say more: the device, by its id. */
  | { readonly lookAgainAt: string };

/** How long a device that was asked out of DFU mode may be there still before nobody waits for it any more, in ms. */
const STAYS_MS = 5000;

/** Sends a file, and says how that ended. Never throws. */
export function sendFile(job: SendJob, signal: CancelSignal): Promise<Sent> {
  return new Sending(job, signal).done();
}

class Sending {
  readonly #job: SendJob;
  /** Ends also the wait for an application that will not come. */
  readonly #canceller: Canceller;
  /** The device in DFU mode, once it has been chosen. */
  #deviceId: string | undefined;
  /** The one that came back in DFU mode. */
  #returned: string | undefined;
  /** All that was known before the application was waited for. */
  #downloaded: SendEnding | undefined;
  /** It stays in DFU mode though it was asked out. */
  #stays = false;
  #note: string | undefined;
  #forget: () => void = () => {};

  constructor(job: SendJob, signal: CancelSignal) {
    this.#job = job;
    this.#canceller = new Canceller(signal);
  }

  async done(): Promise<Sent> {
    const { around, plan, device, choice, applicationMs } = this.#job;
    try {
      const ending = await sendTo(around.bus, plan, {
        clock: around.clock,
        selection: placeOf(device, choice.alternate),
        signal: this.#canceller.signal,
        onEvent: (event) => this.#hear(event),
        demand: (entry) => demandDevice(this.#job, entry),
        detach: mustBeAskedOut(device) ? true : undefined,
        waitAppMs: applicationMs,
        expectVersion: applicationMs === undefined ? undefined : versionToCome(this.#job),
      });
      return { ending: this.#ended(ending) };
    } catch (thrown) {
      return await this.#failed(asDfuError(thrown));
    } finally {
      this.#forget();
    }
  }

  async #failed(error: DfuError): Promise<Sent> {
    if (isOpen(error) && this.#returned !== undefined) return { lookAgainAt: this.#returned };
    if (this.#stays && this.#downloaded !== undefined) {
      return { ending: this.#ended(this.#downloaded) };
    }
    const isMissed = error.code === 'NOT_FOUND' && this.#deviceId === undefined;
    const meant = isMissed ? await this.#whyMissed(error) : error;
    return { ending: endedBadly(meant, this.#downloaded) };
  }

  /** Nobody has seen it since it was looked at: it has gone, or somebody else uses it now. */
  async #whyMissed(error: DfuError): Promise<DfuError> {
    const { around, device } = this.#job;
    const deviceId = device.interfaces[0]?.deviceId;
    try {
      const here = (await around.bus.list()).filter(({ id }) => id === deviceId);
      if (here.length === 0) return new DfuError('DISCONNECTED', error.message);
      const [problem] = (await lookInto(around, here, this.#canceller.signal)).problems;
      return problem === undefined ? error : new DfuError(problem.code, problem.message);
    } catch (thrown) {
      return asDfuError(thrown);
    }
  }

  #hear(event: HostEvent): void {
    if (event.type === 'selected') this.#deviceId = event.interface.deviceId;
    if (event.type === 'returned') this.#returned = event.interface.deviceId;
    if (event.type === 'downloaded') this.#downloaded = event;
    if (event.type === 'note') this.#note = event.message;
    if (event.type === 'leaving') this.#seeWhetherItStays();
    this.#job.onEvent(event);
  }

  /** A device that is asked out and does not go will not show another firmware however long it is waited for. */
  #seeWhetherItStays(): void {
    const { clock } = this.#job.around;
    this.#forget = clock.at(clock.now() + STAYS_MS, () => void this.#lookWhetherItStays());
  }

  async #lookWhetherItStays(): Promise<void> {
    const deviceId = this.#deviceId;
    try {
      const devices = await this.#job.around.bus.list();
      if (!devices.some(({ id }) => id === deviceId)) return;
      this.#stays = true;
      this.#canceller.cancel();
    } catch {
      // Nothing is known then, and it is waited for as ever.
    }
  }

  #ended(ending: SendEnding): FlowEnding {
    const { around, device, choice, mustVerify } = this.#job;
    const { application } = ending;
    const runs = application && versionShown(around.catalogue, application.bcdDevice);
    const { release } = choice.offer ?? {};
    return endedWell(ending, {
      memory: this.#downloaded?.outcome ?? 'unchanged',
      doubt: this.#note,
      stays: this.#stays,
      before: device.version,
      runs,
      expected: release?.bcdDevice === undefined ? undefined : release.version,
      mustVerify,
    });
  }
}

/** Whether a device stays in DFU mode with its new firmware until it is asked out (bitManifestationTolerant). DfuSe leaves. */
function mustBeAskedOut({ interfaces }: FlowDevice): boolean {
  return interfaces.every(
    (entry) =>
      entry.functionalFound &&
      entry.functional.bmAttributes.manifestationTolerant &&
      !speaksDfuSe(entry),
  );
}

/** bcdDevice of the firmware that is sent, where its manifest says that. */
function versionToCome({ choice: { offer } }: SendJob): string | undefined {
  return offer?.release.bcdDevice;
}

/**
 * Throws `REFUSED` for a device that turns out in DFU mode to be none of the manifest's, and `AMBIGUOUS` where more has to be
 * known of the device before a file may be sent.
 */
function demandDevice({ around, device, choice }: SendJob, entry: DfuInterface): void {
  if (device.mode !== 'runtime' || entry.mode !== 'dfu') return;
  const { board } = device;
  const may = around.catalogue?.boardsOf(entry) ?? [];
  if (board !== undefined && !may.some(({ name }) => name === board.name)) {
    const id = formatUsbId(entry);
    const message = `in DFU mode the device is ${id}, which the manifest does not have for ${board.name}`;
    throw new DfuError('REFUSED', message);
  }
  if (choice.erase === 'needed') return;
  const message = 'what is erased is said when the memory of the device is known';
  throw new DfuError('AMBIGUOUS', message, { remedies: ['alternate'] });
}
