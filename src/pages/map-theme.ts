/** Colours of the seat map: the page's tokens, and the plan's categories made to stand out from the page. */
import type { PlanCategory } from '../seating/plan.ts';
import { inkOn, lightness, withLightness } from './color.ts';

export interface MapTheme {
  surface: string;
  text: string;
  muted: string;
  line: string;
  sold: string;
  held: string;
  mine: string;
  mineInk: string;
  accent: string;
  font: string;
  categories: { color: string; ink: string }[];
}

export function readTheme(categories: readonly PlanCategory[]): MapTheme {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const surface = token('map');
  return {
    surface,
    text: token('text'),
    muted: token('text-muted'),
    line: token('line-strong'),
    sold: token('seat-sold'),
    held: token('held'),
    mine: token('seat-mine'),
    mineInk: token('seat-mine-ink'),
    accent: token('accent'),
    font: token('font'),
    categories: categoryColors(categories, lightness(surface) < 0.5),
  };
}

export function categoryColors(categories: readonly PlanCategory[], dark: boolean): MapTheme['categories'] {
  return categories.map((category) => {
    const color = dark ? withLightness(category.color, 0.62, 0.8) : withLightness(category.color, 0.45, 0.64);
    return { color, ink: inkOn(color) };
  });
}

/** Calls back when the system switches between dark and light. */
export function onThemeChange(then: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', then);
}
