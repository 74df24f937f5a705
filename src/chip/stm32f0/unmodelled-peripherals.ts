/** Peripherals that the chip has and the model does not: firmware that uses one of them is told its name. */
export const unmodelledPeripherals: ReadonlyMap<number, string> = new Map([
  [0x40003800, 'SPI2'],
  [0x40005400, 'I2C1'],
  [0x40005800, 'I2C2'],
  [0x40006400, 'CAN'],
  [0x40007400, 'DAC'],
  [0x40007800, 'CEC'],
  [0x40012400, 'ADC'],
  [0x40013000, 'SPI1'],
  [0x40020000, 'DMA1'],
  [0x40020400, 'DMA2'],
  [0x40024000, 'TSC'],
]);
