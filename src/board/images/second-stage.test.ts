import { expect, test } from 'vitest';
import { MemoryFlash } from '../../flash/index.ts';
import { vectorsAt } from '../bootloaders/none/second-stage.ts';
import { boardModel } from '../models/catalogue.ts';
import { programSecondStage } from './second-stage.ts';

const pico = boardModel('rpi_pico');

test('a second stage is one to the ROM, and is put where nothing is', () => {
  const flash = new MemoryFlash(pico.flash);
  programSecondStage(pico, flash);
  expect([vectorsAt(flash), flash.operations]).toEqual([256, 1]);
  programSecondStage(pico, flash);
  expect(flash.operations).toBe(1);
});

test.each([
  ['something stands there', pico, Uint8Array.of(1)],
  ['the chip wants none', boardModel('reel_board'), undefined],
])('none is where %s', (_, model, contents) => {
  const flash = new MemoryFlash(model.flash, contents);
  programSecondStage(model, flash);
  expect(flash.operations).toBe(0);
});
