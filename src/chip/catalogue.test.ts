import { expect, test } from 'vitest';
import { chipModel } from './catalogue.ts';

test.each([
  ['RP2040', 'RP2040'],
  ['rp2040', 'RP2040'],
  ['STM32F072', 'STM32F072'],
  ['stm32f072rb', 'STM32F072'],
  ['nRF52840', undefined],
  ['STM32F0', undefined],
])('the model of %s is %s', (name, model) => {
  expect(chipModel(name)?.name).toBe(model);
});
