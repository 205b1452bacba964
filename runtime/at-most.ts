/** Does something for each, so many at a time. The results are in the order of what they are for. */
export async function atMost<T, R>(most: number, all: readonly T[], act: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = all.entries();
  const work = async () => {
    for (const [index, one] of rest) results[index] = await act(one);
  };
  await Promise.all(Array.from({ length: Math.min(most, all.length) }, work));
  return results;
}
