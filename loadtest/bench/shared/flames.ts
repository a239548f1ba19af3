/**
 * A CPU profile of V8 as a flame graph (Brendan Gregg's): each box is a function, as wide as the time spent in it
 * and in what it called; who called it lies below.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Profile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
    children?: number[];
  }[];
  samples: number[];
  /** µs */
  timeDeltas: number[];
}

interface Flame {
  name: string;
  origin: Origin;
  micros: number;
  children: Map<string, Flame>;
}

const colors = {
  'src and channels': '#2f6fde',
  'socket.io and engine.io': '#e08a3c',
  ioredis: '#c8443f',
  'PostgreSQL client': '#3d9a6d',
  'other packages': '#8e6bbf',
  'Node.js': '#9aa3b2',
  'garbage collection': '#4a5261',
} as const;
type Origin = keyof typeof colors;

/** Functions of the start, which is not what is asked for. */
const starting = /^(startHub|#?getModuleJob\w*|loadContracts) /;

const width = 1200;
const rowHeight = 17;
const top = 64;
/** Of the whole; what is narrower cannot be read. */
const narrowest = 0.002;
const letterWidth = 6.2;

/** The longest of the profiles in a folder. */
export function readProfile(folder: string): Profile | undefined {
  const profiles = readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Profile);
  return profiles.sort((a, b) => b.samples.length - a.samples.length)[0];
}

export function flameGraph(profile: Profile, title: string): string {
  const root = rootOf(profile);
  const scale = width / root.micros;
  const boxes: string[] = [];
  let depth = 0;
  const draw = (flame: Flame, x: number, level: number) => {
    if (flame.micros < narrowest * root.micros) return;
    depth = Math.max(depth, level);
    boxes.push(box(flame, x, level, flame.micros * scale, root.micros));
    let at = x;
    for (const child of [...flame.children.values()].sort((a, b) => b.micros - a.micros)) {
      draw(child, at, level + 1);
      at += child.micros * scale;
    }
  };
  draw(root, 0, 0);
  const height = top + (depth + 1) * rowHeight + 12;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="11">
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="12" y="22" font-size="15" font-weight="600" fill="#1b2230">${escaped(title)}</text>
${legend()}
${boxes.join('\n')}
</svg>
`;
}

function rootOf({ nodes, samples, timeDeltas }: Profile): Flame {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const root: Flame = { name: 'all', origin: 'Node.js', micros: 0, children: new Map() };
  const stackOf = (id: number) => {
    const stack: { name: string; origin: Origin }[] = [];
    for (let of: number | undefined = id; of !== undefined; of = parents.get(of)) {
      const frame = byId.get(of)?.callFrame;
      if (frame && frame.functionName !== '(root)') stack.push(nameOf(frame));
    }
    return stack;
  };
  const started = samples.findLastIndex((id) => stackOf(id).some(({ name }) => starting.test(name)));
  for (const [at, id] of samples.entries()) {
    if (at <= started) continue;
    const micros = timeDeltas[at] ?? 0;
    const stack = stackOf(id);
    // Time in which there was nothing to do.
    if (stack[0]?.name === '(idle)') continue;
    root.micros += micros;
    let flame = root;
    for (const { name, origin } of stack.toReversed()) {
      let child = flame.children.get(name);
      if (!child) {
        child = { name, origin, micros: 0, children: new Map() };
        flame.children.set(name, child);
      }
      child.micros += micros;
      flame = child;
    }
  }
  return root;
}

function nameOf({ functionName, url }: Profile['nodes'][number]['callFrame']): {
  name: string;
  origin: Origin;
} {
  const file = url.split('/').slice(-1)[0] ?? '';
  const name = functionName === '' ? '(anonymous)' : functionName;
  return { name: file ? `${name} ${file}` : name, origin: originOf(functionName, url) };
}

function originOf(name: string, url: string): Origin {
  if (name === '(garbage collector)') return 'garbage collection';
  const [, inPackages] = url.split('/node_modules/');
  if (inPackages) {
    if (/^(socket\.io|engine\.io|@socket\.io)/.test(inPackages)) return 'socket.io and engine.io';
    if (/^(ioredis|@ioredis|redis-)/.test(inPackages)) return 'ioredis';
    if (/^(pg|postgres|@mikro-orm|kysely)/.test(inPackages)) return 'PostgreSQL client';
    return 'other packages';
  }
  return /\/(src|channels)\//.test(url) ? 'src and channels' : 'Node.js';
}

function box(flame: Flame, x: number, level: number, wide: number, whole: number): string {
  const y = top + level * rowHeight;
  const letters = Math.floor((wide - 6) / letterWidth);
  const text = letters < 3 ? '' : flame.name.slice(0, letters);
  const share = ((100 * flame.micros) / whole).toFixed(1);
  return [
    `<g><title>${escaped(flame.name)}: ${share} %</title>`,
    `<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.5, wide - 0.5).toFixed(1)}" height="${rowHeight - 1}" rx="1" fill="${colors[flame.origin]}"/>`,
    text ? `<text x="${(x + 3).toFixed(1)}" y="${y + 12}" fill="#ffffff">${escaped(text)}</text>` : '',
    '</g>',
  ].join('');
}

function legend(): string {
  let x = 12;
  return Object.entries(colors)
    .map(([origin, color]) => {
      const entry = `<rect x="${x}" y="36" width="11" height="11" rx="2" fill="${color}"/><text x="${x + 16}" y="46" fill="#1b2230">${origin}</text>`;
      x += 34 + origin.length * letterWidth;
      return entry;
    })
    .join('\n');
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
