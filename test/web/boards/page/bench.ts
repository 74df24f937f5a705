// A page that has the site's boards and nothing else: what a test does with them is told to it from outside.
import { firmwareTarget, boardModel } from 'dfukit/board';
import { connect, download, flashFile, scan } from 'dfukit/host';
import { timerClock } from 'dfukit/usb';
import { catalogue, startsOf } from '../../../../web/boards/catalogue.ts';
import { startBoard } from '../../../../web/boards/start-board.ts';

const clock = timerClock(globalThis);

/** All that the tests use. */
const bench = {
  boardModel,
  catalogue,
  clock,
  connect,
  download,
  firmwareTarget,
  flashFile,
  scan,
  startBoard,
  startsOf,
};

export type Bench = typeof bench;

Object.assign(globalThis, { bench });
