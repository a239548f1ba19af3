import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inkOn, lightness, mix, parseHex, toHex, withLightness } from '../../src/pages/color.ts';

const hex = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);

describe('colours of plans', () => {
  test('short, long and broken notations', () => {
    expect(toHex(parseHex('#fa0'))).toBe('#ffaa00');
    expect(toHex(parseHex('#1D3557'))).toBe('#1d3557');
    expect(toHex(parseHex('#1D355780'))).toBe('#1d3557');
    expect(toHex(parseHex('tomato'))).toBe('#808080');
  });

  test('every category stands out from a dark page, and from a light one', () => {
    fc.assert(
      fc.property(hex, (color) => {
        // What the screen cannot show is clipped, so the bounds are met nearly.
        expect(lightness(withLightness(color, 0.62, 0.8))).toBeGreaterThan(0.55);
        expect(lightness(withLightness(color, 0.45, 0.64))).toBeLessThan(0.75);
      }),
    );
  });

  test('a dark navy becomes a blue, not a grey', () => {
    const { red, green, blue } = parseHex(withLightness('#1D3557', 0.62, 0.8));
    expect(blue).toBeGreaterThan(green);
    expect(green).toBeGreaterThan(red);
    expect(blue - red).toBeGreaterThan(0.25);
  });

  test('mixing ends where it says, and text is dark on light', () => {
    expect(mix('#102030', '#ffeedd', 0)).toBe('#102030');
    expect(mix('#102030', '#ffeedd', 1)).toBe('#ffeedd');
    expect(inkOn('#ffffff')).not.toBe(inkOn('#000000'));
  });
});
