import { defineConfig } from 'vitest/config';

/** Least coverage of a room's statements, in percent, by the tests that stand beside its sources. */
const floors = {
  bytes: 90,
  usb: 90,
  dfu: 90,
  host: 90,
  flasher: 90,
  gang: 90,
  manifest: 90,
  flow: 90,
  trace: 90,
  device: 90,
  flash: 90,
  chip: 90,
  image: 90,
  boot: 90,
  lab: 90,
  link: 90,
  board: 90,
  testing: 90,
  cli: 90,
};

/**
 * What is carried as a text and runs in a process or thread of its own, where nobody counts statements. The tests of the
 * runners run all of it.
 */
const elsewhere = [
  'process-program',
  'bare-process',
  'firmware-world',
  'worker-program',
  'machine-thread',
]
  .map((name) => `src/board/node/${name}.ts`)
  .concat(
    ['bare-worker', 'firmware-imports', 'firmware-worker'].map(
      (name) => `src/board/web/${name}.ts`,
    ),
  );

const kernel = 'test/kernel/**/*.test.ts';
const consumer = 'test/package/**/*.test.ts';
const site = 'test/web/**/*.test.ts';
const slow = '{src,test}/**/*.slow.test.ts';

/**
 * No limit here tells anything about the code: a machine that is busy with something else needs many times what an idle
 * one does. They end what hangs. Suites that start machines and browsers of their own run one after the other.
 */
export default defineConfig({
  test: {
    coverage: {
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts', ...elsewhere],
      reporter: ['text-summary', 'json-summary'],
      reportsDirectory: 'node_modules/.cache/dfukit/coverage',
      thresholds: Object.fromEntries(
        Object.entries(floors).map(([room, statements]) => [`src/${room}/**/*.ts`, { statements }]),
      ),
    },
    projects: [
      {
        test: {
          name: 'beside',
          include: ['src/**/*.test.ts'],
          exclude: [slow],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'across',
          include: ['test/**/*.test.ts', slow],
          exclude: [kernel, consumer, site],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'package',
          include: [consumer],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'web',
          include: [site],
          globalSetup: 'test/web/setup.ts',
          fileParallelism: false,
          expect: { poll: { timeout: 60_000 } },
          testTimeout: 600_000,
          hookTimeout: 600_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'kernel',
          include: [kernel],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
