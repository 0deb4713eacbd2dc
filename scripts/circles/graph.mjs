// Circles in a graph of arrows: its strongly connected components, by Tarjan's algorithm.

/** Returns the circles of more than one node, the largest first, each in alphabetical order. */
export function circles(arrows) {
  const index = new Map();
  const low = new Map();
  const stack = [];
  const found = [];

  const visit = (node) => {
    index.set(node, index.size);
    low.set(node, index.get(node));
    stack.push(node);
    for (const next of arrows.get(node)?.keys() ?? []) {
      if (!index.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node), low.get(next)));
      } else if (stack.includes(next)) {
        low.set(node, Math.min(low.get(node), index.get(next)));
      }
    }
    if (low.get(node) === index.get(node)) {
      const members = stack.splice(stack.indexOf(node));
      if (members.length > 1) found.push(members.sort());
    }
  };

  for (const node of arrows.keys()) if (!index.has(node)) visit(node);
  return found.sort((one, other) => other.length - one.length);
}
