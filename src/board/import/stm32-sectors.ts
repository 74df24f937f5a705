import type { SectorRun } from '../../flash/index.ts';

/** A table of sectors, and the manual that it is in. */
interface SectorTable {
  readonly sectors: readonly SectorRun[];
  readonly from: string;
}

/** Four small sectors, one of the middle, and large ones to the end: in KiB. */
function rising(small: number, totalBytes: number): SectorRun[] {
  const [smallBytes, middleBytes, largeBytes] = [small * 1024, small * 4096, small * 8192];
  const large = (totalBytes - 4 * smallBytes - middleBytes) / largeBytes;
  const runs = [
    { count: Math.min(4, totalBytes / smallBytes), sizeBytes: smallBytes },
    { count: large < 0 ? 0 : 1, sizeBytes: middleBytes },
    { count: Math.max(0, large), sizeBytes: largeBytes },
  ];
  return runs.filter(({ count }) => count > 0);
}

interface Family {
  readonly soc: RegExp;
  /** In KiB, of the parts that the table is for. */
  readonly sizes: readonly number[];
  readonly sectors: (totalBytes: number) => SectorRun[];
  readonly from: string;
}

const small = (totalBytes: number): SectorRun[] => rising(16, totalBytes);
const twoBanks = (totalBytes: number): SectorRun[] => [
  ...rising(16, totalBytes / 2),
  ...rising(16, totalBytes / 2),
];

/**
 * STM32 whose sectors differ in size, which no devicetree says. Left out are those whose option bytes choose
 * between one bank and two: F42x, F43x, F469 and F479 with less than 2 MiB (DB1M), F76x and F77x (nDBANK).
 */
const FAMILIES: readonly Family[] = [
  { soc: /^stm32f2[01][57]/, sizes: [1024], sectors: small, from: 'PM0059 table 10' },
  { soc: /^stm32f401/, sizes: [128, 256, 384, 512], sectors: small, from: 'RM0368 table 5' },
  { soc: /^stm32f4(?:05|07|15|17)/, sizes: [512, 1024], sectors: small, from: 'RM0090 table 5' },
  { soc: /^stm32f410/, sizes: [64, 128], sectors: small, from: 'RM0401 table 5' },
  { soc: /^stm32f411/, sizes: [256, 512], sectors: small, from: 'RM0383 table 4' },
  { soc: /^stm32f412/, sizes: [512, 1024], sectors: small, from: 'RM0402 table 5' },
  { soc: /^stm32f4[12]3/, sizes: [1024, 1536], sectors: small, from: 'RM0430 table 5' },
  { soc: /^stm32f4[23][79]/, sizes: [2048], sectors: twoBanks, from: 'RM0090 table 6' },
  { soc: /^stm32f446/, sizes: [256, 512], sectors: small, from: 'RM0390 table 4' },
  { soc: /^stm32f4[67]9/, sizes: [2048], sectors: twoBanks, from: 'RM0386 table 4' },
  { soc: /^stm32f7[23]/, sizes: [256, 512], sectors: small, from: 'RM0431 table 3' },
  { soc: /^stm32f730/, sizes: [64], sectors: small, from: 'RM0431 table 4' },
  {
    soc: /^stm32f7(?:45|46|50|56)/,
    sizes: [64, 1024],
    sectors: (totalBytes) => rising(32, totalBytes),
    from: 'RM0385 table 3',
  },
];

/** The sectors of an STM32 of that name and size; undefined for those that are not known to have one table. */
export function stm32Sectors(soc: string, flashBytes: number): SectorTable | undefined {
  const family = FAMILIES.find(
    (each) => each.soc.test(soc.toLowerCase()) && each.sizes.includes(flashBytes / 1024),
  );
  return family && { sectors: family.sectors(flashBytes), from: family.from };
}
