/** Reads CSV as RFC 4180 has it: fields in quotes or plain, records ended by CR LF. Throws for anything else. */
export function readCsv(text: string): string[][] {
  const records: string[][] = [];
  let at = 0;
  while (at < text.length) {
    const record: string[] = [];
    for (;;) {
      const quoted = /"((?:[^"]|"")*)"/y;
      const plain = /[^",\r\n]*/y;
      quoted.lastIndex = plain.lastIndex = at;
      const found = text[at] === '"' ? quoted.exec(text) : plain.exec(text);
      if (!found) throw new Error(`not CSV at ${at}`);
      record.push(text[at] === '"' ? (found[1] ?? '').replaceAll('""', '"') : found[0]);
      at += found[0].length;
      if (text[at] === ',') at++;
      else break;
    }
    if (text.slice(at, at + 2) !== '\r\n') throw new Error(`a record does not end at ${at}`);
    at += 2;
    records.push(record);
  }
  return records;
}
