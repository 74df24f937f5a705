/** The slot that an area of flash is by its name, in RIOT's or Zephyr's words; undefined for one that is no slot. */
export function slotOfArea(name: string): number | undefined {
  const [, digits] = /^(?:slot|image-)(\d)$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
