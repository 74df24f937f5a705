import type { DfuInterface } from './dfu-interface.ts';

/** What is known of devices that do not say the truth about themselves. */
interface Quirk {
  readonly vendors: readonly number[];
  /** First and last product id. */
  readonly products: readonly (readonly [number, number])[];
  /** Only this release. */
  readonly bcdDevice?: number | undefined;
  /** bwPollTimeout says nothing: so many ms instead. */
  readonly pollTimeMs?: number | undefined;
  /** bcdDFUVersion says DfuSe, and blocks are DFU's. */
  readonly dialect?: 'dfu' | undefined;
}

const QUIRKS: readonly Quirk[] = [
  // Openmoko's phones, whose firmware never sets bwPollTimeout.
  { vendors: [0x1d50, 0x1457], products: [[0x5117, 0x5126]], pollTimeMs: 5 },
  // OpenPCD, OpenPICC and SIMtrace: the same loader.
  {
    vendors: [0x16c0],
    products: [
      [0x0762, 0x0762],
      [0x076b, 0x076c],
    ],
    pollTimeMs: 5,
  },
  // Siemens PXM 40 and 50.
  { vendors: [0x0908], products: [[0x02c4, 0x02c5]], bcdDevice: 0, pollTimeMs: 5 },
  // M-Audio Transit.
  { vendors: [0x0763], products: [[0x2806, 0x2806]], pollTimeMs: 5 },
  // LeafLabs Maple, revisions 3 and 5.
  { vendors: [0x1eaf], products: [[0x0003, 0x0003]], bcdDevice: 0x0200, dialect: 'dfu' },
];

function quirksOf({ idVendor, idProduct, bcdDevice }: DfuInterface): Quirk[] {
  return QUIRKS.filter(
    ({ vendors, products, bcdDevice: only = bcdDevice }) =>
      vendors.includes(idVendor) &&
      only === bcdDevice &&
      products.some(([first, last]) => idProduct >= first && idProduct <= last),
  );
}

/** How long to wait between two questions to a device whose bwPollTimeout says nothing, in ms. */
export function pollTimeOf(entry: DfuInterface): number | undefined {
  return quirksOf(entry).find(({ pollTimeMs }) => pollTimeMs !== undefined)?.pollTimeMs;
}

/** What a device speaks that says something else. */
export function dialectQuirkOf(entry: DfuInterface): 'dfu' | undefined {
  return quirksOf(entry).find(({ dialect }) => dialect !== undefined)?.dialect;
}
