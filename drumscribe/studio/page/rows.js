// Rows of hits, as the server keeps them, and searching among them.

export const [ID, TIME, DRUM, VELOCITY, CONFIDENCE, NOTE, QUARTER] = [0, 1, 2, 3, 4, 5, 6];

// A row with some of its columns changed.
export function changed(row, changes) {
  const copy = [...row];
  for (const [column, value] of Object.entries(changes)) copy[column] = value;
  return copy;
}

export const inOrder = (a, b) => a[TIME] - b[TIME] || a[ID] - b[ID];

// The index of the first row at or after a time.
export function placeOf(rows, time) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle][TIME] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
