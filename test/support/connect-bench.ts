import { fromHex } from '../../src/bytes/index.ts';
import { connect } from '../../src/host/index.ts';
import type { ConnectOptions, DfuSession, HostEvent } from '../../src/host/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import { ScriptedBus, onClock } from './scripted-pipe.ts';
import type { ScriptedBusDevice, StandardWords } from './scripted-pipe.ts';

/** Functional descriptors with bitWillDetach, 255 ms; and without the bit. */
export const willDetach: Uint8Array = fromHex('092109ff0040001001');
export const needsReset: Uint8Array = fromHex('092101ff0040001001');

/** A device in run-time mode, as it describes itself. */
export const runtimeWords: StandardWords = {
  protocol: 1,
  serial: 'ABC',
  alternates: [{ name: 'application', functional: willDetach }],
};

/** A host that connects to what is on a scripted bus, on virtual time. */
export class ConnectBench {
  readonly clock = new VirtualClock();
  readonly events: HostEvent[] = [];
  readonly bus: ScriptedBus;

  constructor(...devices: readonly ScriptedBusDevice[]) {
    this.bus = new ScriptedBus(...devices);
  }

  /** At these times the first leaves and the others come. */
  exchange(
    old: ScriptedBusDevice,
    next: readonly ScriptedBusDevice[],
    [leaveMs, backMs]: readonly [number, number] = [20, 100],
  ): void {
    this.clock.at(leaveMs, () => {
      old.leave();
      this.bus.detach(old.id);
    });
    this.clock.at(backMs, () => {
      for (const each of next) this.bus.attach(each);
    });
  }

  connected(options: Partial<ConnectOptions> = {}): Promise<DfuSession> {
    const onEvent = (event: HostEvent): void => void this.events.push(event);
    const { clock, bus } = this;
    return onClock(clock, connect(bus, { clock, onEvent, ...options }));
  }

  get notes(): string[] {
    return this.events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
  }
}
