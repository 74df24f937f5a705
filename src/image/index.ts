/**
 * Firmware images: what is in front of the code, and whether it is whole.
 *
 * @module
 */
export { fletcher32 } from './fletcher32.ts';
export {
  generateRiotbootHeader,
  RIOTBOOT_HEADER_ALIGNMENT,
  RIOTBOOT_HEADER_BYTES,
  RIOTBOOT_MAGIC,
  riotbootChecksum,
  riotbootFault,
  riotbootHeader,
  riotbootImage,
  updateRiotbootHeader,
} from './riotboot.ts';
export type {
  RiotbootFault,
  RiotbootHeader,
  RiotbootHeaderOptions,
  RiotbootImageOptions,
} from './riotboot.ts';
