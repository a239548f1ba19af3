/** Longer texts are not looked through: each look reads up to all of it. */
const charactersAtMost = 64 * 1024;

/**
 * Where a text that is no JSON stops being the beginning of one; its length: it only ends too early. undefined: it is
 * JSON, or too long to look. The engine's own message says it of some faults and not of others, so it is asked of
 * shorter and shorter beginnings: once one is spoiled, all longer ones are.
 */
export function faultOfJson(text: string): number | undefined {
  if (text.length > charactersAtMost || canGoOn(text) === 'whole') return undefined;
  // A beginning of `good` characters can go on to be JSON, one of `bad` cannot.
  let [good, bad] = [0, text.length + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (canGoOn(text.slice(0, middle)) === 'spoiled') bad = middle;
    else good = middle;
  }
  return good;
}

function canGoOn(text: string): 'whole' | 'begun' | 'spoiled' {
  try {
    JSON.parse(text);
    return 'whole';
  } catch (error) {
    const { message } = error as SyntaxError;
    const at = /at position (\d+)/.exec(message)?.[1];
    if (/^Unterminated string|^Unexpected end/.test(message)) return 'begun';
    return at !== undefined && Number(at) >= text.length ? 'begun' : 'spoiled';
  }
}
