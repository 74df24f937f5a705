import { DfuError } from '../../bytes/index.ts';
import { SectorDisk } from '../../device/index.ts';
import type { DiskAccess, Medium } from '../../device/index.ts';
import { partition } from '../../flash/index.ts';
import type { Flash } from '../../flash/index.ts';
import type { FirmwareFlashArea } from '../seams/firmware-api.ts';
import type { FirmwareMedium, FirmwareUsbEvent } from '../seams/firmware-dfu.ts';
import { FlashImageMedium } from '../media/flash-image-medium.ts';
import type { Peripherals } from '../seams/peripherals.ts';

/** The media of a program in DFU mode. RAM disks keep what they hold as long as the program runs. */
export class ProgramMedia {
  readonly #board: Peripherals;
  readonly #tell: (event: FirmwareUsbEvent) => void;
  readonly #disks = new Map<string, SectorDisk>();

  constructor(board: Peripherals, tell: (event: FirmwareUsbEvent) => void) {
    this.#board = board;
    this.#tell = tell;
  }

  /** Throws `NOT_FOUND` for an area that is not there, `INVALID_ARGUMENT` for a disk of no size. */
  open(medium: FirmwareMedium): Medium {
    switch (medium.type) {
      case 'ram-disk':
        return this.#disk(medium.name, medium.sectors);
      case 'flash-image': {
        const { name, area } = medium;
        const { uploadOffsetBytes = 0 } = this.#find(area);
        return new FlashImageMedium({
          name,
          area: this.#area(area),
          uploadArea: this.#area(this.#uploadArea()),
          uploadOffsetBytes,
          inspect: () => this.#board.bootControl?.inspector(area),
        });
      }
      default:
        return medium satisfies never;
    }
  }

  #disk(name: string, sectors: number): SectorDisk {
    const known = this.#disks.get(name);
    if (known !== undefined) return known;
    const onAccess = (access: DiskAccess): void => this.#tell(eventOf(name, access));
    const disk = new SectorDisk({ name, sectors, onAccess });
    this.#disks.set(name, disk);
    return disk;
  }

  #area(name: string): Flash {
    const { flash, model } = this.#board;
    const { address, sizeBytes } = this.#find(name);
    return partition(flash, address - model.flashBaseAddress, sizeBytes, name);
  }

  #find(name: string): FirmwareFlashArea {
    const { areas } = this.#board;
    const found = areas.find((each) => each.name === name);
    if (found !== undefined) return found;
    const known = areas.map((each) => each.name).join(', ');
    throw new DfuError('NOT_FOUND', `no flash area "${name}"; there is: ${known}`);
  }

  /** `UPLOAD_FLASH_AREA_ID`: the second slot, unless the program runs from there. */
  #uploadArea(): string {
    return this.#board.image.slot === 1 ? 'image-0' : 'image-1';
  }
}

function eventOf(medium: string, access: DiskAccess): FirmwareUsbEvent {
  switch (access.type) {
    case 'opened':
      return { type: 'disk-opened', medium };
    case 'failed':
      return { type: 'disk-failed', medium, reason: access.reason };
    case 'downloaded':
    case 'uploaded': {
      const { block, bytes, total } = access;
      return { type: `disk-${access.type}`, medium, block, bytes, total };
    }
    default:
      return access satisfies never;
  }
}
