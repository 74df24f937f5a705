import { firmwareImage } from '../../board/index.ts';
import { loadExample } from '../../board/node/index.ts';
import { connect, download } from '../../host/index.ts';
import { detach, isAttached, isConsoleWith, list, onStage } from './stage.ts';
import type { Stage, Tour } from './stage.ts';

/** riotboot's two slots: flashed, booted, asked back, flashed again. */
export async function tourRiotboot(tour: Tour): Promise<void> {
  tour.guide.chapter('A particle-xenon without firmware is switched on');
  await onStage(tour, { boardName: 'particle-xenon' }, show);
}

async function show(stage: Stage): Promise<void> {
  const { board, clock, events, guide } = stage;
  await list(stage);
  guide.chapter('hello-world, version 1, goes into slot 0; the board boots it');
  await flash(stage, { name: 'hello-world', slot: 0, version: 1 });
  await events.until('run-time USB', isAttached('1209:7d00'));
  await list(stage);

  guide.chapter('The host asks it back into DFU mode, as dfu-util -e does');
  await detach(stage);

  guide.chapter('saul, version 2, goes into the other slot; of two valid slots the newer boots');
  await flash(stage, { name: 'saul', slot: 1, version: 2 });
  await events.until('the shell', isConsoleWith('Welcome'));
  for (const line of ['saul', 'saul read 4', 'saul write 1 1']) {
    guide.hostSays(`types "${line}" on the board's console`);
    board.input(line);
    await events.quiet(clock);
  }

  guide.chapter('Power off, power on: what is in flash is what runs');
  board.powerCut();
  board.powerOn();
  await events.until('the shell', isConsoleWith('Welcome'));
}

interface Firmware {
  readonly name: string;
  readonly slot: number;
  readonly version: number;
}

async function flash(
  { bus, clock, board, events, guide }: Stage,
  firmware: Firmware,
): Promise<void> {
  const { name, slot, version } = firmware;
  const payload = loadExample(name, { modules: ['usbus_dfu'] });
  const { model } = board;
  const image = firmwareImage(payload, { model, bootloader: 'riotboot_dfu', slot, version });
  const session = await connect(bus, {
    clock,
    selection: { alternate: slot },
    onEvent: guide.tell,
  });
  try {
    await download(session, image, { onEvent: guide.tell });
  } finally {
    await session.close();
  }
  await events.until('the new firmware', (event) => event.type === 'boot' && event.slot === slot);
}
