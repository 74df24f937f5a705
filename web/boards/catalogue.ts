/** What can be in a board's flash when it is made. */
interface Start {
  readonly id: string;
  readonly title: string;
  /** What there is to be seen, in a sentence. */
  readonly about: string;
}

/** A board that can be had by name. */
interface CatalogueBoard {
  readonly name: string;
  readonly title: string;
  readonly chip: string;
  /** Its bootloaders, the usual one first, as an order has them. */
  readonly bootloaders: readonly string[];
}

/** The boards of the package's catalogue: what a page needs to know of them before there is one. */
export const catalogue: readonly CatalogueBoard[] = [
  {
    name: 'particle-xenon',
    title: 'Particle Xenon',
    chip: 'nRF52840',
    bootloaders: ['riotboot_dfu', 'riotboot', 'mcuboot'],
  },
  {
    name: 'reel_board',
    title: 'PHYTEC reel board',
    chip: 'nRF52840',
    bootloaders: ['mcuboot', 'none'],
  },
  {
    name: 'nucleo_u575zi_q',
    title: 'ST Nucleo-U575ZI-Q',
    chip: 'STM32U575',
    bootloaders: ['mcuboot'],
  },
  {
    name: 'stm32f072b_disco',
    title: 'ST 32F072B Discovery',
    chip: 'STM32F072',
    bootloaders: ['stm32-rom'],
  },
  {
    name: 'rpi_pico',
    title: 'Raspberry Pi Pico',
    chip: 'RP2040',
    bootloaders: ['flash', 'mcuboot', 'riotboot'],
  },
];

const empty: Start = {
  id: 'empty',
  title: 'Nothing',
  about: 'The flash is as it left the factory; what the bootloader does then is to be seen.',
};

const starts: Readonly<Record<string, readonly Start[]>> = {
  riotboot: [
    {
      id: 'application',
      title: 'An application in slot 0',
      about: 'hello-world, version 1, starts, and can be asked into DFU mode where there is one.',
    },
    {
      id: 'two-versions',
      title: 'An application in each slot',
      about: 'Of saul, version 1, and hello-world, version 2, the newer one starts.',
    },
    {
      id: 'damaged',
      title: 'The newer application is damaged',
      about: 'The header of version 2 does not hold; version 1 starts.',
    },
    empty,
  ],
  mcuboot: [
    {
      id: 'application',
      title: 'An application in the first slot',
      about: 'Zephyr’s USB DFU sample, version 1.0.0, signed, starts and takes updates by USB.',
    },
    {
      id: 'update-pending',
      title: 'An update is waiting',
      about:
        'Version 2.0.0 is in the second slot, to be tried at the next start: nobody confirms it, so the one after goes back.',
    },
    {
      id: 'foreign-update',
      title: 'An update that is signed by somebody else',
      about: 'It is in the second slot and waits to be tried; MCUboot refuses and erases it.',
    },
    empty,
  ],
  plain: [
    {
      id: 'application',
      title: 'An application',
      about: 'It starts from the beginning of the flash.',
    },
    empty,
  ],
};

/** Which kind of starts a bootloader has. */
export function startKindOf(bootloader: string): 'riotboot' | 'mcuboot' | 'plain' {
  if (bootloader.startsWith('riotboot')) return 'riotboot';
  return bootloader.startsWith('mcuboot') ? 'mcuboot' : 'plain';
}

/** What can be in the flash of a board with that bootloader (`NAME` or `NAME:MODE`), the usual thing first. */
export function startsOf(bootloader: string): readonly Start[] {
  return starts[startKindOf(bootloader)] ?? [empty];
}
