/**
 * Colours of seating plans were chosen for white paper. Here they keep their hue but get a lightness that
 * stands out from the page, in the dark look and in the light one. Lightness as the eye sees it: Oklab
 * (https://bottosson.github.io/posts/oklab/).
 */
export interface Rgb {
  /** 0 to 1. */
  red: number;
  green: number;
  blue: number;
}

/** "#rgb" or "#rrggbb" (an alpha is ignored); grey for anything else. */
export function parseHex(hex: string): Rgb {
  const digits = hex.startsWith('#') ? hex.slice(1) : '';
  const pairs =
    digits.length === 3 || digits.length === 4
      ? [...digits].map((digit) => digit + digit)
      : (digits.match(/../g) ?? []);
  const [red = 128, green = 128, blue = 128] = pairs.map((pair) => Number.parseInt(pair, 16));
  return { red: red / 255, green: green / 255, blue: blue / 255 };
}

export function toHex({ red, green, blue }: Rgb): string {
  const byte = (value: number) =>
    Math.round(Math.max(0, Math.min(1, value)) * 255)
      .toString(16)
      .padStart(2, '0');
  return `#${byte(red)}${byte(green)}${byte(blue)}`;
}

const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const gamma = (value: number) => (value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055);

type Lab = [lightness: number, a: number, b: number];

function toLab(rgb: Rgb): Lab {
  const [r, g, b] = [linear(rgb.red), linear(rgb.green), linear(rgb.blue)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromLab([lightness, a, b]: Lab): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return {
    red: gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    green: gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    blue: gamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  };
}

/** 0 black to 1 white. */
export const lightness = (hex: string): number => toLab(parseHex(hex))[0];

/** The same hue with its lightness between `low` and `high`; dull colours get a little more colour. */
export function withLightness(hex: string, low: number, high: number): string {
  const [light, a, b] = toLab(parseHex(hex));
  const chroma = Math.hypot(a, b);
  // Greys stay grey; a dark navy becomes a blue, not a grey.
  const boost = chroma < 0.03 ? 1 : Math.max(1, Math.min(2, 0.11 / chroma));
  return toHex(fromLab([Math.max(low, Math.min(high, light)), a * boost, b * boost]));
}

export function mix(from: string, to: string, part: number): string {
  const [a, b] = [toLab(parseHex(from)), toLab(parseHex(to))];
  const at = (i: 0 | 1 | 2) => a[i] + (b[i] - a[i]) * part;
  return toHex(fromLab([at(0), at(1), at(2)]));
}

/** Text colour that can be read on `hex`. */
export const inkOn = (hex: string): string => (lightness(hex) > 0.62 ? '#10131a' : '#ffffff');
