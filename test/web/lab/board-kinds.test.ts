import { expect, test } from 'vitest';
import { machineCode } from '../../support/machine-code.ts';
import { expectSound } from '../site.ts';
import { KEEPS_WORKERS, workersOf } from '../workers.ts';
import { LONG, chooseSample, flash, lab, says } from './board-page.ts';

/** Without a bootloader in it a flash may be one range. */
const PLAIN = { ranges: 1 } as const;

test('a board with the loader of STMicroelectronics is flashed to the end: DfuSe', async (context) => {
  const { page, decision, flasherSays, faults } = await lab(
    context,
    '?board=stm32f072b_disco',
    PLAIN,
  );
  await says(page.locator('#board'), '1209:0001');
  await chooseSample(page, 'hello-world');
  await flash(page);
  // Behind a detach it is in DFU mode, and only then says what it has.
  await says(page.locator('dfu-flasher'), 'It fits into the memory that the device tells of.');
  await flash(page);
  await page.locator('lab-transfers .row', { hasText: 'DFU_DNLOAD block' }).first().waitFor(LONG);
  await page.locator('dfu-flasher').getByText('Start again').waitFor(LONG);
  await says(flasherSays, /runs|acknowledged|[Dd]one/);
  await says(decision, 'the application runs');
  await says(page.locator('lab-console .log'), 'Hello World!');
  expect(faults).toEqual([]);
});

test('a board that takes nothing by USB: the files to try go into its flash by the programmer', async (context) => {
  const visited = await lab(context, '?board=rpi_pico&start=empty', PLAIN);
  const { page, decision, problem } = visited;
  const flashPart = page.locator('#flash');
  await says(page.locator('#flasher'), 'Nothing on this board takes updates by USB');
  const before = await flashPart.textContent();
  await page.locator('.samples').getByRole('button', { name: 'hello-world' }).click();
  await says(decision, 'the application runs');
  await says(page.locator('lab-console .log'), 'Hello World!');
  await expect.poll(() => flashPart.textContent(), LONG).not.toBe(before);
  expect(await problem.count()).toBe(0);
  await page.getByLabel('Board', { exact: true }).selectOption('particle-xenon');
  await page.getByLabel('Bootloader').selectOption('riotboot');
  await says(page.locator('#flasher'), 'no bootloader with a DFU mode (riotboot)');
  await says(decision, 'slot 0');
  await page.locator('dfu-flasher').getByRole('button', { name: 'Connect' }).click(LONG);
  const none =
    /Nothing at the board’s USB connector speaks DFU\. No bootloader of this board takes/;
  await says(page.locator('dfu-flasher'), none);
  await page.getByRole('button', { name: 'Show the programmer' }).click(LONG);
  await page.getByRole('button', { name: 'Save the flash as a file' }).waitFor(LONG);
  await expectSound(visited);
});

test('machine code of one’s own goes through the programmer, and runs', async (context) => {
  const query = '?board=stm32f072b_disco&start=empty';
  const { page, decision, problem, faults } = await lab(context, query, PLAIN);
  await page.locator('.programmer summary').click();
  await page.getByLabel('Firmware', { exact: true }).setInputFiles({
    name: 'mine.bin',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(machineCode(0x0800_0000)),
  });
  await page.getByRole('button', { name: 'Program', exact: true }).click();
  await says(decision, 'the application runs');
  await says(page.locator('lab-console .log'), /machine code/i);
  expect(await problem.count()).toBe(0);
  expect(faults).toEqual([]);
});

test('the worker of a board that dies is told in a sentence, and another board is made', async (context) => {
  const { page, decision, problem, faults } = await lab(context, '', { before: KEEPS_WORKERS });
  await page.evaluate(() => {
    const { keptWorkers } = globalThis as unknown as { keptWorkers: readonly Worker[] };
    keptWorkers.at(-1)?.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }));
  });
  await says(problem, 'The board has stopped: the board’s worker has failed: out of memory');
  await expect.poll(() => workersOf(page)).toMatchObject({ left: 0 });
  await page.getByRole('button', { name: 'Begin anew' }).click();
  await says(decision, 'After power-on the application of slot 0');
  expect(await problem.count()).toBe(0);
  expect(faults).toEqual([]);
});
