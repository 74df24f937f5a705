/** MPU_CTRL */
const ENABLE = 1;
/** Of MPU_RASR. */
const RASR_BITS = 0x1707_ff3f;

/** The memory protection unit (PMSAv6, B3.5), of as many regions as the variant has. */
export interface Mpu {
  control: number;
  /** MPU_RNR */
  region: number;
  /** MPU_RBAR and MPU_RASR of each. */
  readonly bases: Uint32Array;
  readonly attributes: Uint32Array;
}

export function makeMpu(regions: number): Mpu {
  return {
    control: 0,
    region: 0,
    bases: new Uint32Array(regions),
    attributes: new Uint32Array(regions),
  };
}

export function resetMpu(mpu: Mpu): void {
  mpu.control = 0;
  mpu.region = 0;
  mpu.bases.fill(0);
  mpu.attributes.fill(0);
}

/** Reads one of its registers, 0xd90 to 0xda0. A core without it reads 0 (B3.5.3). */
export function readMpu(mpu: Mpu, register: number): number {
  const regions = mpu.bases.length;
  if (regions === 0) return 0;
  switch (register) {
    case 0xd90:
      return regions << 8;
    case 0xd94:
      return mpu.control;
    case 0xd98:
      return mpu.region;
    case 0xd9c:
      return (mpu.bases[mpu.region] ?? 0) | mpu.region;
    default:
      return (mpu.attributes[mpu.region] ?? 0) | 0;
  }
}

/** Writes one of its registers. */
export function writeMpu(mpu: Mpu, register: number, value: number): void {
  const regions = mpu.bases.length;
  if (regions === 0) return;
  if (register === 0xd94) mpu.control = value & 7;
  else if (register === 0xd98) mpu.region = (value & 0xff) % regions;
  else if (register === 0xd9c) {
    if ((value & 0x10) !== 0) mpu.region = (value & 0xf) % regions;
    mpu.bases[mpu.region] = value & 0xffff_ff00;
  } else mpu.attributes[mpu.region] = value & RASR_BITS;
}

export function isEnabled({ control }: Mpu): boolean {
  return (control & ENABLE) !== 0;
}
