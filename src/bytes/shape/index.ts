export {
  eitherShape,
  listShape,
  madeShape,
  may,
  namedShape,
  need,
  objectShape,
  recordShape,
  schemaDocument,
  usual,
} from './compounds.ts';
export type { KeysOf, NeededKey, ObjectOf, OptionalKey, ShapeKeys, UsualKey } from './compounds.ts';
export {
  amountShape,
  choiceShape,
  flagShape,
  nothingShape,
  numberChoiceShape,
  refusedShape,
  shownShape,
  textShape,
  wholeShape,
} from './scalars.ts';
export { pathText, readShape, refuse } from './shape.ts';
export type { JsonSchema, Shape, ShapePath, ShapePlace } from './shape.ts';
