import {
  Device,
  DfuMode,
  DfuRuntime,
  RamDisk,
  STRICT,
  SwitchableDevice,
} from '../../src/device/index.ts';
import type { DeviceIdentity, DfuProfile, FunctionalOptions } from '../../src/device/index.ts';
import type { DfuAttributes } from '../../src/dfu/index.ts';

/** The bits of bmAttributes that DFU 1.1 has (table 4.2). */
export type Bits = Pick<
  DfuAttributes,
  'canDnload' | 'canUpload' | 'manifestationTolerant' | 'willDetach'
>;

const application: DeviceIdentity = { idVendor: 0x1209, idProduct: 0x7d00, serial: 'KEYSTONE' };
const loader: DeviceIdentity = { idVendor: 0x1209, idProduct: 0x7d02, serial: 'KEYSTONE' };

interface MiniatureOptions {
  readonly starts?: 'loader' | undefined;
  /** Null: it has none. */
  readonly serial?: string | null | undefined;
  /** In DFU mode. */
  readonly loaderProduct?: number | undefined;
  /** Of each memory; default 200,000. */
  readonly sizeBytes?: number | undefined;
}

/** A board in miniature: an application with a run-time function, a loader with two memories. */
export class MiniatureBoard {
  readonly device: SwitchableDevice;
  readonly disks: readonly RamDisk[];
  /**
   * It has no application yet. By the letter a device with one leaves DFU mode at every reset, the
   * ones of its enumeration included: no host on a real bus gets further with it.
   */
  readonly blank: boolean;
  /** What it was since it was plugged in. */
  readonly history: string[] = [];
  manifested = 0;
  readonly #functional: FunctionalOptions;
  readonly #profile: DfuProfile;
  readonly #options: MiniatureOptions;

  constructor(
    bmAttributes: Bits,
    wTransferSize: number,
    profile: DfuProfile,
    options: MiniatureOptions = {},
  ) {
    const { starts, sizeBytes = 200_000 } = options;
    this.#options = options;
    this.blank = profile === STRICT;
    const isLoader = this.blank || starts === 'loader';
    this.#functional = { bmAttributes, wTransferSize, wDetachTimeOut: 500 };
    this.#profile = profile;
    const busy = { writeMs: 3, finishMs: 40 };
    this.disks = ['ramdisk0', 'ramdisk1'].map(
      (name, at) => new RamDisk({ name, sizeBytes, content: Uint8Array.of(at), ...busy }),
    );
    this.history.push(isLoader ? 'loader' : 'application');
    this.device = new SwitchableDevice(isLoader ? this.#loader() : this.#application());
  }

  #application(): Device {
    const runtime = new DfuRuntime({
      functional: this.#functional,
      profile: this.#profile,
      name: 'asks for the loader',
      onDetach: ({ onBus }) => this.#become('loader', this.#loader(), onBus),
    });
    return new Device({
      identity: this.#named(application),
      configurations: [{ functions: [runtime] }],
    });
  }

  #loader(): Device {
    const mode = new DfuMode({
      functional: this.#functional,
      profile: this.#profile,
      media: this.disks,
      firmwareGood: () => !this.blank || this.manifested > 0,
      initialStatus: this.blank ? 'errFIRMWARE' : 'OK',
      onManifested: () => {
        this.manifested += 1;
      },
      onLeave: ({ onBus }) => this.#become('application', this.#application(), onBus),
    });
    return new Device({ identity: this.#named(loader), configurations: [{ functions: [mode] }] });
  }

  #named(identity: DeviceIdentity): DeviceIdentity {
    const { serial = identity.serial, loaderProduct } = this.#options;
    const idProduct =
      identity === loader ? (loaderProduct ?? loader.idProduct) : identity.idProduct;
    return { ...identity, idProduct, serial: serial ?? undefined };
  }

  #become(name: string, device: Device, onBus: boolean): void {
    this.history.push(name);
    if (onBus) this.device.replaceInReset(device);
    else this.device.replace(device);
  }
}
