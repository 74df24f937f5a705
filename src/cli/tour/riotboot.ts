import { firmwareImage } from '../../board/index.ts';
import { loadExample } from '../../board/node/index.ts';
import { connect, download } from '../../host/index.ts';
import {
  chapter,
  detach,
  hostSays,
  isAttached,
  isConsoleWith,
  list,
  onStage,
  tell,
} from './stage.ts';
import type { Stage } from './stage.ts';

/** riotboot's two slots: flashed, booted, asked back, flashed again. */
export async function tourRiotboot(): Promise<void> {
  chapter('A particle-xenon without firmware is switched on');
  await onStage('particle-xenon', undefined, show);
}

async function show(stage: Stage): Promise<void> {
  const { board, clock, events } = stage;
  await list(stage);
  chapter('hello-world, version 1, goes into slot 0; the board boots it');
  await flash(stage, { name: 'hello-world', slot: 0, version: 1 });
  await events.until('run-time USB', isAttached('1209:7d00'));
  await list(stage);

  chapter('The host asks it back into DFU mode, as dfu-util -e does');
  await detach(stage);

  chapter('saul, version 2, goes into the other slot; of two valid slots the newer boots');
  await flash(stage, { name: 'saul', slot: 1, version: 2 });
  await events.until('the shell', isConsoleWith('Welcome'));
  for (const line of ['saul', 'saul read 4', 'saul write 1 1']) {
    hostSays(`types "${line}" on the board's console`);
    board.input(line);
    await events.quiet(clock);
  }

  chapter('Power off, power on: what is in flash is what runs');
  board.powerCut();
  board.powerOn();
  await events.until('the shell', isConsoleWith('Welcome'));
}

interface Firmware {
  readonly name: string;
  readonly slot: number;
  readonly version: number;
}

async function flash({ bus, clock, board, events }: Stage, firmware: Firmware): Promise<void> {
  const { name, slot, version } = firmware;
  const payload = loadExample(name, { modules: ['usbus_dfu'] });
  const { model } = board;
  const image = firmwareImage(payload, { model, bootloader: 'riotboot_dfu', slot, version });
  const session = await connect(bus, { clock, selection: { alternate: slot }, onEvent: tell });
  try {
    await download(session, image, { onEvent: tell });
  } finally {
    await session.close();
  }
  await events.until('the new firmware', (event) => event.type === 'boot' && event.slot === slot);
}
