/** A text of a notification's payload; '' where there is none. Whoever made it may know more or fewer fields than we do. */
export const textIn = (payload: Readonly<Record<string, unknown>>, field: string): string =>
  typeof payload[field] === 'string' ? payload[field] : '';
