/**
 * Areas: what a plan shows besides seats (a stage, a bar, a wall, a caption). The format has changed over the years:
 * older files give an area `width`, `height` and a plain `text`; newer ones a `shape` with its own object, and a
 * `text` with position, colour and size. Both are read.
 */
import {
  color,
  type Fields,
  fields,
  isAbsent,
  list,
  MAX_EXTENT,
  number,
  optionalNumber,
  optionalPoint,
  optionalText,
  PlanError,
  type Point,
  place,
  point,
  shown,
} from './plan-fields.ts';

/** Drawn from the area's `x,y`: a rectangle to the right and down, circle and ellipse around it, points relative to it. */
export type PlanShape =
  | { kind: 'rectangle'; width: number; height: number }
  | { kind: 'circle'; radius: number }
  | { kind: 'ellipse'; radiusX: number; radiusY: number }
  | { kind: 'polygon'; points: Point[] }
  | { kind: 'text' };

/** `x,y` is the middle of the text, relative to the area and turned with it. */
export interface PlanText {
  text: string;
  x: number;
  y: number;
  size: number;
  color: string;
}

export interface PlanArea {
  /** Absolute, in plan units. */
  x: number;
  y: number;
  /** Degrees clockwise around `x,y`. */
  rotation: number;
  shape: PlanShape;
  color: string;
  borderColor: string;
  text: PlanText | null;
}

const MAX_POINTS = 1000;
const DEFAULT_COLOR = '#888888';
const DEFAULT_TEXT_SIZE = 16;
const SHAPES = ['rectangle', 'circle', 'ellipse', 'polygon', 'text'] as const;

export function readArea(value: unknown, path: string, origin: Point): PlanArea {
  const source = fields(value, path);
  const position = optionalPoint(source['position'], `${path}.position`);
  const shape = readShape(source, path);
  const fill = color(source, 'color', path, DEFAULT_COLOR);
  return {
    x: origin.x + position.x,
    y: origin.y + position.y,
    rotation: optionalNumber(source, 'rotation', path, -MAX_EXTENT, MAX_EXTENT, 0) % 360,
    shape,
    color: fill,
    borderColor: color(source, 'border_color', path, DEFAULT_COLOR),
    text: readText(source, path, shape, fill),
  };
}

function readShape(source: Fields, path: string): PlanShape {
  const kind = source['shape'];
  if (isAbsent(kind)) {
    if (isAbsent(source['width']) && !isAbsent(source['text'])) return { kind: 'text' };
    return readRectangle(source, path);
  }
  const known = SHAPES.find((shape) => shape === kind);
  if (known === undefined) {
    throw new PlanError(`${path}.shape`, `found ${shown(kind)}; ${SHAPES.join(', ')} are allowed`);
  }
  if (known === 'text') return { kind: 'text' };

  const inner = `${path}.${known}`;
  const details = fields(source[known], inner);
  switch (known) {
    case 'rectangle':
      return readRectangle(details, inner);
    case 'circle':
      return { kind: 'circle', radius: number(details, 'radius', inner, 0, MAX_EXTENT) };
    case 'ellipse': {
      const radius = fields(details['radius'], `${inner}.radius`);
      return {
        kind: 'ellipse',
        radiusX: number(radius, 'x', `${inner}.radius`, 0, MAX_EXTENT),
        radiusY: number(radius, 'y', `${inner}.radius`, 0, MAX_EXTENT),
      };
    }
    case 'polygon': {
      const points = list(details, 'points', inner, MAX_POINTS);
      return { kind: 'polygon', points: points.map((corner, i) => point(corner, `${inner}.points[${i}]`)) };
    }
  }
}

function readRectangle(source: Fields, path: string): PlanShape {
  return {
    kind: 'rectangle',
    width: number(source, 'width', path, 0, MAX_EXTENT),
    height: number(source, 'height', path, 0, MAX_EXTENT),
  };
}

function readText(source: Fields, path: string, shape: PlanShape, fill: string): PlanText | null {
  const value = source['text'];
  const contrast = shape.kind === 'text' ? '#333333' : readableOn(fill);
  if (isAbsent(value)) return null;
  if (typeof value === 'string') {
    const text = optionalText(source, 'text', path);
    if (text === '') return null;
    return { text, ...middleOf(shape), size: DEFAULT_TEXT_SIZE, color: contrast };
  }
  const inner = place(path, 'text');
  const details = fields(value, inner);
  const text = optionalText(details, 'text', inner);
  if (text === '') return null;
  return {
    text,
    ...optionalPoint(details['position'], `${inner}.position`),
    size: optionalNumber(details, 'size', inner, 1, 1000, DEFAULT_TEXT_SIZE),
    color: color(details, 'color', inner, contrast),
  };
}

function middleOf(shape: PlanShape): Point {
  return shape.kind === 'rectangle' ? { x: shape.width / 2, y: shape.height / 2 } : { x: 0, y: 0 };
}

/** White on dark, near black on light: by the usual weights of red, green and blue for the eye. */
function readableOn(hex: string): string {
  const digits = hex.slice(1);
  const channels =
    digits.length < 6 ? [...digits].map((digit) => digit + digit) : (digits.match(/../g) ?? []);
  const [red = 0, green = 0, blue = 0] = channels.map((channel) => Number.parseInt(channel, 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue < 140 ? '#ffffff' : '#222222';
}
