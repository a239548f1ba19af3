/** Every `$ref` of a document, with where it leads. */
export function references(document: unknown): { ref: string; target: unknown }[] {
  const found: { ref: string; target: unknown }[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { $ref } = node as { $ref?: unknown };
    if (typeof $ref === 'string') found.push({ ref: $ref, target: resolve(document, $ref) });
    Object.values(node).forEach(visit);
  };
  visit(document);
  return found;
}

/** What a reference into the same document names; undefined when there is no such place. */
export function resolve(document: unknown, ref: string): unknown {
  if (!ref.startsWith('#/')) return undefined;
  return ref
    .slice(2)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((node, part) => (node as Record<string, unknown> | undefined)?.[part], document);
}
