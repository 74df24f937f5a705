import { DfuError } from '../../bytes/index.ts';
import type { Flash } from '../../flash/index.ts';
import type { OperationListener } from './area.ts';
import type { AreaName, BootConfig, Build } from './config.ts';
import { buildOf, imageNumberOf, isSwap, placeOf } from './config.ts';
import { decideSwap } from './decision.ts';
import { TrailerArea } from './trailer-area.ts';
import { isOnTrial } from './trailer.ts';
import type { SwapState, SwapType } from './trailer.ts';

/** Return codes of bootutil_public.c: 0, BOOT_EBADIMAGE 3, BOOT_EBADVECT 4. */
export type ApplicationResult = 0 | 3 | 4;

const EBADIMAGE = 3;
const EBADVECT = 4;

/** What the running application asks of the bootloader, through the trailers in flash. */
export class ApplicationSide {
  readonly #flash: Flash;
  readonly #build: Build;
  readonly #listener: OperationListener | undefined;

  constructor(flash: Flash, config: BootConfig, listener?: OperationListener) {
    this.#flash = flash;
    this.#build = buildOf(config);
    this.#listener = listener;
  }

  /** boot_set_pending: boot the secondary image at the next reset, once or for good. */
  setPending(options: { image?: number; permanent?: boolean } = {}): ApplicationResult {
    const { image = 0, permanent = false } = options;
    return this.setNext(`secondary${image}`, { confirm: permanent });
  }

  /** boot_set_confirmed: keep the running image; without a trailer nothing is written. */
  setConfirmed(image = 0): ApplicationResult {
    return this.setNext(`primary${image}`, { active: true, confirm: true });
  }

  /**
   * boot_set_next: choose what boots next.
   *
   * @param options - `active` if the area holds the running image, `confirm` to make it permanent
   * @throws `DfuError` `REFUSED` by a guarded build if the update could not be undone or done.
   */
  setNext(name: AreaName, options: { active?: boolean; confirm?: boolean }): ApplicationResult {
    const area = this.#area(name);
    const active = options.active ?? false;
    if (!active) {
      this.#guardTrial(name);
      this.#guardEmpty(name);
    }
    const confirm = active || (options.confirm ?? false);
    return this.#build.algorithm === 'direct-xip'
      ? setNextInPlace(area, confirm)
      : setNextOfPair(area, { active, confirm });
  }

  /**
   * boot_erase_img_bank: erases a slot, sector by sector.
   *
   * @throws `DfuError` `REFUSED` by a guarded build while it would lose the only way back.
   */
  eraseImageBank(name: AreaName): void {
    this.#guardTrial(name);
    this.#area(name).eraseAll();
  }

  /** A guarded build keeps the only way back while an image is on trial. */
  #guardTrial(name: AreaName): void {
    const image = imageNumberOf(name);
    if (!this.#isGuarded(name) || !isOnTrial(this.state(`primary${image}`))) return;
    const reason = 'the running image was never confirmed; confirm it before the next update';
    throw new DfuError('REFUSED', `image ${image}: ${reason}`);
  }

  /** A guarded build asks for no swap that can only fail. */
  #guardEmpty(name: AreaName): void {
    const image = imageNumberOf(name);
    const { algorithm, bootstrap } = this.#build;
    const fills = algorithm === 'swap-using-scratch' || bootstrap === true;
    if (fills || !this.#isGuarded(name)) return;
    const primary = this.#area(`primary${image}`);
    if (!primary.read(0, 4).every((byte) => byte === primary.erasedValue)) return;
    const reason = `${algorithm} cannot swap into an empty primary slot`;
    throw new DfuError('REFUSED', `image ${image}: ${reason}`);
  }

  #isGuarded(name: AreaName): boolean {
    const { guarded, algorithm } = this.#build;
    return guarded === true && isSwap(algorithm) && name.startsWith('secondary');
  }

  /** mcuboot_swap_type: what the next boot will be asked to do. */
  swapType(image = 0): SwapType {
    return decideSwap(
      this.state(`primary${image}`),
      this.state(`secondary${image}`),
      this.#build.algorithm,
    );
  }

  /** What the trailer of an area says. */
  state(name: AreaName): SwapState {
    return this.#area(name).state();
  }

  /** boot_is_img_confirmed: also true where there is no trailer at all. */
  isConfirmed(image = 0): boolean {
    const { magic, imageOk } = this.state(`primary${image}`);
    return magic === 'unset' || imageOk === 'set';
  }

  #area(name: AreaName): TrailerArea {
    return openArea(this.#flash, this.#build, { name, listener: this.#listener });
  }
}

/** Opens one of a build's areas. */
export function openArea(
  flash: Flash,
  build: Build,
  {
    name,
    listener,
  }: { readonly name: AreaName; readonly listener?: OperationListener | undefined },
): TrailerArea {
  const { logicalSectorBytes } = build;
  const place = placeOf(build, name);
  return new TrailerArea({ flash, name, place, logicalSectorBytes, listener }, build);
}

function setNextOfPair(
  area: TrailerArea,
  { active, confirm }: { readonly active: boolean; readonly confirm: boolean },
): ApplicationResult {
  const { magic, imageOk } = area.state();
  if (magic === 'bad') return active ? EBADVECT : EBADIMAGE;
  if (magic === 'good') {
    // copy_done is not asked for, so that an image programmed with its trailer can be confirmed
    if (active && imageOk === 'unset') area.writeImageOk();
    return 0;
  }
  if (active) return 0;
  area.writeMagic();
  if (confirm) area.writeImageOk();
  area.writeSwapInfo(confirm ? 'perm' : 'test', imageNumberOf(area.name));
  return 0;
}

/** Applications built for direct-xip: the bootloader needs the magic, and copy_done with a confirmation. */
function setNextInPlace(area: TrailerArea, confirm: boolean): ApplicationResult {
  const { magic, copyDone, imageOk } = area.state();
  if (magic === 'bad') return EBADIMAGE;
  if (magic === 'unset') area.writeMagic();
  if (confirm && copyDone === 'unset') area.writeCopyDone();
  if (confirm && imageOk === 'unset') area.writeImageOk();
  return 0;
}
