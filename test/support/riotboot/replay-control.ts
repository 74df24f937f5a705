import { originalSlotMedia } from '../../../src/board/media/slot-medium.ts';
import { fromHex, toHex } from '../../../src/bytes/index.ts';
import { stateNumber } from '../../../src/dfu/index.ts';
import { Device, DfuMode, DfuRuntime, RIOTBOOT } from '../../../src/device/index.ts';
import type { SetupPacket } from '../../../src/usb/index.ts';
import { Wire } from '../../conformance/device-bench.ts';
import type { Seen } from '../../conformance/device-bench.ts';
import { attemptNow, differ, differInList } from '../replayed.ts';
import type { ReplayedCase } from '../replayed.ts';
import { RecordingFlash, sha256 } from '../riotboot-vectors.ts';
import type { RiotbootFolder, RiotbootPlace } from '../riotboot-vectors.ts';

interface Step extends SetupPacket {
  readonly dataHex?: string;
  readonly result: readonly string[];
}

interface Trace {
  readonly name: string;
  /** 1: run-time mode, 2: DFU mode. */
  readonly init: 1 | 2;
  readonly steps: readonly Step[];
  readonly slot0Sha256: string;
  readonly slot1Sha256: string;
}

/** What the functional descriptor of the recordings says. */
export const riotbootFunctional = {
  bmAttributes: { canUpload: false, manifestationTolerant: false },
  wDetachTimeOut: 255,
  wTransferSize: 64,
} as const;

/** A device with RIOT's control endpoint at the end of a wire. */
export function riotDevice(mode: DfuMode | DfuRuntime): Wire {
  const { control = {} } = RIOTBOOT;
  const identity = { idVendor: 0x1209, idProduct: 0x7d02 };
  const configurations = [{ functions: [mode], name: 'USB config' }];
  const wire = new Wire(new Device({ identity, configurations, quirks: control }));
  wire.configure();
  return wire;
}

/** The answer as the recordings write it. */
function line(seen: Seen, state: number): string {
  if (seen.end === 'stall') return `RESP stall  state=${state}`;
  return `RESP ack ${seen.end === 'ok' ? toHex(seen.bytes) : '?'} state=${state}`;
}

function replayDfuMode(place: RiotbootPlace, { steps, slot0Sha256, slot1Sha256 }: Trace): string[] {
  const flash = new RecordingFlash({ place });
  let reboots = 0;
  const mode = new DfuMode({
    media: originalSlotMedia(flash, place.layout),
    functional: riotbootFunctional,
    functionalAfter: 'first',
    profile: RIOTBOOT,
    onLeave: () => {
      reboots += 1;
    },
  });
  const wire = riotDevice(mode);
  let armed = false;
  const found = steps.flatMap(({ dataHex = '', result, ...packet }, at) => {
    flash.lines.length = 0;
    const seen = wire.transfer(packet, fromHex(dataHex));
    // The timer is seen in what it does, below.
    const expected = result.filter((each) => !each.startsWith('TIMER'));
    armed ||= expected.length < result.length;
    return differInList(`step ${at}`, expected, [
      ...flash.lines,
      line(seen, stateNumber(mode.state)),
    ]);
  });
  found.push(
    ...differ('slot 0', slot0Sha256, sha256(flash.slot(0))),
    ...differ('slot 1', slot1Sha256, sha256(flash.slot(1))),
  );
  wire.pass(999);
  found.push(...differ('reboots before the timer ran out', 0, reboots));
  wire.pass(1);
  return [...found, ...differ('reboots after it', armed ? 1 : 0, reboots)];
}

/** In run-time mode the recording ends with the reboot. */
function replayRuntime({ steps }: Trace): string[] {
  const log: string[] = [];
  const mode = new DfuRuntime({
    name: 'RIOT-OS bootloader',
    functional: riotbootFunctional,
    profile: RIOTBOOT,
    onDetach: () => log.push('REBOOT'),
  });
  const wire = riotDevice(mode);
  return steps.flatMap(({ result, dataHex = '', ...packet }, at) => {
    log.length = 0;
    wire.log.length = 0;
    const seen = wire.transfer(packet, fromHex(dataHex));
    if (wire.log.includes('detach')) log.unshift('USB_DETACH');
    const expected = result.filter((each) => !each.startsWith('END'));
    const found = log.length > 0 ? log : [line(seen, stateNumber(mode.state))];
    return differInList(`step ${at}`, expected, found);
  });
}

/** Replays `dfu-control.json`. */
export function replayControl(folder: RiotbootFolder, file: string): ReplayedCase[] {
  const { traces = [] } = folder.json(file) as { readonly traces?: readonly Trace[] };
  const place = folder.place(file);
  return traces.map((trace) =>
    attemptNow(trace.name, () =>
      trace.init === 1 ? replayRuntime(trace) : replayDfuMode(place, trace),
    ),
  );
}
