import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readBoardFile } from '../models/board-file.ts';
import type { BoardAnswers } from './answers.ts';
import type { ImportedBoard } from './imported-board.ts';
import type { BuildText } from './text-file.ts';
import { importZephyr } from './zephyr-build.ts';

const builds = join(import.meta.dirname, '../../../test/fixtures/builds');

/** What replaces what in a file of a build. */
type Edits = readonly (readonly [string | RegExp, string])[];

interface Asked {
  /** In both devicetrees. */
  readonly tree?: Edits;
  /** In the application's devicetree alone. */
  readonly ownTree?: Edits;
  readonly application?: Edits;
  /** `none`: MCUboot was not built. */
  readonly mcuboot?: Edits | 'none';
  readonly partitions?: string;
  readonly answers?: BoardAnswers;
  readonly keyAt?: (path: string) => string | undefined;
}

function file(path: string, edits: Edits = []): BuildText {
  let text = readFileSync(join(builds, path), 'utf8');
  for (const [from, to] of edits) {
    expect(text).toMatch(from);
    text = text.replaceAll(typeof from === 'string' ? from : new RegExp(from, 'g'), to);
  }
  return { name: path.replace(/^\w+\//, ''), text };
}

/** Imports the nRF52840 build with these changes. */
function imported(asked: Asked = {}): ImportedBoard {
  const { tree = [], ownTree = [], application, mcuboot = [], partitions, answers = {} } = asked;
  const name = 'nrf52840dk';
  return importZephyr(
    {
      devicetree: file(`${name}/hello/zephyr/zephyr.dts`, [...tree, ...ownTree]),
      configuration: file(`${name}/hello/zephyr/.config`, application),
      mcuboot:
        mcuboot === 'none'
          ? undefined
          : {
              configuration: file(`${name}/mcuboot/zephyr/.config`, mcuboot),
              devicetree: file(`${name}/mcuboot/zephyr/zephyr.dts`, tree),
            },
      partitions: partitions === undefined ? undefined : { name: 'pm.config', text: partitions },
    },
    answers,
    asked.keyAt ?? ((path) => path),
  );
}

const on = (symbol: string): Edits[number] => [/$/, `\n${symbol}=y\n`];

describe('a Zephyr build', () => {
  test('says all that a board needs, and where it stands', () => {
    const { file: board, findings, doubts } = imported();
    expect(readBoardFile(board)).toMatchObject({
      name: 'nrf52840dk',
      flash: { sectors: [{ count: 256, sizeBytes: 4096 }], writeUnitBytes: 4, erasedValue: 0xff },
      ram: { baseAddress: 0x20000000, sizeBytes: 0x40000 },
      zephyr: {
        target: 'nrf52840dk/nrf52840',
        romStartOffset: 0x200,
        slots: [{ offsetBytes: 0xc000 }, { offsetBytes: 0x82000, sizeBytes: 0x76000 }],
      },
      mcuboot: { mode: 'swap-using-offset', maxSectors: 118, signature: 'rsa-2048' },
      buttons: [{ name: 'sw0', pin: 'P0.11', closesTo: 'ground', mode: 'GPIO_IN_PU' }],
    });
    expect(findings).toContainEqual({
      what: 'sectors',
      value: '256x4K',
      from: 'mcuboot/zephyr/zephyr.dts:81',
    });
    expect(doubts).toEqual([]);
  });

  test.each([
    ['CONFIG_BOOT_SWAP_USING_MOVE', 'swap-using-move'],
    ['CONFIG_BOOT_UPGRADE_ONLY', 'overwrite-only'],
    ['CONFIG_BOOT_DIRECT_XIP', 'direct-xip'],
  ])('%s is %s, and an application for another mode is told', (symbol, mode) => {
    const edits: Edits = [
      [`# ${symbol} is not set`, ''],
      ['CONFIG_BOOT_SWAP_USING_OFFSET=y', `${symbol}=y`],
    ];
    const { file: board, doubts } = imported({ mcuboot: edits });
    expect(readBoardFile(board).mcuboot).toMatchObject({ mode });
    expect(doubts).toEqual([
      `the application is built for swap-using-offset (hello/zephyr/.config:38), MCUboot is ${mode}`,
    ]);
  });

  test('swap using scratch needs its partition', () => {
    const mcuboot: Edits = [
      ['# CONFIG_BOOT_SWAP_USING_SCRATCH is not set', ''],
      ['CONFIG_BOOT_SWAP_USING_OFFSET=y', 'CONFIG_BOOT_SWAP_USING_SCRATCH=y'],
    ];
    expect(() => imported({ mcuboot })).toThrow('no partition scratch_partition (mcuboot/zephyr/');
    const tree: Edits = [
      ['storage_partition:', 'scratch_partition:'],
      ['label = "storage"', 'label = "image-scratch"'],
    ];
    expect(readBoardFile(imported({ mcuboot, tree }).file).zephyr).toMatchObject({
      scratch: { offsetBytes: 0xf8000, sizeBytes: 0x8000 },
    });
  });

  test('with revert, direct-xip is another mode', () => {
    const edits: Edits = [
      [
        'CONFIG_BOOT_SWAP_USING_OFFSET=y',
        'CONFIG_BOOT_DIRECT_XIP=y\nCONFIG_BOOT_DIRECT_XIP_REVERT=y',
      ],
      ['# CONFIG_BOOT_DIRECT_XIP is not set', ''],
    ];
    expect(imported({ mcuboot: edits }).file.mcuboot?.mode).toBe('direct-xip-with-revert');
  });

  test('what MCUboot is built with besides', () => {
    const mcuboot: Edits = [
      ['CONFIG_BOOT_MAX_IMG_SECTORS_AUTO=y', 'CONFIG_BOOT_MAX_IMG_SECTORS=200'],
      ['CONFIG_BOOT_VALIDATE_SLOT0=y', '# CONFIG_BOOT_VALIDATE_SLOT0 is not set'],
      ['CONFIG_MCUBOOT_BOOT_MAX_ALIGN=4', 'CONFIG_MCUBOOT_BOOT_MAX_ALIGN=16'],
      on('CONFIG_BOOT_BOOTSTRAP'),
      on('CONFIG_BOOT_VERSION_CMP_USE_BUILD_NUMBER'),
      on('CONFIG_MCUBOOT_DOWNGRADE_PREVENTION'),
    ];
    expect(readBoardFile(imported({ mcuboot }).file).mcuboot).toMatchObject({
      maxSectors: 200,
      validatePrimary: false,
      maxAlign: 16,
      bootstrap: true,
      compareBuildNumber: true,
      downgradePrevention: 'version',
    });
  });

  test('a build without signatures asks for no key', () => {
    const mcuboot: Edits = [
      ['CONFIG_BOOT_SIGNATURE_TYPE_RSA=y', 'CONFIG_BOOT_SIGNATURE_TYPE_NONE=y'],
      ['# CONFIG_BOOT_SIGNATURE_TYPE_NONE is not set', ''],
    ];
    const { file: board } = imported({ mcuboot, keyAt: () => undefined });
    expect(board.mcuboot).toMatchObject({ signature: 'none' });
    expect(board.mcuboot?.keys).toBeUndefined();
  });

  test('without MCUboot the application starts by itself', () => {
    const application: Edits = [
      ['CONFIG_BOOTLOADER_MCUBOOT=y', '# CONFIG_BOOTLOADER_MCUBOOT is not set'],
      ['CONFIG_FLASH_LOAD_OFFSET=0xc000', 'CONFIG_FLASH_LOAD_OFFSET=0x0'],
    ];
    const { file: board } = imported({ application, mcuboot: 'none' });
    expect(readBoardFile(board).bootloaders).toEqual(['none']);
    expect(board.zephyr).toBeUndefined();
  });

  test('an image for the non-secure world starts in the RAM of the secure one', () => {
    const application: Edits = [on('CONFIG_TRUSTED_EXECUTION_NONSECURE')];
    const ownTree: Edits = [['reg = < 0x20000000 0x40000 >;', 'reg = < 0x20016000 0x2a000 >;']];
    const { file: board } = imported({ application, ownTree });
    expect(readBoardFile(board).ram).toEqual({ baseAddress: 0x20000000, sizeBytes: 0x40000 });
    const answers: BoardAnswers = { mode: 'swap-using-move' };
    const alone = (): ImportedBoard => imported({ application, ownTree, mcuboot: 'none', answers });
    expect(alone).toThrow('--ram  RAM, with that of the secure world, where the image starts (');
  });

  test('with the partitions of the partition manager, those of the devicetree are not used', () => {
    const application: Edits = [
      on('CONFIG_PARTITION_MANAGER_ENABLED'),
      ['CONFIG_ROM_START_OFFSET=0x200', ''],
    ];
    const partitions = `PM_MCUBOOT_ADDRESS=0x0
PM_MCUBOOT_SIZE=0xc000
PM_MCUBOOT_PAD_SIZE=0x200
PM_MCUBOOT_PRIMARY_ADDRESS=0xc000
PM_MCUBOOT_PRIMARY_SIZE=0x34000
PM_MCUBOOT_SECONDARY_ADDRESS=0x40000
PM_MCUBOOT_SECONDARY_SIZE=0x34000
PM_SETTINGS_STORAGE_ADDRESS=0xfe000
PM_SETTINGS_STORAGE_SIZE=0x2000
`;
    expect(readBoardFile(imported({ application, partitions }).file).zephyr).toMatchObject({
      romStartOffset: 0x200,
      slots: [
        { offsetBytes: 0xc000, sizeBytes: 0x34000 },
        { offsetBytes: 0x40000, sizeBytes: 0x34000 },
      ],
      storage: { offsetBytes: 0xfe000, sizeBytes: 0x2000 },
    });
    const far = partitions.replace('SECONDARY_ADDRESS=0x40000', 'SECONDARY_ADDRESS=0x0');
    expect(() => imported({ application, partitions: far })).toThrow(
      'slot1_partition in external flash, not in flash0 (pm.config:6)',
    );
    expect(() => imported({ application })).toThrow('a partition manager without its pm.config');
  });

  test('partitions in partitions count from the one that they are in', () => {
    const nest: Edits = [
      ['slot0_partition: partition@c000', 'outer: partition@c000'],
      [
        'reg = < 0xc000 0x76000 >;',
        `reg = < 0xc000 0x76000 >; compatible = "fixed-subpartitions";
         #address-cells = < 1 >; #size-cells = < 1 >; ranges = < 0 0xc000 0x76000 >;
         slot0_partition: partition@1000 { label = "x"; reg = < 0x1000 0x75000 >; };`,
      ],
    ];
    expect(imported({ tree: nest }).file.zephyr?.slots[0]).toEqual({
      offsetBytes: '0xd000',
      sizeBytes: '0x75000',
    });
  });

  test('a partition without a node label is found by its label', () => {
    const { file: board } = imported({ tree: [['slot1_partition: partition', 'partition']] });
    expect(board.zephyr?.slots[1]?.offsetBytes).toBe('0x82000');
  });

  test('MCUboot and application that disagree about a slot are told', () => {
    const ownTree: Edits = [['reg = < 0x82000 0x76000 >', 'reg = < 0x82000 0x70000 >']];
    expect(imported({ ownTree }).doubts).toEqual([
      'slot1_partition is 0x82000 to 0xf8000 for MCUboot and 0x82000 to 0xf2000 for the application; ' +
        "MCUboot's is taken",
    ]);
  });

  test('two images have two slots each', () => {
    const mcuboot: Edits = [
      ['CONFIG_UPDATEABLE_IMAGE_NUMBER=1', 'CONFIG_UPDATEABLE_IMAGE_NUMBER=2'],
    ];
    const tree: Edits = [
      ['label = "storage";', 'label = "image-2";'],
      ['storage_partition:', 'slot2_partition:'],
      ['reg = < 0xf8000 0x8000 >;', 'reg = < 0xf8000 0x4000 >;'],
    ];
    expect(() => imported({ mcuboot, tree })).toThrow('no partition slot3_partition (mcuboot/');
    const more: Edits = [
      [
        'reg = < 0xf8000 0x4000 >;',
        'reg = < 0xf8000 0x4000 >; }; slot3_partition: p@fc000 { reg = < 0xfc000 0x4000 >;',
      ],
    ];
    const { file: board } = imported({ mcuboot, tree: [...tree, ...more] });
    const model = readBoardFile(board);
    expect([model.zephyr?.slots.length, model.mcuboot?.images]).toEqual([4, 2]);
  });
});

describe('what a build does not say', () => {
  test('is asked for, all at once, each with its option', () => {
    const tree: Edits = [
      ['erase-block-size = < 0x1000 >;', ''],
      ['write-block-size = < 0x4 >;', ''],
      [/zephyr,sram = &sram0;/, ''],
    ];
    const application: Edits = [
      ['CONFIG_SRAM_BASE_ADDRESS=0x20000000', ''],
      ['CONFIG_ROM_START_OFFSET=0x200', ''],
      ['CONFIG_MCUBOOT_SIGNATURE_KEY_FILE="/workdir/bootloader/mcuboot/root-rsa-2048.pem"', ''],
    ];
    expect(() => imported({ tree, application, mcuboot: 'none' })).toThrow(
      `hello/zephyr/zephyr.dts: what the build does not say must be said:
  --sectors           sectors that can be erased, of 1024K of nrf52840; flash0 (hello/zephyr/zephyr.dts:79) says no erase-block-size
  --write-unit        bytes that are written at once; flash0 (hello/zephyr/zephyr.dts:79) says no write-block-size
  --rom-start-offset  bytes for the image header in front of the vectors; hello/zephyr/.config has none
  --algorithm         how MCUboot updates; no build of MCUboot is here (--mcuboot)
  --key               the key that MCUboot trusts
  --ram               RAM; hello/zephyr/zephyr.dts has no chosen zephyr,sram`,
    );
    const { file: board } = imported({
      tree,
      application,
      mcuboot: 'none',
      answers: {
        sectors: [{ sizeBytes: 8192 }],
        writeUnitBytes: 8,
        romStartOffset: 0x400,
        mode: 'swap-using-move',
        keys: ['k.pem'],
        ram: { baseAddress: 0x20000000, sizeBytes: 0x10000 },
      },
    });
    expect(readBoardFile(board)).toMatchObject({
      flash: { sectors: [{ count: 128, sizeBytes: 8192 }], writeUnitBytes: 8 },
      zephyr: { romStartOffset: 0x400 },
      mcuboot: { mode: 'swap-using-move', keys: ['k.pem'] },
      ram: { sizeBytes: 0x10000 },
    });
  });

  test('a key that is not where the build says is asked for by its name', () => {
    expect(() => imported({ keyAt: () => undefined })).toThrow(
      /--key {2}the key that MCUboot trusts; \/workdir\/.*\/root-rsa-2048\.pem is not there$/,
    );
  });

  test('sectors of several sizes are not guessed where an option byte decides', () => {
    const application: Edits = [['CONFIG_SOC="nrf52840"', 'CONFIG_SOC="stm32f767xx"']];
    const tree: Edits = [['erase-block-size = < 0x1000 >;', '']];
    expect(() => imported({ application, tree })).toThrow('--sectors  sectors that can be erased');
  });
});

describe('what no board here can have', () => {
  test('is refused by its names, all at once', () => {
    const mcuboot: Edits = [
      on('CONFIG_BOOT_RAM_LOAD'),
      on('CONFIG_BOOT_HW_KEY'),
      ['CONFIG_UPDATEABLE_IMAGE_NUMBER=1', 'CONFIG_UPDATEABLE_IMAGE_NUMBER=99999999'],
    ];
    expect(() => imported({ mcuboot })).toThrow(
      /a board here cannot have this:\n {2}MCUboot that loads images into RAM, CONFIG_BOOT_RAM_LOAD \(mcuboot\/zephyr\/\.config:\d+\)\n {2}MCUboot that has its keys from hardware, .*\n {2}99999999 images/,
    );
  });

  test('an alignment that no board has', () => {
    const mcuboot: Edits = [['MAX_ALIGN=4', 'MAX_ALIGN=512']];
    expect(() => imported({ mcuboot })).toThrow(
      /an alignment of 512, CONFIG_MCUBOOT_BOOT_MAX_ALIGN/,
    );
    expect(imported().file.mcuboot?.maxAlign).toBeUndefined();
  });

  test('a slot in another flash', () => {
    const tree: Edits = [
      ['slot1_partition: partition@82000', 'unused: partition@82000'],
      ['label = "image-1"', 'label = "x"'],
      [
        'leds {',
        `qspi { #address-cells = < 1 >; #size-cells = < 0 >; mx25: mx25@0 { reg = < 0 >;
         partitions { compatible = "fixed-partitions"; #address-cells = < 1 >; #size-cells = < 1 >;
         slot1_partition: partition@0 { reg = < 0 0x76000 >; }; }; }; }; leds {`,
      ],
    ];
    expect(() => imported({ tree })).toThrow(/slot1_partition in mx25 \(.*\), not in flash0/);
    const storage: Edits = tree.map(([from, to]) => [
      typeof from === 'string' ? from.replace('82000', 'f8000').replace('slot1', 'storage') : from,
      to.replace('82000', 'f8000').replace('slot1', 'storage'),
    ]);
    const { doubts } = imported({
      tree: storage.slice(2).concat([
        ['storage_partition: partition@f', 'unused: p@f'],
        ['label = "storage"', 'label = "x"'],
      ]),
    });
    expect(doubts).toEqual([
      expect.stringMatching(/^storage_partition in mx25 .*: it is left out$/),
    ]);
  });

  test('an application at an offset that nothing jumps to', () => {
    const application: Edits = [['CONFIG_BOOTLOADER_MCUBOOT=y', '']];
    expect(() => imported({ application, mcuboot: 'none' })).toThrow(
      'an application 0xc000 into the flash without MCUboot (hello/zephyr/.config:3)',
    );
  });

  test("TF-M's own MCUboot", () => {
    expect(() => imported({ application: [on('CONFIG_TFM_BL2')] })).toThrow(
      /TF-M's own MCUboot, CONFIG_TFM_BL2 \(hello\/zephyr\/\.config:\d+\)/,
    );
  });

  test('a processor that starts in another way', () => {
    const application: Edits = [
      ['CONFIG_CPU_CORTEX_M=y', ''],
      ['CONFIG_ARCH="arm"', 'CONFIG_ARCH="xtensa"'],
    ];
    expect(() => imported({ application })).toThrow(
      /a processor that is no Cortex-M: CONFIG_ARCH is xtensa \(hello\/zephyr\/\.config:\d+\)/,
    );
  });

  test('signatures of a kind that no image here has', () => {
    const mcuboot: Edits = [
      ['CONFIG_BOOT_SIGNATURE_TYPE_RSA=y', 'CONFIG_BOOT_SIGNATURE_TYPE_ML_DSA=y'],
    ];
    expect(() => imported({ mcuboot })).toThrow(
      'signatures of that kind, CONFIG_BOOT_SIGNATURE_TYPE_ML_DSA (mcuboot/zephyr/.config:14)',
    );
  });

  test("MCUboot's own build is not the application's", () => {
    expect(() => imported({ application: [on('CONFIG_MCUBOOT')] })).toThrow(
      "expected an application's build, got MCUboot's own",
    );
  });

  test('what differs from the device is said', () => {
    const mcuboot: Edits = [
      ['# CONFIG_BOOT_ENCRYPT_IMAGE is not set', 'CONFIG_BOOT_ENCRYPT_IMAGE=y'],
    ];
    expect(imported({ mcuboot }).doubts).toEqual([
      'CONFIG_BOOT_ENCRYPT_IMAGE (mcuboot/zephyr/.config:30): boards here decrypt no images: an encrypted update is refused',
    ]);
  });
});
