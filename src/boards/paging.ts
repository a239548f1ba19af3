/** Which page of a board is shown: a matter of the clock alone, so that all screens agree without a word. */

export const pagesOf = (events: number, perPage: number): number => Math.max(1, Math.ceil(events / perPage));

/** From 0. @param now the hub's clock, ms since 1970 */
export const pageAt = (now: number, pageMs: number, pages: number): number =>
  Math.floor(now / pageMs) % pages;
