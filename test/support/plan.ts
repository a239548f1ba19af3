/** A plan in the import format: one zone, rows of 20 seats, one category. */
export function testPlan(seats: number): Record<string, unknown> {
  const rowCount = Math.ceil(seats / 20);
  // A plan may be 100,000 high.
  const distance = Math.min(25, Math.floor(99_000 / rowCount));
  const rows = Array.from({ length: rowCount }, (_, row) => ({
    row_number: String(row + 1),
    position: { x: 0, y: row * distance },
    seats: Array.from({ length: Math.min(20, seats - row * 20) }, (_, seat) => ({
      seat_guid: `s-${row}-${seat}`,
      seat_number: String(seat + 1),
      position: { x: seat * 25, y: 0 },
      category: 'Stalls',
    })),
  }));
  return {
    name: 'Test hall',
    size: { width: 600, height: rows.length * distance + 50 },
    categories: [{ name: 'Stalls', color: '#4c8bf5' }],
    zones: [{ name: 'Main', position: { x: 20, y: 20 }, rows, areas: [] }],
  };
}
