// Waiting for a thing to become true. Nothing here sleeps for its own sake, and no test asserts how long it took.

/** Milliseconds after which a thing that has not happened is taken to be broken, on a slow machine too. */
export const PATIENCE = 30_000;

/** Resolves after the given milliseconds; for watching that something does *not* happen. */
export function pass(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Asks until the answer is truthy and resolves to it; the reason is what the failure says. */
export async function until(reason, ask, patience = PATIENCE) {
  const end = performance.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`waited in vain: ${reason}`);
    await pass(100);
  }
}
